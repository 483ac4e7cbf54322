//! How a source is read, asked and said by page and by program, with hostile names.

use super::writing::{connect, press};
use super::*;
use store::pushed::{self, CASE, EVENT, PushedRow};

const FIELD: &str = "<img src=x onerror=alert(1)>";
const WHO: &str = "\"><script>alert(2)</script>";

/// A source that told of two cases, which are taken in.
async fn told(house: &House) {
    connect(house, "con_1", "csv").await;
    let library = &house.state.library;
    let process = library.process("hostile").await.unwrap();
    let mut tx = library.db().begin().await.unwrap();
    for (place, case) in ["8", "9"].into_iter().enumerate() {
        let row = |kind: &str, id: &str, body: Value| PushedRow {
            process: process.id.clone(),
            kind: kind.into(),
            case_ref: case.into(),
            id: id.into(),
            at: 5,
            place: place as i64,
            by_person: "con_1".into(),
            body: body.to_string(),
        };
        let event = json!({ "id": case, "activity": "sell", "time": "2026-01-20T10:00:00Z", "resource": WHO });
        let case = json!({ FIELD: "a & b", "source": "fair" });
        pushed::keep_event(&mut tx, &row(EVENT, "1", event))
            .await
            .unwrap();
        pushed::keep_case(&mut tx, &row(CASE, "", case))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    library.fold_all().await.unwrap();
}

async fn send(house: &House, form: &[(&str, &str)]) -> Answer {
    let body = form.iter().fold(String::new(), |body, (k, v)| {
        format!(
            "{body}&{}={}",
            base::format::urlencode(k),
            base::format::urlencode(v)
        )
    });
    let request = Request::builder()
        .method("POST")
        .uri("/connections/con_1/mapping")
        .header("host", format!("localhost:{PORT}"))
        .header("content-type", "application/x-www-form-urlencoded");
    house.send(request.body(Body::from(body)).unwrap()).await
}

const API: &str = "/api/v1/connections/con_1/mapping";

#[tokio::test]
async fn the_page_shows_tries_and_saves_and_no_name_is_markup() {
    let house = House::open().await;
    told(&house).await;
    let page = house.get("/connections/con_1/mapping").await;
    assert!(page.status.is_success(), "{}", page.body);
    for said in [
        "&#60;img src=x onerror=alert(1)&#62;",
        "a &#38; b",
        "nobody here",
        "2 cases",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("<img") && !page.body.contains("<script>alert"));
    let olive = house.get("/api/v1/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_string();
    let mut form = vec![
        ("version", "0"),
        ("f.0", FIELD),
        ("k.0", "1"),
        ("n.0", "picture"),
        ("f.1", "source"),
        ("n.1", "source"),
        ("t.0", WHO),
        ("p.0", &olive),
        ("act", "preview"),
    ];
    let page = send(&house, &form).await;
    let told = "1 field left out, 1 renamed, 1 person assigned otherwise: 2 cases are read anew.";
    assert!(page.body.contains(told), "{}", page.body);
    assert!(page.body.contains("picture") && page.body.contains("Olive Owner"));
    assert_eq!(house.get(API).await.json()["version"], 0);
    form.retain(|(k, _)| *k != "act");
    form.push(("act", "save"));
    let saved = send(&house, &form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    assert_eq!(
        saved.headers["location"],
        "/connections/con_1/mapping?saved=1"
    );
    let page = house.get("/connections/con_1/mapping?saved=1").await.body;
    assert!(
        page.contains("Saved as version 1") && page.contains("none is kept"),
        "{page}"
    );
    let case = house.get("/p/hostile/case/8").await.body;
    assert!(
        case.contains("picture") && case.contains("Olive Owner"),
        "{case}"
    );
    assert!(!case.contains("fair"));
    let again = send(&house, &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "another version by now");
    let wrong = send(
        &house,
        &[("f.0", FIELD), ("k.0", "1"), ("n.0", " "), ("act", "save")],
    )
    .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("aria-invalid") && wrong.body.contains("Nothing was saved"));
    // What is not in the form stays as it is.
    send(&house, &[("version", "1"), ("act", "save")]).await;
    let now = house.get(API).await.json();
    assert_eq!(
        (&now["version"], &now["people"][0]["person"]),
        (&json!(1), &json!(olive))
    );
    assert_eq!(
        send(&house, &[("act", "guess")]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_program_reads_and_says_it_and_hears_where_something_is_wrong() {
    let house = House::open().await;
    told(&house).await;
    let now = house.get(API).await.json();
    assert_eq!(
        (&now["version"], &now["cases"], &now["live"]),
        (&json!(0), &json!(2), &json!(false))
    );
    let field = json!({ "field": "source", "keep": true, "name": "source", "is": null, "new": false, "cases": 2, "samples": ["fair"] });
    assert_eq!(now["fields"][1], field);
    assert_eq!(
        now["people"],
        json!([{ "told": WHO, "person": null, "matched": null, "cases": 2 }])
    );
    for (body, field) in [
        (
            json!({ "fields": [{ "field": "source", "name": "" }] }),
            "fields[0].name",
        ),
        (
            json!({ "fields": [{ "field": "source", "name": "x" }, { "field": FIELD, "name": "X" }] }),
            "fields[1].name",
        ),
        (
            json!({ "fields": [], "people": [{ "told": WHO, "person": "nobody" }] }),
            "people[0].person",
        ),
    ] {
        let wrong = house.ask("PUT", API, Some(body)).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.json()["place"]["field"], field, "{}", wrong.body);
    }
    for body in [
        json!({ "field": 1 }),
        json!([]),
        json!({}),
        json!({ "fields": [{ "keep": false }] }),
    ] {
        let wrong = house.ask("PUT", API, Some(body)).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.body);
    }
    let wanted = json!({ "fields": [{ "field": "source", "is": "team" }], "version": 0 });
    let tried = house
        .ask("PUT", &format!("{API}?preview=true"), Some(wanted.clone()))
        .await;
    assert_eq!(
        (&tried.json()["saved"], &tried.json()["version"]),
        (&json!(false), &json!(0))
    );
    let saved = house.ask("PUT", API, Some(wanted.clone())).await.json();
    assert_eq!(
        (&saved["saved"], &saved["version"], &saved["cases"]),
        (&json!(true), &json!(1), &json!(2))
    );
    assert_eq!(saved["renamed"], json!([["source", "team"]]));
    assert_eq!(
        house.ask("PUT", API, Some(wanted)).await.json()["code"],
        "changed_meanwhile"
    );
    let back = house
        .ask("PUT", API, Some(json!({ "fields": [] })))
        .await
        .json();
    assert_eq!(back["renamed"], json!([["team", "source"]]));
    let channel = "/api/v1/connections/none/mapping";
    assert_eq!(house.get(channel).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_program_switches_writing_back_on_and_off() {
    let house = House::open().await;
    connect(&house, "con_1", "tryton").await;
    connect(&house, "con_2", "csv").await;
    let path = "/api/v1/connections/con_1/writing";
    let off = house.get(path).await.json();
    assert_eq!((&off["on"], &off["since"]), (&json!(false), &json!(null)));
    assert_eq!(off["right"], "write on sale.opportunity");
    let on = house
        .ask("PUT", path, Some(json!({ "on": true })))
        .await
        .json();
    assert!(on["on"] == true && on["since"].is_i64(), "{on}");
    let again = house
        .ask("PUT", path, Some(json!({ "on": true })))
        .await
        .json();
    assert_eq!(
        again["since"], on["since"],
        "saying it again changes nothing"
    );
    assert!(
        house
            .get("/connections/con_1")
            .await
            .body
            .contains("on since")
    );
    let process = house.state.library.process("hostile").await.unwrap();
    let case = (process.id.as_str(), "2");
    store::testing::given_up(house.state.library.db(), "con_1", case, "not allowed").await;
    let now = house.get(path).await.json();
    assert_eq!(now["given_up"], 1);
    assert_eq!(
        now["unwritten"],
        json!([{ "case": "2", "given_up": 2, "error": "not allowed" }])
    );
    let off = house
        .ask("PUT", path, Some(json!({ "on": false })))
        .await
        .json();
    assert_eq!((&off["on"], &off["given_up"]), (&json!(false), &json!(0)));
    let wrong = house.ask("PUT", path, Some(json!({ "value": true }))).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    for (method, body) in [("GET", None), ("PUT", Some(json!({ "on": true })))] {
        let none = house
            .ask(method, "/api/v1/connections/con_2/writing", body)
            .await;
        assert_eq!(
            (none.status, &none.json()["code"]),
            (StatusCode::CONFLICT, &json!("cannot_write"))
        );
    }
    // Pages do the same by their own way.
    let status = press(&house, "/connections/con_1/write-on", &house.token).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(house.get(path).await.json()["on"], true);
}
