//! What every source is taken through: a stand-in of its service misbehaves, the sync is broken off anywhere and goes on from the last
//! cursor that was committed, and in the end every change is there, under one id. Nothing waits: the stand-in answers at once.

mod line;
#[cfg(test)]
mod tests;
mod writing;

use line::{Break, HOSTILE, Line, NOW, RETRY};

use crate::{
    Change, Cursor, Fault, Micros, Page, Pipeline, Request, Response, Settings, Source, Via,
};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

/// A change as the stand-in knows it: the case, the stage, the moment.
pub type Known = (String, String, Micros);

/// What goes wrong at the service from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The session or access token ends; what was filled in still gives a new one.
    Expired,
    /// What was filled in does not open any more.
    SignedOut,
    /// It opens, but not the deals.
    Forbidden,
    /// Rows come twice, and in another order.
    Doubled,
    /// Deals move on, and new ones come.
    Moved,
    /// Stages are added, renamed, taken away.
    Edited,
    /// A deal is taken away; what was read of it stays true.
    Deleted,
    /// It opens, and nothing may be written.
    ReadOnly,
}

/// A service that a source reads, in memory.
pub trait StandIn: Send + Sync {
    /// What opens it.
    fn settings(&self) -> Settings;
    fn answer(&self, request: &Request) -> Response;
    /// All the changes that are there to be read.
    fn known(&self) -> BTreeSet<Known>;
    /// What was written at deals: the deal, and all that stands there.
    fn notes(&self) -> Vec<(String, String)> {
        Vec::new()
    }
    /// `false`: there is no such trouble with this service.
    fn trouble(&self, trouble: Trouble) -> bool;
}

/// Waits for what is there already.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(answer) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return answer;
        }
    }
}

/// A sync as the driver does it: a page and its cursor are kept together, or neither.
#[derive(Default)]
struct Synced {
    kept: BTreeMap<String, Change>,
    cursor: Option<Cursor>,
}

impl Synced {
    fn keep(&mut self, page: Page<Change>) {
        for change in page.items {
            let known = self.kept.get(&change.id);
            let same = known.is_none_or(|k| {
                (&k.case, &k.stage, k.at) == (&change.case, &change.stage, change.at)
            });
            assert!(
                same,
                "{} is told as two things: {known:?} and {change:?}",
                change.id
            );
            self.kept.insert(change.id.clone(), change);
        }
        // As the store does: through text and back.
        let text = serde_json::to_string(&page.cursor).unwrap_or_default();
        self.cursor = serde_json::from_str(&text).ok();
        assert_eq!(
            self.cursor.as_ref(),
            Some(&page.cursor),
            "a cursor does not survive the store"
        );
    }

    fn known(&self) -> Vec<Known> {
        let mut known: Vec<Known> = self
            .kept
            .values()
            .map(|c| (c.case.clone(), c.stage.clone(), c.at))
            .collect();
        known.sort();
        known
    }

    /// Every change that is there, and under one id only.
    fn check(&self, peer: &dyn StandIn, when: &str) {
        let all: Vec<Known> = peer.known().into_iter().collect();
        assert_eq!(self.known(), all, "{when}");
        assert_eq!(peer.notes(), [], "{when}: reading wrote something");
    }
}

struct Trial<'a> {
    source: &'a dyn Source,
    peer: &'a dyn StandIn,
    settings: Settings,
    now: Micros,
}

