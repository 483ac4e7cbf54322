//! The suite, and recorded traffic of Mastodon 4.6.

use super::*;
use crate::contract::house::{Stand, Wire};
use crate::contract::{self, StandIn};
use crate::testing::{cassette, names};
use wire::{Context, Found, Notification};

#[test]
fn it_passes_the_suite() {
    contract::channel(&Mastodon, &stand_in::stand_in());
}

fn server() -> Server {
    Server::of(&Settings::of([
        ("server", "http://localhost:3000"),
        ("token", "t"),
    ]))
    .unwrap()
}

/// Every post of a list is read whole.
fn all(items: &[Item<Status>]) -> usize {
    for item in items {
        let status = item.read.as_ref().unwrap_or_else(|| panic!("{}", item.raw));
        let said = server().incoming(item, What::Said, "1").unwrap();
        assert!(!said.text.contains(['<', '>']), "{}", said.text);
        assert!(status.created_at > 1_700_000_000_000_000);
    }
    items.len()
}

/// How many posts are in an answer, read by the shape that its address has.
fn read(recorded: &cassette::Recorded) -> usize {
    let answer = Response {
        status: recorded.status,
        headers: Vec::new(),
        body: recorded.body.clone().into_bytes(),
    };
    let path = recorded
        .url
        .split('?')
        .next()
        .unwrap()
        .trim_end_matches('/');
    if !answer.is_success() {
        assert!(matches!(fault(&answer, 0), Fault::Refused(said) if !said.starts_with("status")));
        return 0;
    }
    let told = |told: Notification| all(&[told.status.unwrap()]);
    match path.rsplit('/').next().unwrap() {
        "verify_credentials" => {
            let account: wire::Account = answer.read().unwrap();
            assert!(!account.acct.is_empty());
            0
        }
        "context" => all(&answer.read::<Context>().unwrap().ancestors),
        "search" => all(&answer.read::<Found>().unwrap().statuses),
        "notifications" => {
            let items: Vec<Item<Notification>> = answer.read().unwrap();
            items.into_iter().map(|i| told(i.read.unwrap())).sum()
        }
        "statuses" if recorded.method == "GET" => all(&answer.read::<Vec<_>>().unwrap()),
        "user" => {
            let mut buffer = recorded.body.clone().into_bytes();
            let me = Account::default();
            // What the account says itself is not said to it.
            assert_eq!(stream::read(&server(), &me, &mut buffer), Ok(Vec::new()));
            assert!(buffer.is_empty());
            1
        }
        "instance" | "unfollow" | "unread_count" => {
            answer.read::<serde_json::Value>().unwrap();
            0
        }
        _ if path.contains("/notifications/") => told(answer.read().unwrap()),
        _ => all(&[answer.read().unwrap()]),
    }
}

#[test]
fn recorded_answers_are_read_whole() {
    let (mut bodies, mut posts) = (0, 0);
    for name in names("mastodon", ".yaml") {
        for recorded in cassette::read(&format!("mastodon/{name}")).unwrap() {
            posts += read(&recorded);
            bodies += 1;
        }
    }
    eprintln!("{bodies} recorded answers with {posts} posts");
    assert!(
        bodies == 0 || (bodies >= 48 && posts >= 40),
        "{bodies} answers, {posts} posts"
    );
}

#[test]
fn recorded_mentions_are_said_to_us() {
    let Some(recorded) = cassette::read("mastodon/test_notifications_mentions_only.yaml") else {
        return;
    };
    let list = &recorded[1];
    let answer = Response {
        status: 200,
        headers: vec![("link".into(), list.link.clone().unwrap())],
        body: list.body.clone().into_bytes(),
    };
    let url = answer.link("prev").unwrap();
    assert!(url.contains("min_id=21"), "{url}");
    let items: Vec<Item<Notification>> = answer.read().unwrap();
    let status = items[0].read.as_ref().unwrap().status.clone().unwrap();
    let said = server()
        .incoming(&status, What::Said, "117020565966271181")
        .unwrap();
    assert_eq!(said.text, "@mastodonpy_test hello!");
    assert_eq!(
        said.author.handle,
        "@admin@localhost:3000".replace(":3000", "")
    );
    assert_eq!(said.thread.as_deref(), Some("117020577157693549"));
    assert!(said.is_for_us && !said.is_ours);
}

fn streamed(text: &str) -> (Vec<Incoming>, String) {
    let mut buffer = text.as_bytes().to_vec();
    let me = Account {
        id: "100".into(),
        ..Account::default()
    };
    let told = stream::read(&server(), &me, &mut buffer).unwrap();
    (told, String::from_utf8(buffer).unwrap())
}

