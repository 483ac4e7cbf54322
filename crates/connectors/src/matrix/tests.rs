use super::*;
use crate::channel::What;
use crate::contract::house::Stand;
use crate::contract::{self, StandIn};

#[test]
fn it_passes_the_suite() {
    contract::channel(&Matrix, &stand_in::stand_in());
}

#[test]
fn only_who_said_something_can_change_it() {
    let edit = |sender: &str| {
        json!({
            "event_id": format!("$by{sender}"),
            "type": "m.room.message",
            "sender": sender,
            "origin_server_ts": i64::MAX,
            "content": {
                "msgtype": "m.text",
                "body": "* x",
                "m.new_content": {"body": format!("by {sender}")},
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$1/a_b-c"},
            },
        })
    };
    let more = vec![(2, edit("@mallory:example")), (3, edit("@ada:far.example"))];
    let stand = Stand::new(stand_in::Server { more });
    stand.say("mine");
    let settings = stand.settings();
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &stand,
        post: &crate::NoPost,
        now: stand.now(),
    };
    let page = contract::now(Matrix.poll(&via, None)).unwrap();
    let told: Vec<_> = page
        .items
        .iter()
        .map(|i| (i.what, i.text.as_str()))
        .collect();
    assert_eq!(
        told,
        [(What::Said, "mine"), (What::Edited, "by @ada:far.example")]
    );
    assert_eq!(page.items[0].thread.as_deref(), Some(stand_in::ROOM));
}

#[test]
fn a_picture_is_told_of_by_its_name() {
    let picture = json!({
        "event_id": "$p",
        "type": "m.room.message",
        "sender": "@ada:far.example",
        "origin_server_ts": i64::MAX,
        "content": {"msgtype": "m.image", "body": "pump.jpg", "url": "mxc://far.example/x"},
    });
    let stand = Stand::new(stand_in::Server {
        more: vec![(2, picture)],
    });
    let settings = stand.settings();
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &stand,
        post: &crate::NoPost,
        now: stand.now(),
    };
    let page = contract::now(Matrix.poll(&via, None)).unwrap();
    let media = &page.items.last().unwrap().media[0];
    let told = (media.kind.as_str(), media.description.as_str());
    assert_eq!(told, ("image", "pump.jpg"));
}

#[test]
fn what_is_no_answer_needs_a_room() {
    let stand = stand_in::stand_in();
    let mut settings = stand.settings();
    let out = Outgoing {
        key: "k/1".into(),
        text: "Hello".into(),
        reply_to: None,
        thread: None,
        to: None,
        seen: crate::channel::Seen::Public,
        since: 0,
        answered: None,
        back: None,
    };
    let send = |settings: &Settings| {
        let via = Via {
            wishes: &[],
            settings,
            http: &stand,
            post: &crate::NoPost,
            now: 0,
        };
        contract::now(Matrix.send(&via, &Account::default(), &out))
    };
    assert!(matches!(send(&settings), Err(Fault::Refused(_))));
    settings.0.insert("room".into(), stand_in::ROOM.into());
    assert_eq!(send(&settings).unwrap().id, "$1/a_b-c");
}
