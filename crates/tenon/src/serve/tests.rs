//! Every route and every endpoint, asked well and asked badly.

use crate::serve::app;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use base::clock::SystemClock;
use base::identity::{Identity, NewPerson, Role, Scopes};
use base::policy::{Access, ROUTES, Site};
use serde_json::{Value, json};
use service::app::{App, Parts};
use service::jobs::Jobs;
use service::processes::Library;
use service::processes::import::ImportRequest;
use service::processes::uploads::Uploads;
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt;
use utoipa::OpenApi;

mod delivery;
mod embed;
mod gate;
mod identity;
mod improvements;
mod mapping;
mod mcp;
mod push;
mod race;
mod scim;
mod writing;

const PORT: u16 = 7070;

/// An installation with one process of hostile names, on the routes as they are served, asked by its owner.
struct House {
    state: App,
    routes: Router,
    folder: PathBuf,
    /// The owner's token.
    token: String,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    fn is_json(&self) -> bool {
        let kind = self
            .headers
            .get("content-type")
            .map(|v| v.to_str().unwrap());
        kind.is_some_and(|k| k.contains("json"))
    }
}

const LOG: &str = "case,activity,time,who\n\
    <b>1</b>,<script>alert(1)</script>,2026-01-05T10:00:00Z,\"Ann \"\"A\"\"\"\n\
    <b>1</b>,sell,2026-01-06T10:00:00Z,Bob\n\
    2,<script>alert(1)</script>,2026-01-07T10:00:00Z,Ann\n\
    2,check,2026-01-08T10:00:00Z,Bob\n\
    2,sell,2026-01-09T10:00:00Z,Bob\n\
    3,<script>alert(1)</script>,2026-01-10T10:00:00Z,Ann\n\
    4,check,someday,Ann\n";

impl House {
    async fn open() -> House {
        House::on(None).await
    }

    /// On SQLite, or on the PostgreSQL at an address.
    async fn on(database: Option<&str>) -> House {
        let clock = Arc::new(SystemClock);
        let id = base::clock::Clock::id(&*clock).simple().to_string();
        let folder = std::env::temp_dir().join(format!("tenon-api-{id}"));
        let library = Library::open(&folder, database, clock).await.unwrap();
        let file = folder.join("hostile.csv");
        std::fs::write(&file, LOG).unwrap();
        let request = ImportRequest {
            path: file,
            file_name: "hostile.csv".into(),
            process: None,
            options: Default::default(),
            actor: "owner".into(),
        };
        library.import(request, Arc::default()).await.unwrap();
        let uploads = Arc::new(Uploads::open(folder.join("uploads")).unwrap());
        let identity = Identity::new(library.db().clone(), library.clock_handle());
        let owner = NewPerson {
            name: "Olive Owner".into(),
            email: "olive@halden.example".into(),
            role: Role::Owner,
            password: None,
        };
        let owner = identity.add(owner, "test").await.unwrap();
        let made = identity.make_token(&owner.id, "tests", Scopes::all(), None, "test");
        let token = made.await.unwrap().1;
        let work = service::work::Work::start(library.clone(), identity.clone());
        let site = Arc::new(Site::local(PORT));
        let config = service::delivery::Config::default();
        let seal = service::connect::seal::Seal::of(&"a1".repeat(32)).unwrap();
        let outbound = base::outbound::Outbound::new(base::outbound::Allowed::parse(""));
        let connect = service::connect::Connect::new(work.clone(), site.clone(), outbound, seal);
        let app_state = App::new(Parts {
            desk: service::desk::Desk::new(connect),
            delivery: service::delivery::Delivery::new(work.clone(), site.clone(), &config)
                .unwrap(),
            work,
            identity,
            site,
            improvements: service::improvements::Improvements::new(library.clone()),
            library,
            jobs: Jobs::default(),
            uploads,
        });
        House {
            routes: app(app_state.clone()),
            state: app_state,
            folder,
            token,
        }
    }