impl Trial<'_> {
    fn pipeline(&self) -> Pipeline {
        let line = self.line(None);
        let via = self.via(&line);
        let all = block_on(self.source.pipelines(&via));
        assert!(
            all.as_ref().is_ok_and(|p| !p.is_empty()),
            "no pipelines: {all:?}"
        );
        all.unwrap_or_default().swap_remove(0)
    }

    fn line(&self, broken: Option<(usize, usize, Break)>) -> Line<'_> {
        let calls = AtomicUsize::new(0);
        Line {
            peer: self.peer,
            calls,
            broken,
        }
    }

    fn via<'b>(&'b self, http: &'b Line<'_>) -> Via<'b> {
        Via {
            wishes: &[],
            settings: &self.settings,
            http,
            post: &crate::NoPost,
            now: self.now,
        }
    }

    /// Pages until there are no more, or until something is wrong; `between` is told the number of each page that was kept.
    fn run(
        &self,
        sync: &mut Synced,
        line: &Line,
        mut between: impl FnMut(usize) -> bool,
    ) -> Result<(), Fault> {
        let (pipeline, via) = (self.pipeline(), self.via(line));
        for page in 0..5000 {
            let read = block_on(self.source.poll(&via, &pipeline, sync.cursor.as_ref()))?;
            let has_more = read.has_more;
            sync.keep(read);
            if !between(page) || !has_more {
                return Ok(());
            }
        }
        panic!("pages without end");
    }

    /// To the end, and what came meanwhile.
    fn finish(&self, sync: &mut Synced, when: &str) {
        for _ in 0..2 {
            let ended = self.run(sync, &self.line(None), |_| true);
            assert_eq!(ended, Ok(()), "{when}");
        }
        sync.check(self.peer, when);
    }
}

/// A source and its service, made anew for every trial.
pub type Make<'a> = &'a dyn Fn() -> (Box<dyn Source>, Box<dyn StandIn>);

fn with(make: Make, now: Micros, test: impl FnOnce(&Trial)) {
    let (source, peer) = make();
    let settings = peer.settings();
    test(&Trial {
        source: &*source,
        peer: &*peer,
        settings,
        now,
    });
}

/// Takes a source through everything; panics where it fails.
pub fn check(make: Make) {
    let (calls, pages) = whole(make);
    interrupted(make, calls);
    crashed(make, pages);
    troubled(make, pages);
    shut(make);
    writing::check(make);
}

/// The first sync reads all, another adds nothing, wherever our clock is.
fn whole(make: Make) -> (usize, usize) {
    let mut size = (0, 0);
    for skew in [0, -86_400_000_000, 86_400_000_000] {
        with(make, NOW + skew, |t| {
            assert!(
                t.peer.known().len() > 10,
                "the stand-in has too little to tell"
            );
            let mut sync = Synced::default();
            let line = t.line(None);
            let ended = t.run(&mut sync, &line, |page| {
                size.1 = page + 1;
                true
            });
            assert_eq!(ended, Ok(()));
            size.0 = line.calls.load(Ordering::Relaxed);
            sync.check(t.peer, "after the first sync");
            t.finish(&mut sync, "after another look");
        });
    }
    assert!(
        size.1 > 2,
        "the stand-in has too few pages to break off between: {}",
        size.1
    );
    size
}

/// Broken off at any call in any way, the fault says what it was, and going on from the last cursor gives all.
fn interrupted(make: Make, calls: usize) {
    let hostile = (0..HOSTILE).map(Break::Hostile);
    let breaks = [Break::Nobody, Break::Error, Break::Storm, Break::Half].into_iter();
    for how in breaks.chain(hostile) {
        for call in 0..calls {
            with(make, NOW, |t| {
                let mut sync = Synced::default();
                let when = format!("{how:?} at call {call}");
                // Where what was broken is not missed, the page may be whole; what was made up is not kept here.
                let made_up = matches!(how, Break::Hostile(_));
                let line = t.line(Some((call, 1, how)));
                let (pipeline, via) = (t.pipeline(), t.via(&line));
                let mut fault = None;
                while fault.is_none() && line.calls.load(Ordering::Relaxed) <= call {
                    match block_on(t.source.poll(&via, &pipeline, sync.cursor.as_ref())) {
                        Ok(_) if made_up && line.calls.load(Ordering::Relaxed) > call => break,
                        Ok(page) => sync.keep(page),
                        Err(other) => fault = Some(other),
                    }
                }
                let is_right = match (how, &fault) {
                    (Break::Nobody | Break::Error, Some(f)) => matches!(f, Fault::Unreached(_)),
                    (Break::Storm, Some(f)) => {
                        matches!(f, Fault::Wait { until, .. } if *until == NOW + RETRY)
                    }
                    (Break::Half, Some(f)) => matches!(f, Fault::Strange(_) | Fault::Unreached(_)),
                    (Break::Hostile(_), Some(f)) => {
                        !matches!(f, Fault::Wait { .. } | Fault::SignedOut(_))
                    }
                    (_, None) => true,
                };
                assert!(is_right, "{when}: {fault:?}");
                t.finish(&mut sync, &when);
            });
        }
    }
    // A storm: every call is put off, then none.
    with(make, NOW, |t| {
        let mut sync = Synced::default();
        let line = t.line(Some((0, 6, Break::Storm)));
        for _ in 0..6 {
            let ended = t.run(&mut sync, &line, |_| true);
            assert!(
                matches!(ended, Err(Fault::Wait { .. })),
                "a storm gave {ended:?}"
            );
        }
        t.finish(&mut sync, "after a storm");
    });
}

