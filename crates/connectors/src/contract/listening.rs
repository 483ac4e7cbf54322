//! What is said arrives once, whatever the service does.

use super::follower::Follower;
use super::{Parcel, Trouble, Way, is_wait};
use crate::Fault;
use crate::channel::Delivered;

pub fn all(follower: &mut Follower) {
    plain(follower);
    again_after_a_crash(follower);
    told_twice_and_out_of_order(follower);
    more_than_a_page(follower);
    refused(follower);
    broken(follower);
    changed(follower);
    unknown_cursor(follower);
}

fn plain(f: &mut Follower) {
    f.follow().expect("nothing was said yet");
    for text in [
        "Where is my order?",
        "It is 12 < 13 & \"late\"",
        "öffentlich 🦀\nzweite Zeile",
    ] {
        f.stand_in.say(text);
        f.follow().expect("a poll");
    }
    f.knows_all("said one by one");
    let known = f.known.values();
    for item in known {
        assert!(!item.author.id.is_empty(), "who wrote it has an id");
        let off = (item.at - f.stand_in.now()).abs();
        assert!(off < 86_400_000_000, "said at {}", item.at);
    }
    f.follow().expect("a poll");
    f.knows_all("nothing new");
}

/// What came is not committed; the same cursor is asked again.
fn again_after_a_crash(f: &mut Follower) {
    for n in 0..3 {
        f.stand_in.say(&format!("crash {n}"));
    }
    let lost = f.ask(f.cursor.as_ref()).expect("a poll");
    assert!(!lost.items.is_empty(), "something was told");
    if !lost.has_more {
        let times: Vec<_> = lost.items.iter().map(|i| i.at).collect();
        assert!(times.is_sorted(), "oldest first: {times:?}");
    }
    f.follow().expect("a poll");
    f.knows_all("told again after a crash");
}

fn told_twice_and_out_of_order(f: &mut Follower) {
    for trouble in [Trouble::Twice, Trouble::OutOfOrder, Trouble::Garbage] {
        f.stand_in.misbehave(trouble);
        // A few, and more than a page.
        for round in [5, 7, 130] {
            for n in 0..round {
                f.stand_in.say(&format!("{trouble:?} {round} {n}"));
            }
            f.follow().unwrap_or_else(|e| panic!("{trouble:?}: {e}"));
        }
        f.knows_all(&format!("{trouble:?}"));
        f.stand_in.behave();
        f.stand_in.say("after");
        f.follow().expect("a poll");
        f.knows_all(&format!("after {trouble:?}"));
    }
}

/// A service that shows the newest first leaves a gap to whoever reads one page only.
fn more_than_a_page(f: &mut Follower) {
    for n in 0..333 {
        f.stand_in.say(&format!("many {n}"));
    }
    // In the middle, answers end early: the page is asked again.
    let _ = f.poll().expect("a poll");
    f.stand_in.misbehave(Trouble::HalfAPage);
    let half = f.poll().err();
    assert!(
        half.is_none_or(|e| e.passes()),
        "half a page may be whole later"
    );
    f.stand_in.behave();
    f.follow().expect("a poll");
    f.knows_all("more than a page between two polls");
}

fn refused(f: &mut Follower) {
    f.stand_in.say("in a storm");
    f.stand_in.misbehave(Trouble::Storm(3));
    for _ in 0..3 {
        let fault = f.poll().expect_err("a storm");
        is_wait(&fault, f.stand_in.now());
        f.stand_in.pass(super::house::RETRY);
    }
    f.follow().expect("the storm is over");
    f.knows_all("a storm of 429");

    f.stand_in.say("signed out");
    f.stand_in.misbehave(Trouble::SignedOut);
    let faults = [f.poll().err(), f.ask_account().err()];
    for fault in faults {
        let is = matches!(fault, Some(Fault::SignedOut(_)));
        assert!(is, "a key that does not open: {fault:?}");
    }
    f.stand_in.behave();
    f.follow().expect("signed in again");
    f.knows_all("signed in again");

    for days in [-3, 3] {
        f.stand_in.misbehave(Trouble::Skew(days));
        f.stand_in.say(&format!("{days} days off"));
        f.follow().expect("a poll");
        f.stand_in.misbehave(Trouble::Storm(1));
        let fault = f.poll().expect_err("a storm");
        is_wait(&fault, f.stand_in.now());
        f.stand_in.behave();
    }
    f.follow().expect("a poll");
    f.knows_all("our clock is off");
}

