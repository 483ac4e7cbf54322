//! Posts of our own: each is there once, answers to it are told as such, and what came of it is read back.

use super::follower::Follower;
use super::speaking::{arrived, outgoing, send};
use super::{Trouble, is_wait, now};
use crate::publish::{Echo, Publishes};
use crate::{Fault, Outgoing, Sent};

/// As many are asked for as no service takes at once.
const MANY: usize = 120;

pub fn all(f: &mut Follower) {
    let Some(publishes) = f.channel.publishes() else {
        return is_silent(f);
    };
    limits(f, publishes);
    answer_lost(f);
    never_arrived(f);
    refused(f);
    let sent = published(f, "key-echo", "This is heard.");
    answered(f, &sent);
    echoes(f, &sent);
    f.follow().expect("a poll");
    f.knows_all("what we published was not said to us");
}

/// Where nothing is published, nothing comes of it.
fn is_silent(f: &mut Follower) {
    let echo = now(f.channel.echo(&f.via(), &f.account, &["none".into()]));
    assert_eq!(
        echo,
        Ok(Vec::new()),
        "who publishes nothing hears nothing of it"
    );
}

fn published(f: &mut Follower, key: &str, text: &str) -> Sent {
    let out = outgoing(f, key, text, None);
    f.stand_in.pass(300);
    send(f, &out, true).expect("it is published")
}

/// The longest there is arrives whole, and what is longer is refused for good.
fn limits(f: &mut Follower, publishes: Publishes) {
    assert!(publishes.longest >= 100);
    let longest: String = "word "
        .chars()
        .cycle()
        .take(publishes.longest - 1)
        .collect();
    let longest = longest + ".";
    assert!(publishes.takes(&longest));
    let sent = published(f, "key-longest", &longest);
    let got = arrived(f, &longest);
    assert_eq!(got.len(), 1, "the longest post arrives whole");
    assert_eq!((&got[0].id, &got[0].reply_to), (&sent.id, &None));
    let longer = format!("{longest}!");
    assert!(!publishes.takes(&longer));
    let out = outgoing(f, "key-longer", &longer, None);
    let fault = send(f, &out, true).expect_err("it is too long");
    assert!(matches!(fault, Fault::Refused(_)), "too long: {fault:?}");
    assert_eq!(arrived(f, &longer), [], "what is too long is not there");
}

/// Whatever clocks show: sent, lost and sent again, it is there once.
fn answer_lost(f: &mut Follower) {
    for days in [0, -3, 3] {
        f.stand_in.behave();
        f.stand_in.misbehave(Trouble::Skew(days));
        let text = format!("News, {days} days off. See https://halden.example/?a=1&b=2 #meters");
        let out = outgoing(f, &format!("key-news{days}"), &text, None);
        f.stand_in.misbehave(Trouble::CrashAfterSend(1));
        let fault = send(f, &out, true).expect_err("its answer was lost");
        assert!(fault.passes(), "it may work later: {fault:?}");
        f.stand_in.pass(30);
        let sent = again(f, &out);
        let got = arrived(f, &text);
        assert_eq!(
            got.len(),
            1,
            "published, lost and published again, it is there once"
        );
        assert_eq!((&got[0].id, &got[0].reply_to), (&sent.id, &None));
        assert_eq!(again(f, &out).id, sent.id, "the same is told again");
        assert_eq!(
            arrived(f, &text).len(),
            1,
            "published again, it is there once"
        );
    }
    f.stand_in.behave();
}

fn again(f: &mut Follower, out: &Outgoing) -> Sent {
    send(f, out, false).expect("it is published")
}

fn never_arrived(f: &mut Follower) {
    for trouble in [Trouble::Lost, Trouble::Down, Trouble::HalfAPage] {
        let text = format!("This news never arrived: {trouble:?}.");
        let out = outgoing(f, &format!("key-news-{trouble:?}"), &text, None);
        f.stand_in.misbehave(trouble);
        let first = send(f, &out, true);
        f.stand_in.behave();
        if let Err(fault) = &first {
            assert!(fault.passes(), "it may work later: {fault:?}");
        }
        f.stand_in.pass(30);
        again(f, &out);
        assert_eq!(
            arrived(f, &text).len(),
            1,
            "what never arrived is published"
        );
    }
}