    /// Sends as the owner, unless the request says who asks.
    async fn send(&self, mut request: Request<Body>) -> Answer {
        let headers = request.headers_mut();
        if !headers.contains_key("authorization") && !headers.contains_key("cookie") {
            let bearer = format!("Bearer {}", self.token).parse().unwrap();
            headers.insert("authorization", bearer);
        }
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let kind = head.headers.get("content-type");
        let is_endless = kind.is_some_and(|k| k.as_bytes().starts_with(b"text/event-stream"));
        let body = match is_endless {
            true => Default::default(),
            false => to_bytes(body, usize::MAX).await.unwrap(),
        };
        Answer {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("localhost:{PORT}"))
            .header("content-type", "application/json");
        let body = body.map_or(Body::empty(), |b| Body::from(b.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    /// Sets whether figures of single people may be looked at.
    async fn show_people(&self, value: &str) -> Answer {
        let path = "/api/v1/settings/individual-figures";
        self.ask("PUT", path, Some(json!({ "value": value }))).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    /// Sends a form with a file, as a page or a program does.
    async fn upload(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        file: Option<(&str, &str)>,
    ) -> Answer {
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!(
                "--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        if let Some((name, text)) = file {
            body += &format!(
                "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n"
            );
        }
        body += "--b--\r\n";
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("host", format!("localhost:{PORT}"))
            .header("content-type", "multipart/form-data; boundary=b");
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A path of the table with something in place of each parameter.
fn filled(path: &str) -> String {
    path.replace("{process}", "hostile")
        .replace("{case}", "2")
        .replace("{improvement}", "none")
        .replace("{what}", "steps.csv")
        .replace("{*file}", "main.js")
        .replace("{upload}", &"0".repeat(32))
        .replace("{job}", "none")
        .replace("{import}", "none")
        .replace("{session}", "none")
        .replace("{token}", "none")
        .replace("{passkey}", "none")
        .replace("{action}", "none")
        .replace("{reply}", "none")
        .replace("{connection}", "none")
        .replace("{contact}", "none")
        .replace("{thread}", "none")
        .replace("{share}", "none")
        .replace("{publication}", "none")
        .replace("{device}", "none")
        .replace("{person}", "none")
        .replace("{team}", "none")
        .replace("{id}", "none")
        .replace("{hook}", "none")
        .replace("{incoming}", "none")
        .replace("{secret}", "none")
        .replace("{code}", "none")
        .replace("{seq}", "1")
}

#[tokio::test]
async fn every_route_of_the_router_is_in_the_table_and_the_other_way_round() {
    let mut found: Vec<String> = Vec::new();
    let sources = [
        (include_str!("../../../pages/src/lib.rs"), ""),
        (
            include_str!("../../../api/src/lib.rs"),
            "/api/v1/processes/{process}",
        ),
        (include_str!("../scim/mod.rs"), ""),
        (include_str!("../mcp/mod.rs"), ""),
    ];
    for (source, nest) in sources {
        for part in source.split(".route(").skip(1) {
            let path = part.split('"').nth(1).unwrap();
            let nested = path.starts_with('/') && !path.starts_with("/api/") && !nest.is_empty();
            found.push(match nested {
                true => format!("{nest}{}", path.trim_end_matches('/')),
                false => path.to_string(),
            });
        }
    }
    let mut table: Vec<String> = ROUTES.iter().map(|(_, p, ..)| p.to_string()).collect();
    found.sort();
    table.sort();
    table.dedup();
    assert_eq!(found, table);
}

#[tokio::test]
async fn the_gate_does_what_the_table_says_for_every_route_and_method() {
    let house = House::open().await;
    let paths: std::collections::BTreeSet<&str> = ROUTES.iter().map(|(_, p, ..)| *p).collect();
    for path in paths {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let row = ROUTES.iter().find(|(m, p, ..)| *m == method && *p == path);
            let answer = house.ask(method, &filled(path), None).await;
            let own = answer.status;
            // The gate lets through; that a token keeps no passkeys is said behind it.
            let is_let_in =
                own != StatusCode::FORBIDDEN || answer.body.contains("A token keeps no passkeys.");
            let headers = [
                ("origin", "http://elsewhere.example"),
                ("sec-fetch-site", "cross-site"),
                ("origin", "null"),
            ];
            let mut foreign = Vec::new();
            for (header, value) in headers {
                let request = Request::builder()
                    .method(method)
                    .uri(filled(path))
                    .header("host", format!("localhost:{PORT}"))
                    .header(header, value);
                let request = request.body(Body::empty()).unwrap();
                foreign.push(house.send(request).await.status);
            }
            match row {
                None => {
                    assert!(
                        own == StatusCode::FORBIDDEN || own == StatusCode::METHOD_NOT_ALLOWED,
                        "{method} {path}: {own}"
                    );
                }
                Some((_, _, Access::Read, _)) => {
                    assert_ne!(own, StatusCode::FORBIDDEN, "{method} {path}");
                    assert_ne!(own, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                }
                Some((_, _, Access::Change | Access::Call, _)) => {
                    assert!(is_let_in, "{method} {path}");
                    assert_ne!(own, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                    assert!(
                        foreign.iter().all(|s| *s == StatusCode::FORBIDDEN),
                        "{method} {path}: {foreign:?}"
                    );
                }
            }
        }
        for host in [
            "evil.example:7070",
            "localhost",
            "localhost:80",
            "127.0.0.1.nip.io:7070",
            "",
        ] {
            let request = Request::get(filled(path)).header("host", host);
            let answer = house.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(
                answer.status,
                StatusCode::MISDIRECTED_REQUEST,
                "{host} {path}"
            );
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_a_page_to_itself() {
    let house = House::open().await;
    for path in [
        "/",
        "/p/hostile",
        "/api/v1/processes",
        "/nowhere",
        "/assets/main.js",
        "/p/none",
    ] {
        let answer = house.get(path).await;
        let has = |name: &str| {
            answer
                .headers
                .get(name)
                .map(|v| v.to_str().unwrap().to_string())
                .unwrap_or_default()
        };
        let policy = has("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("script-src 'self' 'unsafe"), "{path}");
        assert_eq!(has("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(has("referrer-policy"), "same-origin", "{path}");
    }
}

#[tokio::test]
async fn an_address_or_a_form_that_cannot_be_read_is_answered_by_a_page() {
    let house = House::open().await;
    let address = house.get("/desk?at=x").await;
    let request = Request::post("/connections/new?kind=mail")
        .header("host", format!("localhost:{PORT}"))
        .header("content-type", "text/plain");
    let form = house.send(request.body(Body::from("x")).unwrap()).await;
    for (answer, status) in [(address, 400), (form, 415)] {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        let is_page = answer.body.contains("<h1>") && answer.body.contains("again");
        assert!(is_page, "{}", answer.body);
    }
}

#[tokio::test]
async fn names_from_files_are_text_on_every_page_and_drawing() {
    let house = House::open().await;
    let pages = [
        "",
        "/map",
        "/map.svg",
        "/steps",
        "/variants",
        "/cases",
        "/fit",
        "/case/%3Cb%3E1%3C%2Fb%3E",
    ];
    for page in pages {
        let answer = house.get(&format!("/p/hostile{page}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        assert!(!answer.body.contains("<script>alert"), "{page}");
        assert!(!answer.body.contains("<b>1</b>"), "{page}");
    }
    let asked = house.get("/p/hostile/cases?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&team=%3Cscript%3Ealert(1)").await;
    assert!(!asked.body.contains("<script>alert"));
}

#[tokio::test]
async fn a_page_leaves_alone_what_is_no_condition_but_names_the_teams_when_there_is_no_such() {
    let house = House::open().await;
    let teams = "case,activity,time,team\n1,a,2026-01-05,North\n1,b,2026-01-06,North\n2,a,2026-01-05,South\n";
    let sent = house
        .upload("/api/v1/imports", &[], Some(("teams.csv", teams)))
        .await;
    over(&house, sent).await;
    let page = house.get("/p/teams/map?utm_source=mail&team=North").await;
    assert_eq!(page.status, StatusCode::OK);
    let page = house.get("/p/teams/map?team=Nix").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("Choose one of: North, South."));
}

#[tokio::test]
async fn the_map_is_exported_with_the_detail_that_is_asked_for() {
    let house = House::open().await;
    let mut log = String::from("case,activity,time\n");
    for a in 0..12 {
        for b in 0..12 {
            log += &format!("{a}-{b},s{a},2026-01-05\n{a}-{b},e{b},2026-01-06\n");
        }
    }
    let sent = house
        .upload("/api/v1/imports", &[], Some(("many.csv", &log)))
        .await;
    over(&house, sent).await;
    let moves = async |query: &str| {
        let path = format!("/api/v1/processes/many/export/map.svg{query}");
        house
            .get(&path)
            .await
            .body
            .matches("class=\"move\"")
            .count()
    };
    assert_eq!(moves("?detail=100").await, 144);
    let usual = moves("").await;
    assert!(moves("?detail=0").await <= usual && usual < 144);
}

#[tokio::test]
async fn every_variant_is_exported() {
    let house = House::open().await;
    let mut log = String::from("case,activity,time\n");
    for case in 0..256 {
        for bit in 0..8 {
            let activity = ["no", "yes"][(case >> bit) & 1];
            log += &format!("{case},{activity},2026-01-0{}\n", bit + 1);
        }
    }
    let sent = house
        .upload("/api/v1/imports", &[], Some(("ways.csv", &log)))
        .await;
    over(&house, sent).await;
    let csv = house
        .get("/api/v1/processes/ways/export/variants.csv")
        .await;
    assert_eq!(csv.body.lines().count(), 257);
}

#[tokio::test]
async fn nothing_but_assets_is_served_from_disk() {
    let house = House::open().await;
    for path in [
        "/assets/../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/tenon.db",
    ] {
        assert_eq!(
            house.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

/// Whether a value is as a schema of the document says; keys that the schema does not know are an error.
fn agrees(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let target = document
            .pointer(&name[1..])
            .unwrap_or_else(|| panic!("{name} is described nowhere"));
        return agrees(document, target, value, at);
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[word].as_array() {
            let fits = choices
                .iter()
                .any(|c| std::panic::catch_unwind(|| agrees(document, c, value, at)).is_ok());
            assert!(fits, "{at}: {value} is none of {schema}");
            return;
        }
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let fits = kinds.is_empty()
        || kinds.iter().any(|kind| match *kind {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{other}"),
        });
    assert!(fits, "{at}: {value} is not {kinds:?}");
    if let (Some(items), Value::Array(values)) = (schema.get("items"), value) {
        values
            .iter()
            .enumerate()
            .for_each(|(i, v)| agrees(document, items, v, &format!("{at}/{i}")));
    }
    if let (Some(Value::Object(known)), Value::Object(has)) = (schema.get("properties"), value) {
        for (key, inner) in has {
            let described = known
                .get(key)
                .unwrap_or_else(|| panic!("{at}: {key} is not described"));
            agrees(document, described, inner, &format!("{at}/{key}"));
        }
        for key in schema["required"].as_array().into_iter().flatten() {
            assert!(
                has.contains_key(key.as_str().unwrap()),
                "{at}: {key} is missing"
            );
        }
    }
}

#[tokio::test]
async fn the_document_describes_every_endpoint_and_what_it_answers() {
    let house = House::open().await;
    let document = house.get("/api/v1/openapi.json").await.json();
    assert_eq!(
        document,
        serde_json::to_value(api::Document::openapi()).unwrap()
    );
    let mut described: Vec<(String, String)> = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut table: Vec<(String, String)> = ROUTES
        .iter()
        .filter(|(_, p, ..)| p.starts_with("/api/") && !p.ends_with("openapi.json"))
        .map(|(m, p, ..)| (m.to_string(), p.to_string()))
        .collect();
    described.sort();
    table.sort();
    assert_eq!(described, table);
    let confirmed = house
        .ask("POST", "/api/v1/processes/hostile/model", None)
        .await;
    assert_eq!(confirmed.status, StatusCode::NO_CONTENT);
    for (method, path) in table.iter().filter(|(m, _)| m == "GET") {
        let query = if path.ends_with("compare") {
            "?to=2026-01-07&vs_from=2026-01-08"
        } else {
            ""
        };
        let answer = house.get(&(filled(path) + query)).await;
        if !answer.is_json() {
            continue;
        }
        let operation = &document["paths"][path][method.to_lowercase()];
        let (kind, status) = match answer.status {
            StatusCode::OK => ("application/json", "200"),
            _ => ("application/problem+json", "4XX"),
        };
        let schema = &operation["responses"][status]["content"][kind]["schema"];
        assert!(
            schema.is_object(),
            "{path} answers {} without description",
            answer.status
        );
        agrees(&document, schema, &answer.json(), path);
    }
}

#[tokio::test]
async fn bad_input_is_told_with_what_to_do_and_changes_nothing() {
    let house = House::open().await;
    let process = "/api/v1/processes/hostile";
    let before = house.get(process).await.body;
    let bad = [
        ("GET", "/api/v1/processes/none", None, 404),
        ("GET", "/api/v1/processes/none/figures", None, 404),
        (
            "GET",
            "/api/v1/processes/hostile/figures?from=yesterday",
            None,
            400,
        ),
        (
            "GET",
            "/api/v1/processes/hostile/figures?state=maybe",
            None,
            400,
        ),
        (
            "GET",
            "/api/v1/processes/hostile/figures?working=Atlantis",
            None,
            400,
        ),
        (
            "GET",
            "/api/v1/processes/hostile/figures?attr.nothing=1",
            None,
            400,
        ),
        (
            "GET",
            "/api/v1/processes/hostile/cases?offset=-1",
            None,
            400,
        ),
        ("GET", "/api/v1/processes/hostile/compare", None, 400),
        (
            "GET",
            "/api/v1/processes/hostile/figures?foo=bar",
            None,
            400,
        ),
        (
            "GET",
            "/api/v1/processes/hostile/figures?team=Nix",
            None,
            400,
        ),
        (
            "GET",
            "/api/v1/processes/hostile/export/map.svg?detail=most",
            None,
            400,
        ),
        ("GET", "/api/v1/processes/hostile/export/map.gif", None, 404),
        ("GET", "/api/v1/imports/none/skipped.csv", None, 404),
        ("GET", "/api/v1/jobs/none", None, 404),
        ("GET", "/api/v1/nothing", None, 404),
        (
            "PUT",
            "/api/v1/processes/hostile/steps",
            Some(json!({ "steps": "none" })),
            400,
        ),
        ("PUT", "/api/v1/processes/hostile/steps", None, 400),
        (
            "PUT",
            "/api/v1/processes/hostile/steps",
            Some(
                json!({ "steps": [{ "name": "A", "activities": [] }, { "name": "A", "activities": [] }], "won": [], "lost": [], "rule": "owner" }),
            ),
            400,
        ),
        ("POST", "/api/v1/processes/hostile/steps/undo", None, 409),
    ];
    for (method, path, body, status) in bad {
        let answer = house.ask(method, path, body).await;
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{method} {path}: {}",
            answer.body
        );
        let told = answer.json();
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{path}"
        );
        for key in ["title", "detail", "code"] {
            assert!(
                told[key].as_str().is_some_and(|t| t.len() > 3),
                "{path}: {told}"
            );
        }
    }
    for (fields, file) in [
        (vec![], None),
        (vec![], Some(("a.csv", ""))),
        (vec![("csv_date_format", "backwards")], Some(("a.csv", LOG))),
        (vec![("csv_delimiter", "two")], Some(("a.csv", LOG))),
        (vec![("csv_rows", "columns")], Some(("a.csv", LOG))),
    ] {
        let answer = house.upload("/api/v1/imports", &fields, file).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{fields:?} {}",
            answer.body
        );
    }
    assert_eq!(house.get(process).await.body, before);
}

/// Waits for an import and gives its last status.
async fn over(house: &House, started: Answer) -> Value {
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.body);
    let id = started.json()["id"].as_str().unwrap().to_string();
    for _ in 0..500 {
        let status = house.get(&format!("/api/v1/jobs/{id}")).await.json();
        if status["state"] == "done" || status["state"] == "failed" {
            return status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the import does not end");
}

#[tokio::test]
async fn an_import_is_watched_to_its_end_and_its_skipped_rows_are_fetched() {
    let house = House::open().await;
    let done = over(
        &house,
        house
            .upload(
                "/api/v1/imports",
                &[("process", "Second")],
                Some(("deals.csv", LOG)),
            )
            .await,
    )
    .await;
    let outcome = &done["outcome"];
    assert_eq!(outcome["cases_added"], 3, "{done}");
    assert_eq!(outcome["skipped"], 1, "{done}");
    let rows = house
        .get(&format!(
            "/api/v1/imports/{}/skipped.csv",
            outcome["import"].as_str().unwrap()
        ))
        .await;
    assert!(rows.body.contains("someday"), "{}", rows.body);
    let slug = outcome["slug"].as_str().unwrap();
    let figures = house
        .get(&format!("/api/v1/processes/{slug}/figures"))
        .await
        .json();
    assert_eq!(figures["counts"]["cases"], 3);
    let again = over(
        &house,
        house
            .upload(
                "/api/v1/imports",
                &[("process", "Second")],
                Some(("deals.csv", LOG)),
            )
            .await,
    )
    .await;
    assert!(again["outcome"]["already"].is_i64(), "{again}");
    let broken = over(
        &house,
        house
            .upload("/api/v1/imports", &[], Some(("x.xes", "<log><trace>")))
            .await,
    )
    .await;
    assert_eq!(broken["state"], "failed");
    assert_eq!(broken["problem"]["code"], "truncated", "{broken}");
}

#[tokio::test]
async fn steps_are_set_and_undone_and_the_record_says_so() {
    let house = House::open().await;
    let path = "/api/v1/processes/hostile/steps";
    let before = house.get(path).await.json();
    let mut steps = before.clone();
    steps["steps"] = json!([{ "name": "All of it", "activities": ["check", "sell"] }]);
    assert_eq!(
        house.ask("PUT", path, Some(steps.clone())).await.status,
        StatusCode::OK
    );
    assert_eq!(house.get(path).await.json()["steps"], steps["steps"]);
    let undone = house.ask("POST", &format!("{path}/undo"), None).await;
    assert_eq!(undone.json()["steps"], before["steps"]);
    let events = house.get("/api/v1/processes/hostile/events").await.json();
    let kinds: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "process.imported",
            "process.steps_edited",
            "process.steps_edited"
        ]
    );
    let later = house
        .get(&format!(
            "/api/v1/processes/hostile/events?after={}",
            events[1]["seq"]
        ))
        .await
        .json();
    assert_eq!(later.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_question_narrows_the_figures() {
    let house = House::open().await;
    let cases = async |query: &str| {
        let answer = house
            .get(&format!("/api/v1/processes/hostile/figures?{query}"))
            .await;
        answer.json()["counts"]["cases"].clone()
    };
    assert_eq!(cases("").await, 3);
    assert_eq!(cases("from=2026-01-07&to=2026-01-07").await, 1);
    assert_eq!(cases("activity=check").await, 1);
    assert_eq!(cases("edge_from=check&edge_to=sell").await, 1);
    let refused = house
        .get("/api/v1/processes/hostile/figures?person=Bob")
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    house.show_people("on").await;
    assert_eq!(cases("person=Bob").await, 2);
    // Saturday and Sunday are no working time.
    let median = async |query: &str| {
        let figures = house
            .get(&format!("/api/v1/processes/hostile/figures?{query}"))
            .await
            .json();
        figures["case_duration"]["median_seconds"].as_f64().unwrap()
    };
    assert!(median("working=UTC").await < median("").await);
}

#[tokio::test]
async fn what_is_kept_as_json_is_sent_as_json_and_files_of_ours_are_not_named() {
    let house = House::open().await;
    let process = house.get("/api/v1/processes/hostile").await.json();
    assert_eq!(process.get("columns_file"), None, "{process}");
    let import = house.get("/api/v1/processes/hostile/imports").await.json()[0].clone();
    assert!(import["notes"].is_array(), "{import}");
    assert_eq!(import["skipped_rows"][0]["line"], 8, "{import}");
    let event = house.get("/api/v1/processes/hostile/events").await.json()[0].clone();
    assert_eq!(event["payload"]["file"], "hostile.csv", "{event}");
}

#[tokio::test]
async fn every_refusal_of_the_api_is_a_problem() {
    let house = House::open().await;
    let from_elsewhere = Request::builder()
        .method("POST")
        .uri("/api/v1/processes/hostile/steps/undo")
        .header("host", format!("localhost:{PORT}"))
        .header("origin", "http://elsewhere.example")
        .body(Body::empty())
        .unwrap();
    let answers = [
        (400, house.ask("POST", "/api/v1/imports", None).await),
        (
            400,
            house
                .get("/api/v1/processes/hostile/events?after=soon")
                .await,
        ),
        (403, house.send(from_elsewhere).await),
        (405, house.ask("DELETE", "/api/v1/processes", None).await),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let told = answer.json();
        for key in ["type", "title", "detail", "code"] {
            assert!(told[key].as_str().is_some_and(|t| t.len() > 3), "{told}");
        }
    }
}

#[tokio::test]
async fn a_filter_that_names_what_is_not_there_says_what_is() {
    let house = House::open().await;
    for (query, there) in [
        ("step=Nowhere", "sell"),
        ("activity=nothing", "check"),
        ("attr.nothing=1", "org:resource"),
    ] {
        let path = format!("/api/v1/processes/hostile/figures?{query}");
        let told = house.get(&path).await.json();
        let detail = told["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("Choose one of") && detail.contains(there),
            "{told}"
        );
    }
    let page = house.get("/p/hostile/map?panel=Nowhere").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("Choose one of"), "{}", page.body);
}

#[test]
fn attributes_and_working_hours_are_described() {
    let text = serde_json::to_string(&api::Document::openapi()).unwrap();
    assert!(text.contains("attr.NAME") && text.contains("24 working hours"));
}
