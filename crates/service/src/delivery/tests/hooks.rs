//! Webhooks both ways, and feeds.

use super::*;
use crate::delivery::hooks::{NewHook, signature};
use crate::delivery::incoming::{A_MINUTE, Note};
use serde_json::Value;
use store::testing::on_both;

fn hook(url: String, kinds: &str) -> NewHook {
    NewHook {
        name: "CRM".into(),
        url,
        kinds: kinds.into(),
        form: String::new(),
        off: false,
    }
}

async fn with_hook(db: Db, kinds: &str) -> (House, Receiver, String, String) {
    let receiver = Receiver::open().await;
    let config = Config {
        allow_hosts: "127.0.0.1".into(),
        ..Config::default()
    };
    let house = House::open(db, config).await;
    let url = format!("http://127.0.0.1:{}/in?x=1", receiver.port);
    let made = house
        .delivery
        .make_hook(&house.olive, &hook(url, kinds))
        .await;
    let (row, secret) = made.unwrap();
    (house, receiver, row.id, secret)
}

#[test]
fn a_chat_is_told_in_a_line_that_calls_nobody_and_says_where() {
    on_both(|db| async move {
        let (house, receiver, id, _) = with_hook(db, "message.posted").await;
        let row = house.delivery.hook(&id).await.unwrap();
        let chat = NewHook {
            form: "chat".into(),
            ..hook(row.url, "message.posted")
        };
        house
            .delivery
            .change_hook(&house.olive, &id, &chat)
            .await
            .unwrap();
        house.say(&house.maren, "Look <!channel> @here").await;
        house.after(1).await;
        let got = receiver.take();
        let (_, body) = got[0].split_once("\r\n\r\n").unwrap();
        let told: Value = serde_json::from_str(body).unwrap();
        let line = told["text"].as_str().unwrap();
        assert!(
            line.contains("wrote about Kestrel: Look &lt;!channel&gt; @\u{200b}here"),
            "{line}"
        );
        assert!(line.contains("/case/Kestrel"), "{line}");
        let wrong = NewHook {
            form: "xml".into(),
            ..chat
        };
        let refused = house.delivery.change_hook(&house.olive, &id, &wrong).await;
        assert_eq!(refused.unwrap_err().status, 400);
    });
}

#[test]
fn a_hook_is_told_each_event_once_signed_as_its_libraries_expect() {
    on_both(|db| async move {
        let (house, receiver, id, secret) = with_hook(db, "message.posted").await;
        let seq = house.say(&house.maren, "Hello").await;
        house.after(1).await;
        house.after(1).await;
        let got = receiver.take();
        assert_eq!(got.len(), 1, "{got:?}");
        assert!(got[0].starts_with("POST /in?x=1 HTTP/1.1"));
        let (_, body) = got[0].split_once("\r\n\r\n").unwrap();
        let [name, time, signed] = ["webhook-id", "webhook-timestamp", "webhook-signature"]
            .map(|h| header(&got[0], h).unwrap());
        assert_eq!(name, format!("{id}_{seq}"));
        assert_eq!(signed, signature(&secret, &name, &time, body));
        let told: Value = serde_json::from_str(body).unwrap();
        assert_eq!(told["type"], "message.posted");
        assert_eq!(told["data"]["message"]["body"], "Hello");
        assert_eq!(told["data"]["case"], "Kestrel");
        let log = house.delivery.deliveries(&id).await.unwrap();
        assert_eq!(
            (log.len(), log[0].status.as_str(), log[0].code),
            (1, "sent", Some(204))
        );
        house.delivery.send_again(&id, seq).await.unwrap();
        house.after(1).await;
        let again = receiver.take();
        assert_eq!(
            header(&again[0], "webhook-id").unwrap(),
            name,
            "the same event, told again"
        );
    });
}