fn refused(f: &mut Follower) {
    let out = outgoing(f, "key-news-refused", "In the end it is published.", None);
    f.stand_in.misbehave(Trouble::Storm(2));
    for _ in 0..2 {
        let fault = send(f, &out, true).expect_err("a storm");
        is_wait(&fault, f.stand_in.now());
        f.stand_in.pass(super::house::RETRY);
    }
    for (trouble, is_it) in [
        (
            Trouble::SignedOut,
            (|e| matches!(e, Fault::SignedOut(_))) as fn(&Fault) -> bool,
        ),
        (Trouble::NotAllowed, |e| matches!(e, Fault::NotAllowed(_))),
    ] {
        f.stand_in.behave();
        f.stand_in.misbehave(trouble);
        let sent = now(f.channel.send(&f.via(), &f.account, &out));
        let fault = sent.expect_err("it is refused");
        assert!(is_it(&fault), "{trouble:?}: {fault:?}");
    }
    f.stand_in.behave();
    again(f, &out);
    assert_eq!(arrived(f, &out.text).len(), 1, "it is published in the end");
}

/// Who answers a post is told with the id the post was published under: as what is answered, or as the thread.
fn answered(f: &mut Follower, sent: &Sent) {
    let id = f.stand_in.say_to(&sent.id, "Good news!");
    f.follow().expect("a poll");
    let said = f.known.get(&id).expect("the answer to a post is told");
    let of = [&said.reply_to, &said.thread];
    let is_known = of.iter().any(|of| of.as_ref() == Some(&sent.id));
    assert!(
        is_known,
        "what was answered is told by the id it was published under: {of:?}"
    );
    assert!(said.is_for_us, "an answer to us is for us");
}

fn echoes(f: &mut Follower, sent: &Sent) {
    let ask = |f: &Follower, ids: &[String]| now(f.channel.echo(&f.via(), &f.account, ids));
    assert_eq!(ask(f, &[]), Ok(Vec::new()), "nothing is asked for");
    f.stand_in.receive(&sent.id, 12, 3);
    let ids = [sent.id.clone()];
    let told = ask(f, &ids).expect("what came of it");
    // Some services tell nothing at all, and say so by leaving it out.
    let Some(echo) = told.first().cloned() else {
        return;
    };
    assert_eq!(told.len(), 1, "one post has one echo");
    assert_eq!((echo.likes, echo.reposts), (Some(12), Some(3)));
    f.stand_in.receive(&sent.id, 13, 3);
    let told = ask(f, &ids).expect("what came of it");
    assert_eq!(told[0].likes, Some(13), "it is read anew");
    for trouble in [Trouble::Twice, Trouble::OutOfOrder, Trouble::Garbage] {
        f.stand_in.misbehave(trouble);
        let told = ask(f, &ids).unwrap_or_else(|e| panic!("{trouble:?}: {e}"));
        assert_eq!(told.len(), 1, "{trouble:?}");
        assert_eq!((&told[0].id, told[0].likes), (&sent.id, Some(13)));
        f.stand_in.behave();
    }
    let others =
        (0..MANY).map(|n| published(f, &format!("key-many{n}"), &format!("Post {n} of many.")).id);
    let mut all: Vec<String> = others.collect();
    f.stand_in.delete(&all[0].clone());
    all.push(sent.id.clone());
    let told = ask(f, &all).expect("what came of many");
    let mut of: Vec<&String> = told.iter().map(|e: &Echo| &e.id).collect();
    let mut expected: Vec<&String> = all.iter().skip(1).collect();
    of.sort();
    expected.sort();
    assert_eq!(of, expected, "each that is there is told once");
    f.stand_in.misbehave(Trouble::Storm(1));
    let fault = ask(f, &ids).expect_err("a storm");
    is_wait(&fault, f.stand_in.now());
    f.stand_in.misbehave(Trouble::SignedOut);
    let fault = ask(f, &ids).expect_err("signed out");
    assert!(
        matches!(fault, Fault::SignedOut(_)),
        "signed out: {fault:?}"
    );
    f.stand_in.behave();
    f.stand_in.misbehave(Trouble::Down);
    assert!(
        ask(f, &ids).expect_err("down").passes(),
        "it may work later"
    );
    f.stand_in.behave();
}
