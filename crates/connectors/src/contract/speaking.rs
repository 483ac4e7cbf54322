//! What is sent arrives once, whatever happens to the answer.

use super::follower::Follower;
use super::{Received, Trouble, is_wait, now};
use crate::channel::{Author, Once, Seen};
use crate::{Fault, Outgoing, Sent};

pub fn all(f: &mut Follower) {
    answer(f);
    again(f);
    answer_lost(f);
    never_arrived(f);
    same_words(f);
    of_our_own(f);
    refused(f);
    f.follow().expect("a poll");
    f.knows_all("what we said was not said to us");
}

pub(super) fn outgoing(f: &Follower, key: &str, text: &str, to: Option<&str>) -> Outgoing {
    let known = to.and_then(|id| f.known.get(id));
    Outgoing {
        key: key.into(),
        text: text.into(),
        reply_to: to.map(String::from),
        thread: known.and_then(|k| k.thread.clone()),
        to: known
            .map_or_else(|| Some(Author::default()), |k| Some(k.author.clone()))
            .filter(|_| to.is_some()),
        seen: known.map_or(Seen::Public, |k| k.seen),
        since: f.stand_in.now(),
        answered: known.map(|k| k.raw.clone()),
        back: None,
    }
}

/// As whoever drives it does: before a repetition, what came through is looked for.
pub(super) fn send(f: &mut Follower, out: &Outgoing, is_first: bool) -> Result<Sent, Fault> {
    if f.channel.once() == Once::Asked {
        return send_asked(f, out);
    }
    let via = f.via();
    let looks_first = !is_first && f.channel.once() == Once::ReadBack;
    let found = match looks_first {
        true => now(f.channel.find_sent(&via, &f.account, out))?,
        false => None,
    };
    if let Some(sent) = found {
        return Ok(sent);
    }
    now(f.channel.send(&via, &f.account, out))
}

/// As whoever drives it does where the service says whether it took something: what it did not take goes anew, and what it may have taken
/// never goes again by itself.
fn send_asked(f: &mut Follower, out: &Outgoing) -> Result<Sent, Fault> {
    if f.open.contains(&out.key) {
        let found = now(f.channel.find_sent(&f.via(), &f.account, out))?;
        return found.ok_or_else(|| Fault::Unknown("it may have arrived".into()));
    }
    f.open.insert(out.key.clone());
    let sent = now(f.channel.send(&f.via(), &f.account, out));
    if sent
        .as_ref()
        .is_err_and(|e| !matches!(e, Fault::Unknown(_)))
    {
        f.open.remove(&out.key);
    }
    sent
}

/// What arrived with these words: some services want who is answered named before them.
pub(super) fn arrived(f: &Follower, words: &str) -> Vec<Received> {
    let mut all = f.stand_in.received();
    all.retain(|r| r.text.ends_with(words));
    all
}

fn asked(f: &mut Follower, text: &str) -> String {
    let id = f.stand_in.say(text);
    f.follow().expect("a poll");
    id
}

fn answer(f: &mut Follower) {
    let id = asked(f, "Do you hear me?");
    let out = outgoing(
        f,
        "key-answer",
        "Yes: https://a.example/x?y=1&z, <b> & \"more\"",
        Some(&id),
    );
    let sent = send(f, &out, true).expect("it is sent");
    let got = arrived(f, &out.text);
    assert_eq!(got.len(), 1, "it arrives: {:?}", f.stand_in.received());
    assert_eq!(got[0].id, sent.id, "under the id that is told");
    assert_eq!(
        got[0].reply_to.as_deref(),
        Some(id.as_str()),
        "as an answer"
    );
}

fn again(f: &mut Follower) {
    let id = asked(f, "Again?");
    let out = outgoing(f, "key-again", "Once is enough.", Some(&id));
    let first = send(f, &out, true).expect("it is sent");
    for _ in 0..2 {
        f.stand_in.pass(5);
        let second = send(f, &out, false).expect("it is sent");
        assert_eq!(second.id, first.id, "the same is told again");
    }
    assert_eq!(
        arrived(f, &out.text).len(),
        1,
        "sent again, it is there once"
    );
}

