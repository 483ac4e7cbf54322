use super::*;
use crate::contract::{self, StandIn};
use std::sync::atomic::Ordering;

#[test]
fn it_passes_the_suite_with_an_appview() {
    contract::channel(&Bluesky::new(), &stand_in::stand_in(false));
}

#[test]
fn it_passes_the_suite_without_an_appview() {
    contract::channel(&Bluesky::new(), &stand_in::stand_in(true));
}

#[test]
fn a_session_is_made_once_and_renewed_when_it_has_ended() {
    let stand = stand_in::stand_in(false);
    let settings = stand.settings();
    let bluesky = Bluesky::new();
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &stand,
        post: &crate::NoPost,
        now: stand.now(),
    };
    let made = || stand.wire.made.load(Ordering::Relaxed);
    for _ in 0..3 {
        contract::now(bluesky.poll(&via, None)).unwrap();
        assert_eq!(made(), 1);
    }
    stand.wire.ended.fetch_add(1, Ordering::Relaxed);
    contract::now(bluesky.poll(&via, None)).unwrap();
    assert_eq!(made(), 1, "the other token opens a new one");
}

#[test]
fn an_answer_in_a_conversation_keeps_its_root() {
    let stand = stand_in::stand_in(false);
    let settings = stand.settings();
    let bluesky = Bluesky::new();
    let root = stand.say("root");
    let parent = stand.say("parent");
    let reply = |p: &mut crate::contract::house::Post| p.reply_to = Some(root.clone());
    stand
        .house()
        .posts
        .iter_mut()
        .filter(|p| p.id == parent)
        .for_each(reply);
    let via = Via {
        wishes: &[],
        settings: &settings,
        http: &stand,
        post: &crate::NoPost,
        now: stand.now(),
    };
    let page = contract::now(bluesky.poll(&via, None)).unwrap();
    assert_eq!(page.items[1].thread.as_ref(), Some(&root));
    assert_eq!(page.items[1].reply_to.as_ref(), Some(&root));
    assert_eq!(
        page.items[0].url.as_deref(),
        Some("https://bsky.app/profile/ada.example/post/3k00000000001")
    );
    assert_eq!(parts("at://did/x"), None);
}
