use super::*;
use crate::source_contract::block_on;
use crate::{Http, Response, Settings, testing};
use serde_json::Value;

/// Says one thing, and looks at what it is asked.
struct Near {
    body: &'static str,
    status: u16,
    asked: &'static str,
}

impl Http for Near {
    fn send(&self, request: Request) -> Answer<'_, Response> {
        assert_eq!(request.url, self.asked);
        let basic = (
            "authorization".to_string(),
            "Basic cmlrYTphIHNlY3JldA==".to_string(),
        );
        assert!(request.headers.contains(&basic), "{request:?}");
        let (status, body) = (self.status, self.body.as_bytes().to_vec());
        Box::pin(async move {
            Ok(Response {
                status,
                headers: Vec::new(),
                body,
            })
        })
    }
}

fn with<T>(
    status: u16,
    asked: &'static str,
    body: &'static str,
    test: impl FnOnce(&Via) -> T,
) -> T {
    let settings = Settings::of([
        ("url", "https://jive.test/"),
        ("user", "rika"),
        ("password", "a secret"),
    ]);
    let http = Near {
        body,
        status,
        asked,
    };
    test(&Via {
        wishes: &[],
        settings: &settings,
        http: &http,
        post: &crate::NoPost,
        now: 0,
    })
}

#[test]
fn the_account_is_the_person_who_signs_in() {
    let body = "throw 'allowIllegalResourceCall is false.';\n{\"id\":\"7\",\"displayName\":\"Rika Brandt\",\"jive\":{\"username\":\"rika\"}}";
    let asked = "https://jive.test/api/core/v3/people/@me";
    let account = with(200, asked, body, |via| block_on(Jive.account(via)).unwrap());
    assert_eq!(
        (
            account.id.as_str(),
            account.handle.as_str(),
            account.name.as_str()
        ),
        ("7", "rika", "Rika Brandt")
    );
    let closed = with(401, asked, "", |via| block_on(Jive.account(via)));
    assert!(matches!(closed, Err(Fault::SignedOut(_))), "{closed:?}");
}

#[test]
fn discussions_come_with_the_answer_that_was_marked_and_go_on_where_they_stopped() {
    let first = "https://jive.test/api/core/v3/contents?filter=type(discussion)&sort=dateCreatedAsc&count=100&startIndex=0";
    let body = r#"{"list":[{"id":"9","type":"discussion","subject":"Which valve?","question":true,
        "content":{"type":"text/html","text":"<body><p>For the <b>mill</b></p></body>"},"published":"2010-12-10T22:52:44.148+0000",
        "answer":"https://jive.test/api/core/v3/messages/12","helpful":["https://jive.test/api/core/v3/messages/11"]}],
        "links":{"next":"https://elsewhere.test/"}}"#;
    let page = with(200, first, body, |via| {
        block_on(Jive.discussions(via, None)).unwrap()
    });
    let found = &page.items[0];
    assert_eq!(
        (found.text.as_str(), found.is_question),
        ("For the mill", true)
    );
    assert_eq!(
        found.answer.as_deref(),
        Some("https://jive.test/api/core/v3/messages/12")
    );
    assert_eq!(found.at, Some(1_292_021_564_148_000));
    assert!(page.has_more);
    let next = "https://jive.test/api/core/v3/contents?filter=type(discussion)&sort=dateCreatedAsc&count=100&startIndex=1";
    let page = with(200, next, r#"{"list":[]}"#, |via| {
        block_on(Jive.discussions(via, Some(&page.cursor))).unwrap()
    });
    assert_eq!((page.items.len(), page.has_more), (0, false));
}

#[test]
fn recorded_answers_are_read_whole() {
    for name in testing::names("jive", ".json") {
        let Some(text) = testing::shared(&format!("jive/{name}")) else {
            continue;
        };
        let json = String::from_utf8_lossy(wire::unguarded(text.as_bytes())).into_owned();
        // One was recorded without its braces.
        let is_bare = json.starts_with('"');
        let json = if is_bare { format!("{{{json}}}") } else { json };
        let value: Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{name}: {e}"));
        match value["type"].as_str().unwrap_or_default() {
            "person" => {
                let person: Person = serde_json::from_value(value).unwrap();
                assert!(
                    person.is_enabled && person.email.is_some_and(|e| e.contains('@')),
                    "{name}"
                );
                assert!(!person.handle.is_empty() && person.url.is_some(), "{name}");
            }
            "group" => {
                let place: Place = serde_json::from_value(value).unwrap();
                assert!(
                    place.members > 0 && !place.name.is_empty() && place.url.is_some(),
                    "{name}"
                );
            }
            "update" | "discussion" => {
                let is_discussion = value["type"] == "discussion";
                let content: Content = serde_json::from_value(value).unwrap();
                assert_eq!(content.is_question, is_discussion, "{name}");
                assert!(
                    !content.text.contains('<') && !content.text.is_empty(),
                    "{name}: {}",
                    content.text
                );
                assert!(
                    content.at.is_some() && !content.author.name.is_empty(),
                    "{name}"
                );
            }
            "stream" => {}
            _ => {
                let list: List<Value> = serde_json::from_value(value).unwrap();
                assert!(!list.list.is_empty(), "{name}");
            }
        }
    }
}