#[test]
fn an_outage_loses_nothing_and_what_is_gone_is_left_alone() {
    on_both(|db| async move {
        let (house, receiver, id, _) = with_hook(db, "message.").await;
        receiver.status.store(503, Ordering::SeqCst);
        for n in 0..5 {
            house.say(&house.maren, &n.to_string()).await;
        }
        house.after(1).await;
        let log = house.delivery.deliveries(&id).await.unwrap();
        assert!(
            log.iter()
                .all(|d| d.status == "waiting" && d.error.as_deref() == Some("answered 503"))
        );
        receiver.take();
        receiver.status.store(200, Ordering::SeqCst);
        house.after(60).await;
        let mut seen: Vec<String> = receiver
            .take()
            .iter()
            .map(|r| header(r, "webhook-id").unwrap())
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5);
        receiver.status.store(410, Ordering::SeqCst);
        house.say(&house.maren, "gone").await;
        house.after(1).await;
        assert_eq!(house.delivery.hook(&id).await.unwrap().state, "off");
        house.say(&house.maren, "unheard").await;
        house.after(60).await;
        assert_eq!(receiver.take().len(), 1);
        receiver.status.store(200, Ordering::SeqCst);
        let on = hook(format!("http://127.0.0.1:{}/", receiver.port), "message.");
        house
            .delivery
            .change_hook(&house.olive, &id, &on)
            .await
            .unwrap();
        house.after(1).await;
        assert_eq!(
            receiver.take().len(),
            1,
            "what happened while it was off is told"
        );
        house.delivery.delete_hook(&house.olive, &id).await.unwrap();
        house.after(60).await;
        assert!(house.delivery.hooks().await.unwrap().is_empty());
    });
}

#[test]
fn a_hook_to_within_is_not_made_and_one_that_leads_there_is_given_up() {
    on_both(|db| async move {
        let house = House::open(db, Config::default()).await;
        for url in [
            "http://127.0.0.1/",
            "http://0x7f.1/",
            "ftp://example.com/",
            "https://[::1]/",
        ] {
            let made = house
                .delivery
                .make_hook(&house.olive, &hook(url.into(), ""))
                .await;
            assert_eq!(made.unwrap_err().status, 400, "{url}");
        }
        let inside = hook("http://localhost:1/".into(), "message.");
        let (row, _) = house
            .delivery
            .make_hook(&house.olive, &inside)
            .await
            .unwrap();
        house.say(&house.maren, "Hello").await;
        house.after(1).await;
        let log = house.delivery.deliveries(&row.id).await.unwrap();
        assert_eq!(log[0].status, "failed");
        assert!(log[0].error.as_deref().unwrap().contains("not public"));
    });
}

#[test]
fn a_note_comes_in_as_the_person_of_the_address_and_not_too_often() {
    on_both(|db| async move {
        let house = House::open(db, Config::default()).await;
        let made = house
            .delivery
            .make_incoming(&house.maren, "deals", "Phone system")
            .await;
        let (row, address) = made.unwrap();
        let secret = address.rsplit('/').next().unwrap();
        let note = |case: &str, client: Option<&str>| Note {
            case: case.into(),
            text: "They called, **twice**".into(),
            client: client.map(String::from),
        };
        let write = async |note: Note| house.delivery.write_note(secret, &note).await;
        let id = write(note("Kestrel", Some("call-1"))).await.unwrap();
        assert_eq!(write(note("Kestrel", Some("call-1"))).await.unwrap(), id);
        assert_eq!(house.said().await, ["They called, **twice**"]);
        assert_eq!(write(note("None", None)).await.unwrap_err().status, 404);
        for _ in 3..A_MINUTE as usize {
            write(note("Kestrel", Some("call-1"))).await.unwrap();
        }
        assert_eq!(write(note("Kestrel", None)).await.unwrap_err().status, 429);
        house.after(60).await;
        house
            .delivery
            .revoke_incoming(&house.maren, &row.id)
            .await
            .unwrap();
        assert_eq!(write(note("Kestrel", None)).await.unwrap_err().status, 404);
    });
}

#[test]
fn a_feed_holds_what_a_person_follows_as_well_formed_xml_until_its_address_is_made_anew() {
    on_both(|db| async move {
        let house = House::open(db, Config::default()).await;
        house
            .say(
                &house.maren,
                "1 < 2 & <script>alert(1)</script> ]]> \u{b}\"quoted\"",
            )
            .await;
        let address = house.delivery.make_feed(&house.maren).await.unwrap();
        let token = address.split('/').nth_back(1).unwrap().to_string();
        let feed = house.delivery.stream_feed(&token).await.unwrap();
        assert!(!feed.xml.contains("<script>") && !feed.xml.contains('\u{b}'));
        assert!(
            feed.xml
                .contains("https://tenon.example/p/deals/case/Kestrel")
        );
        assert_eq!(feed.xml.matches("<entry>").count(), 1);
        let again = house.delivery.stream_feed(&token).await.unwrap();
        assert_eq!(again.etag, feed.etag);
        house
            .delivery
            .improvements_feed(&token, "deals")
            .await
            .unwrap();
        house.delivery.make_feed(&house.maren).await.unwrap();
        assert_eq!(
            house.delivery.stream_feed(&token).await.unwrap_err().status,
            404
        );
        house.delivery.drop_feed(&house.maren).await.unwrap();
        assert_eq!(house.delivery.has_feed(&house.maren).await.unwrap(), None);
    });
}
