//! Pages and endpoints of what leaves and what comes back.

use super::*;

impl House {
    async fn post_form(&self, path: &str, body: &str) -> Answer {
        let request = Request::post(path)
            .header("host", format!("localhost:{PORT}"))
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// Asks as a program that nobody knows.
    async fn stranger(&self, method: &str, path: &str, etag: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("localhost:{PORT}"))
            .header("cookie", "none=1")
            .header("if-none-match", etag)
            .header("content-type", "application/json");
        let body = body.map_or(Body::empty(), |b| Body::from(b.to_string()));
        self.send(request.body(body).unwrap()).await
    }
}

/// What stands in the one code element of a page.
fn shown_once(page: &str) -> String {
    let (_, rest) = page.split_once("<code>").unwrap();
    rest.split("</code>").next().unwrap().to_string()
}

#[tokio::test]
async fn a_hook_is_made_looked_at_changed_and_deleted_and_its_secret_is_seen_once() {
    let house = House::open().await;
    let new = json!({ "name": "<script>alert(1)</script>", "url": "https://example.com/in?a=<b>", "kinds": "question. message.posted" });
    let made = house.ask("POST", "/api/v1/hooks", Some(new.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let made = made.json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let path = format!("/api/v1/hooks/{}", made["hook"]["id"].as_str().unwrap());
    let one = house.get(&path).await;
    assert!(!one.body.contains(secret) && one.json()["kinds"] == "question. message.posted");
    for page in [
        "/delivery".to_string(),
        path.replace("/api/v1", "/delivery"),
    ] {
        let page = house.get(&page).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("<script>alert") && !page.body.contains(secret));
    }
    let inside = json!({ "name": "a", "url": "http://[::1]/" });
    let refused = house.ask("PUT", &path, Some(inside)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let off = json!({ "name": "a", "url": "https://example.com/", "off": true });
    assert_eq!(
        house.ask("PUT", &path, Some(off)).await.json()["state"],
        "off"
    );
    assert_eq!(
        house.get(&format!("{path}/deliveries")).await.json(),
        json!([])
    );
    assert_eq!(
        house.ask("DELETE", &path, None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(house.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_program_that_knows_an_address_writes_a_note_and_no_other_does() {
    let house = House::open().await;
    let page = house
        .post_form("/delivery/incoming", "name=Phone&process=hostile")
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let address = shown_once(&page.body);
    let path = address.split_once(":7070").unwrap().1.to_string();
    let note = |case: &str| Some(json!({ "case": case, "text": "They **called**" }));
    let written = house.stranger("POST", &path, "", note("2")).await;
    assert_eq!(written.status, StatusCode::CREATED, "{}", written.body);
    let said = house
        .get("/api/v1/processes/hostile/cases/2/messages")
        .await;
    assert!(said.body.contains("They **called**"), "{}", said.body);
    for (path, body, status) in [
        (path.as_str(), note("no case"), 404),
        (path.as_str(), Some(json!({ "text": "no case" })), 400),
        ("/hooks/none", note("2"), 404),
    ] {
        let answer = house.stranger("POST", path, "", body).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert!(house.get("/delivery").await.body.contains("Phone"));
}

#[tokio::test]
async fn a_feed_is_read_without_signing_in_and_sent_once() {
    let house = House::open().await;
    let said = json!({ "body": "Hello <b>there</b>" });
    house
        .ask(
            "POST",
            "/api/v1/processes/hostile/cases/2/messages",
            Some(said),
        )
        .await;
    let page = house.post_form("/me/feeds", "do=make").await;
    let address = shown_once(&page.body);
    let path = address.split_once(":7070").unwrap().1.to_string();
    let feed = house.stranger("GET", &path, "", None).await;
    assert_eq!(feed.status, StatusCode::OK, "{}", feed.body);
    assert!(
        feed.body.contains("<entry>") && !feed.body.contains("<b>"),
        "{}",
        feed.body
    );
    let etag = feed.headers["etag"].to_str().unwrap();
    let again = house.stranger("GET", &path, etag, None).await;
    assert_eq!(
        (again.status, again.body.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
    let plugs = path.replace("/stream.atom", "/hostile/improvements.atom");
    assert_eq!(
        house.stranger("GET", &plugs, "", None).await.status,
        StatusCode::OK
    );
    house.post_form("/me/feeds", "do=drop").await;
    assert_eq!(
        house.stranger("GET", &path, "", None).await.status,
        StatusCode::NOT_FOUND
    );
}
