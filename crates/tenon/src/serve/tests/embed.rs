//! The panel inside another site's page, and that nothing else can be framed.

use super::*;
use base::identity::secret::hex;
use service::delivery::sign::mac;

const SITE: &str = "https://crm.example.com";

impl House {
    async fn sent_form(&self, path: &str, cookie: Option<&str>, body: &str) -> Answer {
        let mut request = Request::builder()
            .method("POST")
            .uri(path)
            .header("host", format!("localhost:{PORT}"))
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    async fn look(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path)
            .header("host", format!("localhost:{PORT}"))
            .header("sec-fetch-site", "cross-site")
            .header("cookie", cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Names a site that may hold the panel; answers with the key.
    async fn panel(&self) -> String {
        let made = self
            .sent_form(
                "/settings/embed",
                None,
                "origins=https%3A%2F%2Fcrm.example.com",
            )
            .await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.body);
        let (_, key) = made.body.split_once("<code data-key>").unwrap();
        key[..64].to_string()
    }

    /// The cookie of a session of the owner's.
    async fn session(&self) -> String {
        let directory = self.state.identity.directory().await.unwrap();
        let id = directory.people()[0].id.clone();
        let link = self.state.identity.link(Some(&id)).await.unwrap().text();
        let secret = self
            .state
            .identity
            .enter(&link, None, "test")
            .await
            .unwrap();
        format!("tenon_session={}", secret.text())
    }
}

fn link(key: &str, case: &str, exp: i64) -> String {
    let sig = hex(&mac(
        key.as_bytes(),
        format!("hostile\n{case}\n{exp}").as_bytes(),
    ));
    format!("process=hostile&ref={case}&exp={exp}&sig={sig}")
}

const LATER: i64 = 4_000_000_000;

fn policy(answer: &Answer) -> String {
    answer.headers["content-security-policy"]
        .to_str()
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a_signed_link_shows_the_case_to_who_was_let_in_and_may_be_framed_by_the_named_site_only() {
    let house = House::open().await;
    let key = house.panel().await;
    let here = format!("/embed/case?{}", link(&key, "2", LATER));
    let closed = house.look(&here, "none=1").await;
    assert_eq!(closed.status, StatusCode::OK);
    assert!(closed.body.contains("Let the panel in") && !closed.body.contains("composer"));
    assert!(
        policy(&closed).ends_with("frame-ancestors https://crm.example.com; base-uri 'none'"),
        "{}",
        policy(&closed)
    );
    assert_eq!(
        closed.headers["cross-origin-resource-policy"],
        "cross-origin"
    );
    let session = house.session().await;
    let code = house
        .sent_form("/embed/open", Some(&session), "")
        .await
        .json()["code"]
        .as_str()
        .unwrap()
        .to_string();
    let let_in = house
        .sent_form("/embed/enter", Some("none=1"), &format!("code={code}"))
        .await;
    let cookie = let_in.headers["set-cookie"].to_str().unwrap().to_string();
    for part in [
        "Path=/embed",
        "HttpOnly",
        "Secure",
        "SameSite=None",
        "Partitioned",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let twice = house
        .sent_form("/embed/enter", Some("none=1"), &format!("code={code}"))
        .await;
    assert_eq!(twice.status, StatusCode::NOT_FOUND);
    let cookie = cookie.split(';').next().unwrap().to_string();
    let note = format!("{}&body=From+the+panel&client=c1", link(&key, "2", LATER));
    let saved = house.sent_form("/embed/act", Some(&cookie), &note).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let shown = house.look(&here, &cookie).await;
    assert!(shown.body.contains("From the panel") && shown.body.contains("composer"));
    let elsewhere = house.look("/p/hostile/case/2", &cookie).await;
    assert_eq!(
        elsewhere.status,
        StatusCode::SEE_OTHER,
        "the panel's cookie opens nothing else"
    );
}

#[tokio::test]
async fn a_link_that_is_not_signed_or_over_or_for_another_case_shows_nothing() {
    let house = House::open().await;
    let off = house
        .get(&format!("/embed/case?{}", link("", "2", LATER)))
        .await;
    assert_eq!(off.status, StatusCode::NOT_FOUND);
    assert!(
        policy(&off).contains("frame-ancestors 'none'"),
        "nobody before it is set up"
    );
    let key = house.panel().await;
    for query in [
        link("another key", "2", LATER),
        link(&key, "2", 1_000_000_000),
        link(&key, "2", LATER).replace("ref=2", "ref=3"),
        link(&key, "2", LATER).replace(&LATER.to_string(), "4000000001"),
        "process=hostile&ref=2".to_string(),
    ] {
        let refused = house.get(&format!("/embed/case?{query}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{query}");
        assert!(!refused.body.contains("composer"));
        let act = house
            .sent_form("/embed/act", None, &format!("{query}&body=x"))
            .await;
        assert_eq!(act.status, StatusCode::FORBIDDEN, "{query}");
    }
    let wrong = house.sent_form("/settings/embed", None, "origins=*").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let renewed = house
        .sent_form(
            "/settings/embed",
            None,
            "origins=https%3A%2F%2Fcrm.example.com&renew=1",
        )
        .await;
    assert!(renewed.body.contains("data-key"));
    let old = house
        .get(&format!("/embed/case?{}", link(&key, "2", LATER)))
        .await;
    assert_eq!(
        old.status,
        StatusCode::FORBIDDEN,
        "links of the key before are over"
    );
}

#[tokio::test]
async fn a_code_is_handed_out_in_a_window_with_a_session_and_to_our_own_pages() {
    let house = House::open().await;
    assert_eq!(
        house.sent_form("/embed/open", None, "").await.status,
        StatusCode::CONFLICT,
        "a token is no window"
    );
    let session = house.session().await;
    let request = Request::builder()
        .method("POST")
        .uri("/embed/open")
        .header("host", format!("localhost:{PORT}"))
        .header("origin", SITE)
        .header("cookie", &session);
    let foreign = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let open = house.look("/embed/open", &session).await;
    assert_eq!(open.headers["cross-origin-opener-policy"], "unsafe-none");
    assert!(policy(&open).contains("frame-ancestors 'none'"));
    assert!(open.body.contains("data-hand-over"));
}

#[tokio::test]
async fn no_other_route_can_be_framed_or_opened_by_another_site() {
    let house = House::open().await;
    house.panel().await;
    for &(method, path, ..) in ROUTES {
        let answer = house.ask(method, &filled(path), None).await;
        if !path.starts_with("/embed/") {
            assert!(
                policy(&answer).contains("frame-ancestors 'none'"),
                "{method} {path}"
            );
            assert_eq!(
                answer.headers["cross-origin-opener-policy"], "same-origin",
                "{method} {path}"
            );
            assert_eq!(
                answer.headers["cross-origin-resource-policy"], "same-origin",
                "{method} {path}"
            );
        }
    }
}
