use super::stand_in::{Meets, Peer};
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

fn via_of<T>(peer: &Peer, test: impl FnOnce(&Via) -> T) -> T {
    test(&Via {
        wishes: &[],
        settings: &Peer::settings(),
        http: peer,
        post: &crate::NoPost,
        now: 1_000_000,
    })
}

fn all(peer: &Peer, place: &str) -> Result<Vec<Question>, Fault> {
    via_of(peer, |via| {
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let page = block_on(Jive.questions(via, place, from.as_ref()))?;
            found.extend(page.items);
            if !page.has_more {
                return Ok(found);
            }
            from = Some(page.cursor);
        }
    })
}

fn mark(id: &str, is_correct: bool) -> Mark {
    let id = id.into();
    Mark { id, is_correct }
}

#[test]
fn discussions_come_with_the_answers_that_were_marked_and_go_on_where_they_stopped() {
    let first = "https://jive.test/api/core/v3/contents?filter=type(discussion)&filter=place(https%3A%2F%2Fjive.test%2Fapi%2Fcore%2Fv3%2Fplaces%2F301838)&sort=dateCreatedAsc&count=100&startIndex=0";
    let body = r#"{"list":[{"id":"9","type":"discussion","subject":"Which valve?","question":true,
        "content":{"type":"text/html","text":"<body><p>For the <b>mill</b></p></body>"},"published":"2010-12-10T22:52:44.148+0000",
        "answer":"https://jive.test/api/core/v3/messages/12","helpful":["https://jive.test/api/core/v3/messages/11","https://jive.test/api/core/v3/messages/12"]}],
        "links":{"next":"https://elsewhere.test/"}}"#;
    let page = with(200, first, body, |via| {
        block_on(Jive.questions(via, "301838", None)).unwrap()
    });
    let found = &page.items[0];
    assert_eq!(found.text, "For the mill");
    assert_eq!(found.marks, [mark("12", true), mark("11", false)]);
    assert_eq!(found.at, Some(1_292_021_564_148_000));
    assert!(page.has_more);
    let next: &'static str = Box::leak(
        first
            .replace("startIndex=0", "startIndex=1")
            .into_boxed_str(),
    );
    let page = with(200, next, r#"{"list":[]}"#, |via| {
        block_on(Jive.questions(via, "301838", Some(&page.cursor))).unwrap()
    });
    assert_eq!((page.items.len(), page.has_more), (0, false));
}

#[test]
fn what_was_marked_is_read_with_who_wrote_it_and_who_that_is() {
    let peer = Peer::new();
    let id = peer.ask(
        301_838,
        7,
        "Which valve?",
        &[(8, "<p>The <i>blue</i> one</p>"), (9, "no")],
    );
    peer.ask(301_839, 7, "Elsewhere", &[]);
    peer.change(id, |d| d.answer = Some(id * 10));
    let found = all(&peer, "301838").unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].id,
        id.to_string(),
        "as it is asked for, not as it is counted"
    );
    assert_eq!(found[0].place.as_deref(), Some("301838"));
    assert_eq!(found[0].author.email, None);
    assert_eq!(
        found[0].url.as_deref(),
        Some("https://jive.test/contents/1000")
    );
    let (reply, olu, kim) = via_of(&peer, |via| {
        let reply = block_on(Jive.reply(via, &found[0].marks[0].id)).unwrap();
        let olu = block_on(Jive.member(via, &reply.author.id)).unwrap();
        (reply, olu, block_on(Jive.member(via, "9")).unwrap())
    });
    assert_eq!(
        (reply.text.as_str(), reply.author.name.as_str()),
        ("The blue one", "Olu Ade")
    );
    assert_eq!(olu.email.as_deref(), Some("Olu@halden.example"));
    assert_eq!(kim.email, None);
}