/// A page that was read and not kept is read again.
fn crashed(make: Make, pages: usize) {
    for lost in 0..pages {
        with(make, NOW, |t| {
            let mut sync = Synced::default();
            if lost > 0 {
                let ended = t.run(&mut sync, &t.line(None), |page| page + 1 < lost);
                assert_eq!(ended, Ok(()));
            }
            let (line, pipeline) = (t.line(None), t.pipeline());
            let read = block_on(
                t.source
                    .poll(&t.via(&line), &pipeline, sync.cursor.as_ref()),
            );
            assert!(read.is_ok(), "{read:?}");
            t.finish(&mut sync, &format!("after page {lost} was lost"));
        });
    }
}

/// What happens at the service while it is read.
fn troubled(make: Make, pages: usize) {
    use Trouble::*;
    for trouble in [Expired, Doubled, Moved, Edited, Deleted] {
        for at in 0..pages {
            with(make, NOW, |t| {
                let mut sync = Synced::default();
                let when = format!("{trouble:?} after page {at}");
                let before = t.pipeline();
                let mut known = t.peer.known();
                let mut has_it = true;
                let ended = t.run(&mut sync, &t.line(None), |page| {
                    if page == at {
                        has_it = t.peer.trouble(trouble);
                        known.extend(t.peer.known());
                    }
                    true
                });
                assert_eq!(ended, Ok(()), "{when}");
                match trouble {
                    // What was read of a deal before it went stays; what was not may be missing.
                    Deleted => {
                        let ended = t.run(&mut sync, &t.line(None), |_| true);
                        assert_eq!(ended, Ok(()), "{when}");
                        let read: BTreeSet<Known> = sync.known().into_iter().collect();
                        assert!(
                            read.is_superset(&t.peer.known()),
                            "{when}: something is missing"
                        );
                        assert!(read.is_subset(&known), "{when}: something was made up");
                    }
                    _ => t.finish(&mut sync, &when),
                }
                if trouble == Edited && has_it {
                    assert_ne!(t.pipeline(), before, "an edited pipeline looks as before");
                }
            });
        }
    }
}

/// Closed doors are told apart.
fn shut(make: Make) {
    for (trouble, word) in [
        (Trouble::SignedOut, "signed out"),
        (Trouble::Forbidden, "not allowed"),
    ] {
        with(make, NOW, |t| {
            let mut sync = Synced::default();
            let ended = t.run(&mut sync, &t.line(None), |_| false);
            assert_eq!(ended, Ok(()));
            let pipeline = t.pipeline();
            if !t.peer.trouble(trouble) {
                return;
            }
            let line = t.line(None);
            let read = block_on(
                t.source
                    .poll(&t.via(&line), &pipeline, sync.cursor.as_ref()),
            );
            let said = read
                .err()
                .map_or(String::from("no fault"), |f| f.to_string());
            assert!(said.starts_with(word), "{trouble:?} was told as: {said}");
        });
    }
}
