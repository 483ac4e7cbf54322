//! What a channel says it can follow is found: each post once, whatever the service does, and as what it is: not said to us.

use super::follower::Follower;
use super::{StandIn, Trouble, is_wait};
use crate::{Channel, Fault, Wanted, Wish};
use std::collections::BTreeSet;

/// Long enough for a service that may not be searched often.
const LATER: i64 = 600;

pub fn all(channel: &dyn Channel, stand_in: &dyn StandIn) {
    let follows = channel.follows(&stand_in.settings());
    assert!(!follows.note.is_empty(), "what it can follow is said");
    for what in [Wanted::Account, Wanted::Tag, Wanted::Phrase] {
        match follows.can(what) {
            true => one(channel, stand_in, what),
            false => nothing(channel, stand_in, what),
        }
    }
}

fn wish(stand_in: &dyn StandIn, channel: &dyn Channel, what: Wanted) -> Wish {
    let words = match what {
        Wanted::Account => {
            let follower = Follower::new(channel, stand_in);
            let asked = |name: &str| super::now(channel.resolve(&follower.via(), name));
            let gone = asked("@nobody");
            assert!(
                matches!(gone, Err(Fault::Gone(_))),
                "nobody is nobody: {gone:?}"
            );
            let ada = ["@ada", "@ada.example"].map(asked).into_iter();
            ada.filter_map(Result::ok)
                .next()
                .expect("an account that is there")
        }
        Wanted::Tag => "brewing".into(),
        Wanted::Phrase => "flow meter".into(),
    };
    Wish::of(what, &words)
}

fn found(f: &Follower) -> BTreeSet<String> {
    let found = f.known.values().filter(|i| !i.is_for_us);
    found.map(|i| i.id.clone()).collect()
}

/// What cannot be followed is left alone, and nothing comes of it.
fn nothing(channel: &dyn Channel, stand_in: &dyn StandIn, what: Wanted) {
    let mut f = Follower::new(channel, stand_in);
    f.wishes = vec![Wish::of(what, "brewing")];
    f.follow().expect("a wish it cannot fulfil harms nothing");
    assert_eq!(found(&f), BTreeSet::new(), "nothing is followed");
}

fn one(channel: &dyn Channel, stand_in: &dyn StandIn, what: Wanted) {
    let is_it = |text: &str| match what {
        Wanted::Account => true,
        Wanted::Tag => text.contains("#brewing"),
        Wanted::Phrase => text.contains("flow meter"),
    };
    let mut f = Follower::new(channel, stand_in);
    f.wishes = vec![wish(stand_in, channel, what)];
    stand_in.pass(LATER);
    f.follow().expect("a first look");
    // What was there before may be told lately, or not.
    let before = found(&f);
    let mut truth = BTreeSet::new();
    let mut say = |text: &str| {
        let id = stand_in
            .say_elsewhere(text)
            .expect("a stand-in that is looked through");
        if is_it(text) {
            truth.insert(id);
        }
    };
    let told =
        |f: &Follower| -> BTreeSet<String> { found(f).difference(&before).cloned().collect() };
    for text in [
        "It drifts #brewing",
        "Our flow meter drifts",
        "nothing of it",
    ] {
        say(text);
    }
    for trouble in [Trouble::Twice, Trouble::OutOfOrder, Trouble::Garbage] {
        stand_in.misbehave(trouble);
        for n in 0..70 {
            say(&format!("{n} a flow meter #brewing"));
        }
        stand_in.pass(LATER);
        f.follow().unwrap_or_else(|e| panic!("{trouble:?}: {e}"));
        stand_in.behave();
    }
    say("a flow meter in a crash #brewing");
    stand_in.pass(LATER);
    // What came is not committed; the same cursor is asked again.
    f.ask(f.cursor.as_ref()).expect("a look that is lost");
    f.follow().expect("the same again");
    say("a flow meter in a storm #brewing");
    stand_in.pass(LATER);
    stand_in.misbehave(Trouble::Storm(1));
    is_wait(&f.poll().expect_err("a storm"), stand_in.now());
    stand_in.behave();
    stand_in.pass(LATER);
    f.follow().expect("the storm is over");
    assert_eq!(told(&f), truth, "{what:?}: all of it, and nothing else");
    // Nobody wishes for it any more.
    f.wishes.clear();
    stand_in.say_elsewhere("a flow meter too late #brewing");
    stand_in.pass(LATER);
    f.follow().expect("nothing to follow");
    assert_eq!(told(&f), truth, "what nobody wishes for is not read");
}
