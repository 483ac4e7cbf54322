//! Writing a link back: once, whatever is lost on the way, and nothing where it may not.

use super::{Break, HOSTILE, Make, NOW, RETRY, Trial, Trouble, block_on, with};
use crate::source::Note;
use crate::{Fault, Source};
use std::sync::atomic::Ordering;

fn note(of: &str) -> Note {
    Note {
        key: format!("tenon-{of}"),
        title: "This case in Tenon".into(),
        url: format!("https://tenon.example/p/deals/case/{of}"),
        text: "What colleagues say about it is kept there.".into(),
    }
}

/// Two deals.
fn deals(t: &Trial) -> (String, String) {
    let mut all: Vec<String> = t.peer.known().into_iter().map(|k| k.0).collect();
    all.dedup();
    (all[0].clone(), all[1].clone())
}

fn write(t: &Trial, deal: &str, note: &Note) -> Result<String, Fault> {
    let line = t.line(None);
    block_on(t.source.write_back(&t.via(&line), deal, note))
}

/// One note at each of these, with the link and its key, and no other.
fn is_written(t: &Trial, notes: &[(&str, &Note)], when: &str) {
    let there = t.peer.notes();
    assert_eq!(there.len(), notes.len(), "{when}: {there:?}");
    for (deal, note) in notes {
        let found = there
            .iter()
            .find(|(d, text)| d == deal && text.contains(&note.key));
        let says = found.is_some_and(|(_, text)| text.contains(&note.url));
        assert!(says, "{when}: nothing of {note:?} at {deal} in {there:?}");
    }
}

pub fn check(make: Make) {
    let (source, _) = make();
    match source.writes_back() {
        None => cannot(make),
        Some(writes) => {
            let says = !writes.what.is_empty() && !writes.right.is_empty();
            assert!(
                says,
                "it does not say what it writes and which right it needs"
            );
            once(make);
            interrupted(make);
            shut(make);
        }
    }
}

/// A source that cannot says so, and asks its service nothing.
fn cannot(make: Make) {
    with(make, NOW, |t| {
        let (deal, _) = deals(t);
        let line = t.line(None);
        let written = block_on(t.source.write_back(&t.via(&line), &deal, &note("1")));
        assert!(matches!(written, Err(Fault::Refused(_))), "{written:?}");
        assert_eq!(line.calls.load(Ordering::Relaxed), 0);
    });
}

/// Once for a case, however often and by whomever it is asked; notes of other cases and of people are not taken for it.
fn once(make: Make) {
    with(make, NOW, |t| {
        let (one, other) = deals(t);
        let (first, second) = (note("1"), note("2"));
        let id = write(t, &one, &first);
        assert!(id.is_ok(), "{id:?}");
        is_written(t, &[(&one, &first)], "the first time");
        // Other notes at the same deal, more than a page of them.
        let others: Vec<Note> = (10..15).map(|n| note(&n.to_string())).collect();
        let mut all = vec![(one.as_str(), &first)];
        for note in &others {
            assert!(write(t, &one, note).is_ok());
            all.push((&one, note));
        }
        assert!(write(t, &other, &second).is_ok());
        all.push((&other, &second));
        let again = others
            .last()
            .map(|n| (write(t, &one, n), write(t, &one, n)));
        assert!(again.is_some_and(|(a, b)| a.is_ok() && a == b));
        assert_eq!(write(t, &one, &first), id);
        is_written(t, &all, "asked again");
        // A session that ended changes nothing, nor does a server that was started anew.
        t.peer.trouble(Trouble::Expired);
        let (anew, _) = make();
        let anew: &dyn Source = &*anew;
        let line = t.line(None);
        assert_eq!(block_on(anew.write_back(&t.via(&line), &one, &first)), id);
        is_written(t, &all, "asked by another");
    });
}

/// Whichever answer is lost or wrong, the fault says what it was, and the next try leaves one note.
fn interrupted(make: Make) {
    let calls = with_value(make, |t| {
        let line = t.line(None);
        let written = block_on(t.source.write_back(&t.via(&line), &deals(t).0, &note("1")));
        assert!(written.is_ok(), "{written:?}");
        line.calls.load(Ordering::Relaxed)
    });
    let breaks = [Break::Nobody, Break::Error, Break::Storm, Break::Half];
    let hostile = (0..HOSTILE).map(Break::Hostile);
    for how in breaks.into_iter().chain(hostile) {
        for call in 0..calls {
            with(make, NOW, |t| {
                let when = format!("{how:?} at call {call} of writing");
                let (deal, note) = (deals(t).0, note("1"));
                let line = t.line(Some((call, 1, how)));
                let tried = block_on(t.source.write_back(&t.via(&line), &deal, &note));
                let is_right = match (how, &tried) {
                    (Break::Nobody | Break::Error, Err(f)) => matches!(f, Fault::Unreached(_)),
                    (Break::Storm, Err(f)) => {
                        matches!(f, Fault::Wait { until, .. } if *until == NOW + RETRY)
                    }
                    (Break::Half, Err(f)) => matches!(f, Fault::Strange(_) | Fault::Unreached(_)),
                    (Break::Hostile(_), Err(f)) => !matches!(f, Fault::Wait { .. }),
                    (_, Ok(_)) => true,
                };
                assert!(is_right, "{when}: {tried:?}");
                let again = write(t, &deal, &note);
                assert!(again.is_ok(), "{when}, then: {again:?}");
                is_written(t, &[(&deal, &note)], &when);
            });
        }
    }
    // A storm over several tries, in which what is written comes through all the same.
    with(make, NOW, |t| {
        let (deal, note) = (deals(t).0, note("1"));
        for call in (0..calls).cycle().take(3 * calls) {
            let line = t.line(Some((call, calls, Break::Storm)));
            let tried = block_on(t.source.write_back(&t.via(&line), &deal, &note));
            let is_put_off = matches!(tried, Ok(_) | Err(Fault::Wait { .. }));
            assert!(is_put_off, "a storm at call {call} gave {tried:?}");
        }
        assert!(write(t, &deal, &note).is_ok());
        is_written(t, &[(&deal, &note)], "after a storm");
    });
}

/// Without the right, without a key, without the deal: nothing is written, and why is told apart.
fn shut(make: Make) {
    for (trouble, word) in [
        (Trouble::ReadOnly, "not allowed"),
        (Trouble::SignedOut, "signed out"),
    ] {
        with(make, NOW, |t| {
            let (deal, _) = deals(t);
            assert!(t.peer.trouble(trouble), "the stand-in knows no {trouble:?}");
            let said = write(t, &deal, &note("1"))
                .err()
                .map_or(String::from("no fault"), |f| f.to_string());
            assert!(said.starts_with(word), "{trouble:?} was told as: {said}");
            is_written(t, &[], "where it may not");
        });
    }
    with(make, NOW, |t| {
        let before = t.peer.known();
        if !t.peer.trouble(Trouble::Deleted) {
            return;
        }
        let after = t.peer.known();
        let gone = before.iter().find(|k| !after.iter().any(|a| a.0 == k.0));
        let gone = gone.map(|k| k.0.clone()).unwrap_or_default();
        let tried = write(t, &gone, &note("1"));
        assert!(matches!(tried, Err(Fault::Gone(_))), "{gone}: {tried:?}");
        is_written(t, &[], "at a deal that is gone");
    });
}

fn with_value<T>(make: Make, test: impl FnOnce(&Trial) -> T) -> T {
    let mut value = None;
    with(make, NOW, |t| value = Some(test(t)));
    match value {
        Some(value) => value,
        None => panic!("nothing was tried"),
    }
}
