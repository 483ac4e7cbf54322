//! Every route asked in every role, and what opens no door.

use super::*;
use base::identity::Scope;

impl House {
    /// A token of somebody new in a role.
    async fn person(&self, role: Role, scopes: Scopes) -> String {
        let identity = &self.state.identity;
        let n = identity.directory().await.unwrap().people().len();
        let new = NewPerson {
            name: format!("Person {n}"),
            email: format!("person{n}@halden.example"),
            role,
            password: None,
        };
        let id = identity.add(new, "test").await.unwrap().id;
        let made = identity
            .make_token(&id, "tests", scopes, None, "test")
            .await;
        made.unwrap().1
    }

    /// Asks as the bearer of a token, or as nobody.
    pub(super) async fn ask_as(&self, token: Option<&str>, method: &str, path: &str) -> Answer {
        let bearer = token.map_or("none".into(), |t| format!("Bearer {t}"));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("localhost:{PORT}"))
            .header("content-type", "application/json")
            .header("authorization", bearer);
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

/// Why the gate let nobody through, in a word; nothing when it did.
fn refused(answer: &Answer) -> &'static str {
    let to = answer.headers.get("location").map(|v| v.to_str().unwrap());
    let text = &answer.body;
    match answer.status.as_u16() {
        303 if to.is_some_and(|t| t.starts_with("/sign-in?to=")) => "nobody",
        401 => "nobody",
        403 if text.contains("This takes the role of") => "role",
        403 if text.contains("it lacks the scope") => "scope",
        403 if text.contains("from another site's page") => "foreign",
        403 if text.contains("not open to anybody") => "closed",
        _ => "",
    }
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_names_and_nobody_else() {
    let house = House::open().await;
    let mut askers = vec![(None, None)];
    for role in Role::ALL {
        askers.push((Some(role), Some(house.person(role, Scopes::all()).await)));
    }
    for &(method, path, _, least) in ROUTES {
        for (role, token) in &askers {
            let answer = house.ask_as(token.as_deref(), method, &filled(path)).await;
            let expected = match (least, role) {
                (None, _) => "",
                (Some(_), None) => "nobody",
                (Some(least), Some(role)) if *role < least => "role",
                _ => "",
            };
            let status = answer.status;
            assert_eq!(
                refused(&answer),
                expected,
                "{method} {path} as {role:?}: {status}"
            );
        }
    }
}

#[test]
fn what_is_open_to_anybody_is_named_here_and_keeping_is_for_owners() {
    let open: Vec<(&str, &str)> = ROUTES
        .iter()
        .filter(|(.., least)| least.is_none())
        .map(|(method, path, ..)| (*method, *path))
        .collect();
    assert_eq!(
        open,
        [
            ("GET", "/sign-in"),
            ("POST", "/sign-in"),
            ("GET", "/sign-in/with"),
            ("GET", "/sign-in/back"),
            ("POST", "/sign-in/passkey"),
            ("POST", "/sign-in/passkey/begin"),
            ("GET", "/in/{code}"),
            ("POST", "/in/{code}"),
            ("GET", "/embed/case"),
            ("GET", "/embed/open"),
            ("POST", "/embed/enter"),
            ("GET", "/assets/{*file}"),
            ("GET", "/push-worker.js"),
            // Each of these brings a secret of its own in its address.
            ("GET", "/feeds/{token}/stream.atom"),
            ("GET", "/feeds/{token}/{process}/improvements.atom"),
            ("GET", "/unsubscribe/{code}"),
            ("POST", "/unsubscribe/{code}"),
            ("POST", "/hooks/{secret}"),
            ("GET", "/hooks/channel/{secret}"),
            ("POST", "/hooks/channel/{secret}"),
            ("POST", "/hooks/source/{secret}"),
        ]
    );
    for &(method, path, access, least) in ROUTES {
        let below = path.strip_prefix("/api/v1").unwrap_or(path);
        let is = |words: &[&str]| words.iter().any(|w| below.starts_with(w));
        let keeps = is(&["/people", "/teams", "/settings"]) && access == Access::Change;
        if keeps || is(&["/audit", "/scim/"]) {
            assert_eq!(least, Some(Role::Owner), "{method} {path}");
        }
        if is(&["/people", "/teams"]) {
            assert!(least >= Some(Role::Member), "{method} {path}");
        }
        if method == "GET" {
            assert_eq!(access, Access::Read, "{method} {path}");
        } else if path == "/mcp" {
            assert_eq!(access, Access::Call);
        } else {
            assert_eq!(access, Access::Change, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say_whoever_carries_it() {
    let house = House::open().await;
    let member = house.person(Role::Member, Scopes::of(&[Scope::Read])).await;
    for scope in Scope::ALL {
        let owner = house.person(Role::Owner, Scopes::of(&[scope])).await;
        for &(method, path, access, least) in ROUTES {
            let Some(least) = least else { continue };
            let needed = match (path.starts_with("/scim/"), least, access) {
                (true, ..) => Scope::Scim,
                (_, Role::Owner, _) => Scope::Admin,
                (_, _, Access::Change) => Scope::Write,
                (_, _, Access::Read | Access::Call) => Scope::Read,
            };
            let expected = if needed == scope { "" } else { "scope" };
            let answer = house.ask_as(Some(&owner), method, &filled(path)).await;
            assert_eq!(refused(&answer), expected, "{method} {path} with {scope:?}");
            if scope == Scope::Read && least <= Role::Member {
                let answer = house.ask_as(Some(&member), method, &filled(path)).await;
                assert_eq!(refused(&answer), expected, "{method} {path} as a member");
            }
        }
    }
    let program = house.ask_as(Some(&member), "PUT", "/api/v1/me").await;
    assert_eq!(program.json()["code"], "scope");
}

#[tokio::test]
async fn what_is_no_token_of_ours_opens_nothing() {
    let house = House::open().await;
    let zeros = format!("tenon_{}", "0".repeat(64));
    let doubled = format!("{} {}", house.token, house.token);
    for token in ["", "tenon_", &zeros, &house.token[6..], &doubled] {
        let answer = house.ask_as(Some(token), "GET", "/api/v1/me").await;
        assert_eq!(refused(&answer), "nobody", "{token}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_also_not_who_is_signed_in() {
    let house = House::open().await;
    let headers = [
        ("origin", "http://evil.example"),
        ("origin", "http://localhost:7071"),
        ("origin", "https://localhost:7070"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for &(method, path, access, _) in ROUTES {
        if access == Access::Read {
            continue;
        }
        for (header, value) in headers {
            let request = Request::builder()
                .method(method)
                .uri(filled(path))
                .header("host", format!("localhost:{PORT}"))
                .header(header, value);
            let answer = house.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(refused(&answer), "foreign", "{method} {path} {value}");
            assert!(!answer.headers.contains_key("set-cookie"));
        }
    }
}

#[tokio::test]
async fn guests_see_neither_the_directory_nor_the_processes() {
    let house = House::open().await;
    let guest = house.person(Role::Guest, Scopes::all()).await;
    for path in [
        "/people/olive",
        "/api/v1/people",
        "/api/v1/people/olive",
        "/api/v1/teams",
        "/api/v1/processes",
        "/p/hostile",
        "/api/v1/openapi.json",
    ] {
        let answer = house.ask_as(Some(&guest), "GET", path).await;
        assert_eq!(refused(&answer), "role", "{path}");
        assert!(!answer.body.contains("olive") && !answer.body.contains("Olive"));
    }
    for path in ["/", "/me", "/p/hostile/case/2"] {
        let answer = house.ask_as(Some(&guest), "GET", path).await;
        assert!(!answer.body.contains("/p/hostile"), "{path}");
        assert!(!answer.body.contains("Olive"), "{path}");
        assert_eq!(
            answer.status == StatusCode::NOT_FOUND,
            path.contains("case")
        );
    }
}