fn broken(f: &mut Follower) {
    for trouble in [Trouble::HalfAPage, Trouble::Down, Trouble::Lost] {
        f.stand_in.say(&format!("{trouble:?}"));
        f.stand_in.misbehave(trouble);
        let fault = f.poll().expect_err("it is broken");
        assert!(fault.passes(), "{trouble:?} may work later: {fault:?}");
        f.stand_in.behave();
        f.follow().expect("it works again");
        f.knows_all(&format!("{trouble:?}"));
    }
}

fn changed(f: &mut Follower) {
    let ways = f.stand_in.ways();
    let _ = f.stand_in.parcels();
    let ids = ["first", "second", "third"].map(|text| f.stand_in.say(text));
    f.follow().expect("a poll");
    if ways.edits != Way::Never {
        f.stand_in.edit(&ids[0], "first, but better");
        f.stand_in.pass(60);
    }
    if ways.deletions != Way::Never {
        f.stand_in.delete(&ids[1]);
        f.stand_in.pass(60);
    }
    if [ways.edits, ways.deletions].contains(&Way::Webhook) {
        for parcel in f.stand_in.parcels() {
            f.deliver(&parcel).expect("a delivery");
        }
    }
    f.follow().expect("a poll");
    f.knows_all("changed and taken back");
    f.follow().expect("a poll");
    f.knows_all("changed and taken back, polled again");
}

/// The last of all: what is large is told again and again by some.
pub fn hostile(f: &mut Follower) {
    let million = "x".repeat(1_000_000);
    let nested = "<b>".repeat(50_000);
    let payloads = [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "nul \u{0} bell \u{7} turned \u{202e} around \u{2066}",
        "<scr<script>ipt>alert(1)</script>",
        "{{constructor}} ${7*7} '; DROP TABLE cases; --",
        "&#0;&#x202e;&#xFFFFFFFF;&lt",
        "<!--",
        "",
        &million,
        &nested,
    ];
    for text in payloads {
        f.stand_in.say_raw(text);
    }
    f.stand_in.say("after the hostile");
    f.follow().expect("hostile texts are texts");
    f.knows_all("hostile texts");
}

/// What another version wrote means beginning anew, not failing.
fn unknown_cursor(f: &mut Follower) {
    for (version, state) in [
        (9999, serde_json::json!({"a": [1]})),
        (1, serde_json::json!("?")),
    ] {
        let cursor = crate::Cursor { version, state };
        let page = f.ask(Some(&cursor)).expect("a beginning anew");
        page.items.into_iter().for_each(|item| f.keep(item));
        f.knows_all("begun anew");
    }
}

pub fn webhooks(f: &mut Follower) {
    let _ = f.stand_in.parcels();
    f.stand_in.say("by webhook");
    f.stand_in.say("by webhook and poll");
    let parcels = f.stand_in.parcels();
    if parcels.is_empty() {
        f.follow().expect("a poll");
        return;
    }
    for parcel in &parcels {
        let said = f.deliver(parcel).expect("a delivery");
        assert!(
            matches!(&said, Delivered::Said(items) if !items.is_empty()),
            "{said:?}"
        );
    }
    f.knows_all("told by webhook");
    f.follow().expect("a poll");
    for parcel in &parcels {
        f.deliver(parcel).expect("delivered again");
    }
    f.knows_all("told by webhook, poll and webhook");
    false_ones(f, &parcels[0]);
}

fn false_ones(f: &mut Follower, genuine: &Parcel) {
    let mut changed = genuine.clone();
    changed.body.push(b' ');
    let mut unsigned = genuine.clone();
    unsigned.headers.clear();
    for parcel in [changed, unsigned] {
        let got = f.deliver(&parcel);
        let is_refused = matches!(got, Err(Fault::Refused(_)));
        // Without a signature over the body, a token in it is all that can be checked.
        let has_token = !f.stand_in.ways().window && genuine.headers.is_empty();
        assert!(is_refused || has_token, "a false delivery: {got:?}");
    }
    if f.stand_in.ways().window {
        f.stand_in.pass(601);
        let got = f.deliver(genuine);
        assert!(
            matches!(got, Err(Fault::Refused(_))),
            "an old delivery: {got:?}"
        );
    }
    let deep = format!("{{\"event\":{}", "[".repeat(100_000));
    let bodies = [
        "",
        "null",
        "[",
        "{}",
        "[[],{},1]",
        r#"{"event":{"type":1},"entry":{}}"#,
        &deep,
    ];
    for body in bodies {
        if let Some(parcel) = f.stand_in.parcel(body.as_bytes()) {
            let got = f.deliver(&parcel);
            let is = !matches!(&got, Ok(Delivered::Said(items)) if !items.is_empty());
            assert!(is, "nothing was said: {got:?}");
        }
    }
}