#[test]
fn a_stream_tells_of_mentions_edits_and_deletions_and_leaves_what_is_not_whole() {
    let status = r#"{"id":"7","created_at":"2026-08-01T13:51:42.823Z","account":{"id":"2"},"content":"<p>hi</p>","mentions":[{"id":"100"}]}"#;
    let text = format!(
        ":)\n\nevent: status.update\ndata: {status}\n\nevent: notification\r\ndata: {{\"id\":\"1\",\"type\":\"mention\",\"status\":{status}}}\r\n\r\nevent: delete\ndata: 7\n\nevent: filters_changed\n\nevent: update\ndata: x\n\nevent: update\ndata: {{"
    );
    let (told, rest) = streamed(&text);
    let what: Vec<_> = told
        .iter()
        .map(|i| (i.what, i.id.as_str(), i.text.as_str()))
        .collect();
    let expected = [
        (What::Edited, "7", "hi"),
        (What::Said, "7", "hi"),
        (What::Deleted, "7", ""),
    ];
    assert_eq!(what, expected);
    assert_eq!(rest, "event: update\ndata: {");
    let mut endless = vec![b'x'; 5 << 20];
    let got = stream::read(&server(), &Account::default(), &mut endless);
    assert!(matches!(got, Err(Fault::Strange(_))));
}

#[test]
fn a_key_that_does_not_open_is_told_apart_from_one_that_opens_less() {
    let wire = stand_in::Server;
    let asked = contract::house::Asked::new(&Request::get("https://a.example/"));
    let house = contract::house::House::default();
    let of = |refusal| fault(&wire.refuse(refusal, &asked, &house), 0);
    use contract::house::Refusal::*;
    assert_eq!(
        of(SignedOut),
        Fault::SignedOut("The access token is invalid".into())
    );
    assert!(matches!(of(NotAllowed), Fault::NotAllowed(_)));
}

/// A server with tags and a search, which begin with what was lately and go on from there.
struct Tagged(stand_in::Server);

impl Wire for Tagged {
    fn settings(&self) -> Settings {
        let mut settings = self.0.settings();
        settings.0.insert("tags".into(), "#shop, ".into());
        settings.0.insert("phrases".into(), "our shop".into());
        settings
    }

    fn ways(&self) -> contract::Ways {
        self.0.ways()
    }

    fn id(&self, n: u64, at: Micros) -> String {
        self.0.id(n, at)
    }

    fn answer(
        &self,
        house: &mut contract::house::House,
        asked: &contract::house::Asked,
    ) -> Response {
        let of = |id: u32| serde_json::json!({"id": id.to_string(), "created_at": "2026-08-01T13:51:42Z", "account": {"id": "2"}, "content": "#shop"});
        let min: u32 = asked.query("min_id").parse().unwrap_or(0);
        match asked.path.as_str() {
            "/api/v1/timelines/tag/shop" => {
                let list: Vec<_> = (min + 1..=45).take(40).map(of).collect();
                contract::house::json(200, &serde_json::json!(list))
            }
            "/api/v2/search" => {
                assert_eq!(asked.query("q"), "\"our shop\"");
                let offset: usize = asked.query("offset").parse().unwrap();
                // Does not look at what was asked to be left out.
                let list: Vec<_> = (1000..=1000 + house.posts.len() as u32 * 50)
                    .rev()
                    .skip(offset)
                    .take(40)
                    .map(of)
                    .collect();
                contract::house::json(200, &serde_json::json!({"accounts": [], "statuses": list}))
            }
            // Not every server can be asked for many.
            "/api/v1/statuses" => contract::house::plain(404, ""),
            _ => self.0.answer(house, asked),
        }
    }

    fn is_send(&self, asked: &contract::house::Asked) -> bool {
        self.0.is_send(asked)
    }

    fn refuse(
        &self,
        refusal: contract::house::Refusal,
        asked: &contract::house::Asked,
        house: &contract::house::House,
    ) -> Response {
        self.0.refuse(refusal, asked, house)
    }
}

#[test]
fn tags_and_phrases_are_each_read_on_from_where_they_were() {
    let stand = Stand::new(Tagged(stand_in::Server));
    let settings = stand.settings();
    let poll = |from: Option<&Cursor>| {
        let via = Via {
            wishes: &[],
            settings: &settings,
            http: &stand,
            post: &crate::NoPost,
            now: stand.now(),
        };
        contract::now(Mastodon.poll(&via, from)).unwrap()
    };
    let count = |page: &Page<Incoming>, long: bool| {
        page.items
            .iter()
            .filter(|i| (i.id.len() > 3) == long)
            .count()
    };
    let first = poll(None);
    assert_eq!((count(&first, false), count(&first, true)), (40, 1));
    assert!(
        first.items.iter().all(|i| !i.is_for_us),
        "found, not said to us"
    );
    stand.say("one");
    let second = poll(Some(&first.cursor));
    assert_eq!(count(&second, false), 5, "the rest of the tag");
    // 50 more were found, over two pages, and a mention.
    assert_eq!(count(&second, true), 51);
    let third = poll(Some(&second.cursor));
    assert_eq!(third.items, []);
}