fn answer_lost(f: &mut Follower) {
    for days in [0, -3, 3] {
        f.stand_in.behave();
        f.stand_in.misbehave(Trouble::Skew(days));
        let id = asked(f, &format!("Lost, {days} days off?"));
        let text = format!("The answer to this was lost {days} days off.");
        let out = outgoing(f, &format!("key-lost{days}"), &text, Some(&id));
        f.stand_in.misbehave(Trouble::CrashAfterSend(1));
        let fault = send(f, &out, true).expect_err("its answer was lost");
        assert!(fault.passes(), "it may work later: {fault:?}");
        f.stand_in.pass(30);
        let sent = send(f, &out, false).expect("it is sent");
        let got = arrived(f, &text);
        assert_eq!(got.len(), 1, "sent, lost and sent again, it is there once");
        assert_eq!(got[0].id, sent.id);
    }
    f.stand_in.behave();
}

fn never_arrived(f: &mut Follower) {
    for trouble in [Trouble::Lost, Trouble::Down] {
        let id = asked(f, &format!("{trouble:?}?"));
        let text = format!("This never arrived: {trouble:?}.");
        let out = outgoing(f, &format!("key-{trouble:?}"), &text, Some(&id));
        f.stand_in.misbehave(trouble);
        let fault = send(f, &out, true).expect_err("it does not arrive");
        assert!(fault.passes(), "it may work later: {fault:?}");
        f.stand_in.behave();
        send(f, &out, false).expect("it is sent");
        assert_eq!(arrived(f, &text).len(), 1, "what never arrived is sent");
    }
}

/// The same words to another are another message.
fn same_words(f: &mut Follower) {
    let ids = ["One?", "Two?"].map(|text| asked(f, text));
    for (n, id) in ids.iter().enumerate() {
        let out = outgoing(f, &format!("key-same{n}"), "Thank you!", Some(id));
        send(f, &out, false).expect("it is sent");
        f.stand_in.pass(60);
    }
    let got = arrived(f, "Thank you!");
    let to: Vec<_> = got
        .iter()
        .map(|r| r.reply_to.clone().unwrap_or_default())
        .collect();
    assert_eq!(to, ids, "the same words to two are two messages");
}

/// What answers nobody, where a service has that at all.
fn of_our_own(f: &mut Follower) {
    let text = "We are open again.";
    let out = outgoing(f, "key-own", text, None);
    f.stand_in.misbehave(Trouble::CrashAfterSend(1));
    match send(f, &out, true) {
        Err(Fault::Refused(_)) if f.channel.publishes().is_none() => return f.stand_in.behave(),
        other => assert!(other.is_err_and(|e| e.passes()), "its answer was lost"),
    }
    f.stand_in.behave();
    f.stand_in.pass(30);
    let sent = send(f, &out, false).expect("it is sent");
    let got = arrived(f, text);
    assert_eq!(got.len(), 1, "sent, lost and sent again, it is there once");
    assert_eq!((&got[0].id, &got[0].reply_to), (&sent.id, &None));
}

fn refused(f: &mut Follower) {
    let id = asked(f, "Refused?");
    let out = outgoing(f, "key-refused", "In the end it is sent.", Some(&id));
    f.stand_in.misbehave(Trouble::Storm(2));
    for _ in 0..2 {
        let fault = send(f, &out, true).expect_err("a storm");
        is_wait(&fault, f.stand_in.now());
        f.stand_in.pass(super::house::RETRY);
    }
    f.stand_in.misbehave(Trouble::SignedOut);
    let fault = send(f, &out, false).expect_err("signed out");
    assert!(
        matches!(fault, Fault::SignedOut(_)),
        "signed out: {fault:?}"
    );
    f.stand_in.behave();
    f.stand_in.misbehave(Trouble::NotAllowed);
    let fault = now(f.channel.send(&f.via(), &f.account, &out)).expect_err("not allowed");
    assert!(
        matches!(fault, Fault::NotAllowed(_)),
        "not allowed: {fault:?}"
    );
    f.stand_in.behave();
    send(f, &out, false).expect("it is sent");
    assert_eq!(arrived(f, &out.text).len(), 1, "it is sent in the end");
}