#[test]
fn whatever_is_changed_makes_another_version() {
    let peer = Peer::new();
    let id = peer.ask(301_838, 7, "Which valve?", &[(8, "blue"), (8, "green")]);
    let version = || all(&peer, "301838").unwrap()[0].version.clone();
    let mut seen = vec![version()];
    assert_eq!(version(), seen[0]);
    let changes: [fn(&mut stand_in::Discussion); 4] = [
        |d| d.answer = Some(d.id * 10),
        |d| d.answer = Some(d.id * 10 + 1),
        |d| d.helpful = vec![d.id * 10],
        |d| d.answer = None,
    ];
    for change in changes {
        peer.change(id, change);
        seen.push(version());
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");
}

#[test]
fn rows_told_twice_and_rows_nobody_understands_leave_the_others() {
    let peer = Peer::new();
    for n in 0..7 {
        peer.ask(301_838, 7, &format!("Question {n}"), &[]);
    }
    peer.inside().most = Some(3);
    peer.inside().is_doubled = true;
    let found = all(&peer, "301838").unwrap();
    let ids: std::collections::BTreeSet<_> = found.iter().map(|q| q.id.clone()).collect();
    // Rows told twice move the place in the list; what was passed over is asked for one by one.
    assert!(ids.contains("1000") && ids.len() >= 3, "{ids:?}");
    assert!(found.iter().all(|q| q.title.starts_with("Question")));
    peer.inside().is_doubled = false;
    assert_eq!(all(&peer, "301838").unwrap().len(), 7);
}

#[test]
fn trouble_is_told_apart_by_what_helps() {
    let peer = Peer::new();
    peer.ask(301_838, 7, "Which valve?", &[]);
    let meets = |meets| {
        peer.inside().meets.push_back(meets);
        all(&peer, "301838").unwrap_err()
    };
    let wait = meets(Meets::Storm(7));
    assert!(
        matches!(
            wait,
            Fault::Wait {
                until: 8_000_000,
                ..
            }
        ),
        "{wait:?}"
    );
    assert!(matches!(meets(Meets::Half), Fault::Unreached(_)));
    assert!(matches!(meets(Meets::Nobody), Fault::Unreached(_)));
    assert!(matches!(meets(Meets::Page), Fault::Strange(_)));
    assert!(matches!(meets(Meets::Status(403)), Fault::NotAllowed(_)));
    assert!(matches!(meets(Meets::Status(503)), Fault::Unreached(_)));
    peer.inside().is_expired = true;
    let over = all(&peer, "301838").unwrap_err();
    assert_eq!(over, Fault::SignedOut("401 Unauthorized".into()));
    peer.inside().is_expired = false;
    let gone = via_of(&peer, |via| block_on(Jive.reply(via, "77")).unwrap_err());
    assert!(matches!(gone, Fault::Gone(_)), "{gone:?}");
}

#[test]
fn hostile_markup_and_addresses_become_text_or_nothing() {
    let peer = Peer::new();
    let html = "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;<a href='javascript:alert(1)'>here</a>\u{202e}";
    let id = peer.ask(301_838, 7, "<b>Which</b> valve?", &[(8, html)]);
    peer.change(id, |d| d.answer = Some(id * 10));
    let reply = via_of(&peer, |via| {
        block_on(Jive.reply(via, &(id * 10).to_string())).unwrap()
    });
    assert!(
        !reply.text.contains("alert") && !reply.text.contains('\u{202e}'),
        "{}",
        reply.text
    );
    assert!(reply.text.contains("<b>here"), "{}", reply.text);
    let content = |more: &str| -> Content {
        let body = format!(r#"{{"id":"..","type":"discussion",{more}}}"#);
        serde_json::from_str(&body).unwrap()
    };
    for evil in [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a:b@jive.test/",
        "/x",
        "",
    ] {
        let found = content(&format!(r#""resources":{{"html":{{"ref":"{evil}"}}}}"#));
        assert_eq!((found.url, found.address), (None, None), "{evil}");
    }
    // An address in another place leads to an id here, or nowhere.
    let marked = content(
        r#""contentID":"5","answer":"https://evil.test/a/12","helpful":["https://evil.test/?x=1",7,"x/..",""]"#,
    );
    assert_eq!(question(marked).unwrap().marks, [mark("12", true)]);
}

#[test]
fn places_are_found_by_words_that_mean_nothing_to_jive() {
    let asked = "https://jive.test/api/core/v3/places?filter=type(group,space,project)&filter=search(a%5C%2Cb%20%5C%29)&count=100&startIndex=0";
    with(200, asked, r#"{"list":[]}"#, |via| {
        block_on(Jive.places(via, " a,b )", None)).unwrap()
    });
    let peer = Peer::new();
    let places = via_of(&peer, |via| block_on(Jive.places(via, "", None)).unwrap());
    let found: Vec<_> = places.items.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(found, ["301838", "301839"]);
    assert_eq!(places.items[0].open_to.as_deref(), Some("open"));
    let place = via_of(&peer, |via| block_on(Jive.place(via, "301838")).unwrap());
    assert_eq!(place, places.items[0]);
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
                let place: RawPlace = serde_json::from_value(value).unwrap();
                assert!(
                    place.members > 0
                        && !place.name.is_empty()
                        && place.url.is_some()
                        && place.address.is_some(),
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
                    content.at.is_some()
                        && !content.author.name.is_empty()
                        && content.is_published
                        && content.address.is_some(),
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
