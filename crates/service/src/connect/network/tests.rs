//! A network that colleagues had before, what happens there, and what goes wrong with it.

use super::*;
use crate::connect::seal::Seal;
use crate::keeping::erase;
use crate::processes::Library;
use crate::processes::import::ImportRequest;
use crate::work::Work;
use crate::work::ask::Similar;
use base::clock::{Clock, SetClock};
use base::identity::{Identity, NewPerson, Role, Scopes, Via as Door};
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use connectors::network::Reply;
use connectors::{About, Account, Answer, Connector, Verified};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use store::Db;
use store::connections::{ON, SIGNED_OUT};
use store::testing::{folder, on_both};

const MONDAY: Micros = 1_772_445_600_000_000;
const LOG: &str =
    "case,activity,time\nA-1,Propose,2026-02-20T10:00:00Z\nA-1,Negotiate,2026-02-21T10:00:00Z\n";
const STEP: &str = "Propose";
/// As many as a list tells at once.
const PAGE: usize = 3;

#[derive(Debug, Clone)]
struct Asked {
    place: &'static str,
    title: String,
    by: &'static str,
    /// Who and what; nothing where it is gone.
    answers: Vec<Option<(&'static str, String)>>,
    correct: Option<usize>,
    helpful: Vec<usize>,
    changes: u32,
    is_gone: bool,
    /// The list leaves it out.
    is_hidden: bool,
}

#[derive(Default)]
struct Inside {
    asked: Vec<Asked>,
    /// What the next requests meet.
    meets: VecDeque<Fault>,
    /// Always, for a place.
    shut: Option<&'static str>,
    /// A question whose answers never can be read.
    sick: Option<usize>,
    requests: Vec<String>,
}

/// The network.
#[derive(Default)]
struct Town(Mutex<Inside>);

impl Town {
    fn ask(&self, title: &str, answers: &[(&'static str, &str)]) -> usize {
        let mut inside = self.0.lock().unwrap();
        let answers = answers
            .iter()
            .map(|(who, text)| Some((*who, text.to_string())));
        inside.asked.push(Asked {
            place: "mains",
            title: title.into(),
            by: "rika",
            answers: answers.collect(),
            correct: None,
            helpful: Vec::new(),
            changes: 0,
            is_gone: false,
            is_hidden: false,
        });
        inside.asked.len() - 1
    }

    fn change(&self, at: usize, change: impl FnOnce(&mut Asked)) {
        let mut inside = self.0.lock().unwrap();
        change(&mut inside.asked[at]);
        inside.asked[at].changes += 1;
    }

    fn meet(&self, fault: Fault) {
        self.0.lock().unwrap().meets.push_back(fault);
    }

    fn met(&self, request: &str) -> Result<std::sync::MutexGuard<'_, Inside>, Fault> {
        let mut inside = self.0.lock().unwrap();
        inside.requests.push(request.into());
        match inside.meets.pop_front() {
            Some(fault) => Err(fault),
            None => Ok(inside),
        }
    }
}

fn member(id: &str) -> Member {
    Member {
        id: id.into(),
        name: format!("{id} of the town"),
        email: None,
    }
}

fn question(at: usize, asked: &Asked) -> Question {
    let mark = |n: &usize, is_correct| Mark {
        id: format!("{at}-{n}"),
        is_correct,
    };
    let correct = asked.correct.iter().map(|n| mark(n, true));
    Question {
        id: at.to_string(),
        place: Some(asked.place.into()),
        title: asked.title.clone(),
        text: "Please.".into(),
        author: member(asked.by),
        at: Some(MONDAY - 900 * DAY + at as i64),
        url: Some(format!("https://town.example/q/{at}")),
        marks: correct
            .chain(asked.helpful.iter().map(|n| mark(n, false)))
            .collect(),
        version: asked.changes.to_string(),
    }
}

impl Connector for Town {
    fn about(&self) -> About {
        About {
            name: "town",
            title: "Town",
            guide: "Walk in.",
            rights: &["read"],
            fields: &[],
            verified: Verified::Recorded,
            verified_by: "this test",
        }
    }

    fn account<'a>(&'a self, _: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async { Ok(Account::default()) })
    }
}

impl Network for Town {
    fn places<'a>(
        &'a self,
        _: &'a Via<'a>,
        _: &'a str,
        _: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Place>> {
        Box::pin(async { Err(Fault::Refused("not in this test".into())) })
    }

    fn place<'a>(&'a self, _: &'a Via<'a>, id: &'a str) -> Answer<'a, Place> {
        Box::pin(async move {
            drop(self.met(id)?);
            match id {
                "mains" | "meters" => Ok(Place {
                    id: id.into(),
                    name: format!("All about {id}"),
                    ..Place::default()
                }),
                _ => Err(Fault::Gone("no such place".into())),
            }
        })
    }

    fn questions<'a>(
        &'a self,
        _: &'a Via<'a>,
        place: &'a str,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Question>> {
        Box::pin(async move {
            let inside = self.met("list")?;
            if inside.shut == Some(place) {
                return Err(Fault::NotAllowed("closed".into()));
            }
            let from = from.map_or(0, |c| c.state["from"].as_u64().unwrap() as usize);
            let all = inside.asked.iter().enumerate();
            let all: Vec<_> = all
                .filter(|(_, a)| a.place == place && !a.is_gone && !a.is_hidden)
                .map(|(at, a)| question(at, a))
                .collect();
            let page = all.iter().skip(from).take(PAGE);
            // The first of each page is told twice.
            let twice = page.clone().take(1);
            Ok(Page {
                items: twice.chain(page).cloned().collect(),
                cursor: Cursor {
                    version: 1,
                    state: json!({ "from": from + PAGE }),
                },
                has_more: all.len() > from + PAGE,
                wait_until: None,
            })
        })
    }

    fn question<'a>(&'a self, _: &'a Via<'a>, id: &'a str) -> Answer<'a, Question> {
        Box::pin(async move {
            let inside = self.met("question")?;
            let at: usize = id.parse().unwrap();
            match &inside.asked[at] {
                asked if asked.is_gone => Err(Fault::Gone("deleted".into())),
                asked => Ok(question(at, asked)),
            }
        })
    }

    fn reply<'a>(&'a self, _: &'a Via<'a>, id: &'a str) -> Answer<'a, Reply> {
        Box::pin(async move {
            let inside = self.met("reply")?;
            let (at, n) = id.split_once('-').unwrap();
            if inside.sick == at.parse().ok() {
                return Err(Fault::Unreached("status 500".into()));
            }
            let asked = &inside.asked[at.parse::<usize>().unwrap()];
            let found = asked.answers[n.parse::<usize>().unwrap()].clone();
            let (who, text) = found.ok_or_else(|| Fault::Gone("taken away".into()))?;
            Ok(Reply {
                id: id.into(),
                text,
                author: member(who),
                at: Some(MONDAY - 899 * DAY),
                url: None,
            })
        })
    }

    fn member<'a>(&'a self, _: &'a Via<'a>, id: &'a str) -> Answer<'a, Member> {
        Box::pin(async move {
            drop(self.met("member")?);
            let mut member = member(id);
            member.email = match id {
                "olu" => Some("Olu@Halden.example".into()),
                "rika" => Some("rika@halden.example".into()),
                _ => None,
            };
            Ok(member)
        })
    }
}

struct House {
    connect: Connect,
    identity: Identity,
    clock: Arc<SetClock>,
    town: &'static Town,
    connection: String,
    owner: Actor,
    olu: Actor,
    guest: Actor,
}

impl House {
    async fn open(db: Db) -> House {
        let (folder, clock) = (folder(), Arc::new(SetClock::at(MONDAY)));
        let library = Library::with(db, &folder, clock.clone()).await.unwrap();
        let path = folder.join("deals.csv");
        std::fs::write(&path, LOG).unwrap();
        let request = ImportRequest {
            path,
            file_name: "deals.csv".into(),
            process: None,
            options: Default::default(),
            actor: "test".into(),
        };
        library.import(request, Arc::default()).await.unwrap();
        let identity = Identity::new(library.db().clone(), library.clock_handle());
        let mut people = Vec::new();
        let all = [
            ("Ines", Role::Owner),
            ("Olu", Role::Member),
            ("Gus", Role::Guest),
        ];
        for (name, role) in all {
            let new = NewPerson {
                name: name.into(),
                email: format!("{}@halden.example", name.to_lowercase()),
                role,
                password: None,
            };
            let row = identity.add(new, "test").await.unwrap();
            people.push(Actor::of(&row, Door::Token("test".into()), Scopes::all()).unwrap());
        }
        let [owner, olu, guest] = people.try_into().ok().unwrap();
        let work = Work::start(library, identity.clone());
        let town: &'static Town = Box::leak(Box::default());
        let connect = Connect::with_networks(
            work,
            Arc::new(Site::at("https://tenon.example", 7070).unwrap()),
            Outbound::new(Allowed::default()),
            Seal::of(&"a1".repeat(32)).unwrap(),
            (Vec::new(), Vec::new(), vec![town]),
        );
        let nothing = Settings::default();
        let added = connect.add_network(&owner, "town", "", &nothing);
        let connection = added.await.unwrap();
        House {
            connect,
            identity,
            clock,
            town,
            connection,
            owner,
            olu,
            guest,
        }
    }

    fn work(&self) -> &Work {
        self.connect.work()
    }

    async fn plug(&self, place: &str) -> String {
        let at = ("deals", STEP);
        let plugged = self.connect.plug(&self.owner, &self.connection, place, at);
        plugged.await.unwrap();
        let all = self.connect.plugged(&self.connection).await.unwrap();
        let found = all.into_iter().find(|p| p.row.place == place);
        found.unwrap().row.id
    }

    /// Lets time pass, and everything be done that is due then.
    async fn after(&self, time: Micros) {
        self.clock.set(self.clock.now() + time);
        let mut looks = 0;
        while self.connect.pass().await.unwrap() {
            looks += 1;
            assert!(looks < 100, "it never ends");
        }
    }

    /// Long enough that a place is read whole once more.
    async fn a_pass(&self) {
        self.after(EVERY + MINUTE).await;
    }

    async fn similar(&self, text: &str) -> Vec<Similar> {
        let process = self.work().library().process("deals").await.unwrap().id;
        let found = self.work().similar(&process, STEP, text, 5).await;
        found.unwrap()
    }

    async fn answers(&self, text: &str) -> Vec<String> {
        let all = self.similar(text).await.into_iter();
        all.map(|s| s.answer).collect()
    }

    async fn row(&self) -> ConnectionRow {
        self.connect.find(&self.connection).await.unwrap().row
    }

    async fn reasons(&self) -> Vec<(String, String)> {
        let loaded = self.work().library().load("deals").await.unwrap();
        let found = self.work().experts(self.owner.id(), &loaded, STEP).await;
        let found = found.unwrap().into_iter();
        found.map(|e| (e.name, e.reason)).collect()
    }
}

fn run<F: Future<Output = ()>>(test: impl Fn(House) -> F + Copy) {
    on_both(move |db| async move { test(House::open(db).await).await });
}

#[test]
fn a_marked_answer_is_found_at_its_step_with_who_asked_and_answered_and_a_guest_sees_none() {
    run(|h| async move {
        let valve = h.town.ask(
            "Which valve fits plastic mains?",
            &[("olu", "The <b>blue</b> one"), ("kim", "None")],
        );
        h.town.change(valve, |a| a.correct = Some(0));
        h.town.ask(
            "Which pump fits plastic mains?",
            &[("olu", "Nobody marked it")],
        );
        h.after(HOUR).await;
        assert_eq!(h.row().await.error, None);
        assert_eq!(
            h.answers("plastic valve").await,
            Vec::<String>::new(),
            "nothing is plugged in"
        );
        h.plug("mains").await;
        h.after(MINUTE).await;
        let found = h.similar("a valve for plastic").await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found[0].answer, "The <b>blue</b> one",
            "escaped where it is shown"
        );
        assert_eq!(
            found[0].told,
            "olu of the town in town, 15 Sep 2023, marked as the answer; rika of the town asked"
        );
        assert_eq!(
            found[0].elsewhere.as_ref().unwrap().url.as_deref(),
            Some("https://town.example/q/0")
        );
        assert_eq!(h.answers("nothing alike").await, Vec::<String>::new());
        let id = &found[0].conversation;
        let known = h.work().known(&h.olu, id).await.unwrap();
        assert_eq!(
            (known.question.as_str(), known.is_correct),
            ("Please.", true)
        );
        assert_eq!(
            h.work().accepted(&h.olu, id).await.unwrap().as_deref(),
            Some("The <b>blue</b> one")
        );
        assert_eq!(h.work().known(&h.guest, id).await.unwrap_err().status, 404);
        assert_eq!(h.work().accepted(&h.guest, id).await.unwrap(), None);
        // Whom the network knows by her address; the others are nobody here.
        assert_eq!(
            h.reasons().await,
            [("Olu".into(), "1 answer marked in town, from before".into())]
        );
        let row = h.row().await;
        assert_eq!((row.taken, row.error), (1, None));
    });
}

#[test]
fn what_is_edited_unmarked_moved_or_deleted_there_is_followed() {
    run(|h| async move {
        let ask = |title: &str| {
            let at = h.town.ask(title, &[("olu", "first"), ("kim", "second")]);
            h.town.change(at, |a| a.correct = Some(0));
            at
        };
        let all: Vec<usize> = [
            "valve one",
            "valve two",
            "valve three",
            "valve four",
            "valve five",
        ]
        .map(ask)
        .to_vec();
        h.plug("mains").await;
        h.after(MINUTE).await;
        assert_eq!(h.answers("valve").await.len(), 5);
        // Unmarked; another one marked, with one that only helped; deleted; moved; and the words of an answer, of which the question tells nothing.
        h.town.change(all[0], |a| a.correct = None);
        h.town
            .change(all[1], |a| (a.correct, a.helpful) = (Some(1), vec![0]));
        h.town.change(all[2], |a| a.is_gone = true);
        h.town.change(all[3], |a| a.place = "meters");
        h.town.0.lock().unwrap().asked[all[4]].answers[0] = Some(("olu", "edited".into()));
        h.a_pass().await;
        assert_eq!(
            h.answers("valve").await,
            ["second", "first"],
            "the edited one is not known yet"
        );
        h.after(DAY).await;
        assert_eq!(h.answers("valve").await, ["second", "edited"]);
        let counts = networks::counts(
            h.connect.db(),
            &h.connect.plugged(&h.connection).await.unwrap()[0].row.id,
        )
        .await
        .unwrap();
        assert_eq!(counts, (2, 3));
        // An answer that is gone while its mark is still there.
        h.town.0.lock().unwrap().asked[all[1]].answers[1] = None;
        h.after(DAY + MINUTE).await;
        assert_eq!(h.answers("valve two").await, ["first", "edited"]);
    });
}

#[test]
fn half_a_list_takes_nothing_away_and_what_is_told_twice_is_there_once() {
    run(|h| async move {
        for n in 0..7 {
            let at = h.town.ask(&format!("valve {n}"), &[("olu", "yes")]);
            h.town.change(at, |a| a.correct = Some(0));
        }
        let plug = h.plug("mains").await;
        h.after(MINUTE).await;
        let counts = || async { networks::counts(h.connect.db(), &plug).await.unwrap() };
        assert_eq!((counts().await, h.row().await.taken), ((7, 7), 7));
        for at in [1, 4, 6] {
            h.town.0.lock().unwrap().asked[at].is_hidden = true;
        }
        h.a_pass().await;
        assert_eq!(
            counts().await,
            (7, 7),
            "they are there when they are asked for"
        );
        let requests = h.town.0.lock().unwrap().requests.clone();
        assert_eq!(requests.iter().filter(|r| *r == "question").count(), 3);
        // The list breaks off, and each time it goes on where it was.
        for _ in 0..3 {
            h.town.meet(Fault::Unreached("half an answer".into()));
            h.a_pass().await;
            assert!(h.row().await.error.unwrap().contains("half an answer"));
            h.after(2 * HOUR).await;
            assert_eq!((counts().await, h.row().await.error), ((7, 7), None));
        }
    });
}

#[test]
fn it_waits_as_long_as_it_is_told_and_says_when_the_password_is_over() {
    run(|h| async move {
        let at = h.town.ask("valve", &[("olu", "yes")]);
        h.town.change(at, |a| a.correct = Some(0));
        h.plug("mains").await;
        let until = h.clock.now() + 30 * MINUTE;
        let said = "slow down".to_string();
        h.town.meet(Fault::Wait { until, said });
        h.after(MINUTE).await;
        let asked = |h: &House| h.town.0.lock().unwrap().requests.len();
        let before = asked(&h);
        assert!(h.row().await.error.unwrap().contains("slow down"));
        h.after(20 * MINUTE).await;
        assert_eq!(asked(&h), before, "asked while it should wait");
        h.after(20 * MINUTE).await;
        assert_eq!(h.answers("valve").await, ["yes"]);
        h.town.meet(Fault::SignedOut("401 Unauthorized".into()));
        h.a_pass().await;
        let row = h.row().await;
        assert_eq!(
            (row.state.as_str(), row.error.as_deref()),
            (SIGNED_OUT, Some("signed out: 401 Unauthorized"))
        );
        assert_eq!(
            h.answers("valve").await,
            ["yes"],
            "what is known stays known"
        );
        let nothing = Settings::default();
        let rekeyed = h.connect.rekey(&h.owner, &h.connection, &nothing);
        rekeyed.await.unwrap();
        h.town.change(at, |a| a.correct = None);
        h.a_pass().await;
        assert_eq!(
            (h.row().await.state.as_str(), h.answers("valve").await.len()),
            (ON, 0)
        );
    });
}

#[test]
fn a_place_that_is_shut_does_not_hold_up_the_others() {
    run(|h| async move {
        let at = h.town.ask("valve", &[("olu", "yes")]);
        h.town
            .change(at, |a| (a.correct, a.place) = (Some(0), "meters"));
        h.plug("mains").await;
        h.plug("meters").await;
        h.town.0.lock().unwrap().shut = Some("mains");
        h.after(MINUTE).await;
        assert_eq!(h.answers("valve").await, ["yes"]);
        let all = h.connect.plugged(&h.connection).await.unwrap();
        let errors: Vec<_> = all
            .iter()
            .map(|p| (p.row.place.as_str(), p.row.error.as_deref()))
            .collect();
        assert_eq!(
            errors,
            [
                ("mains", Some("Town: not allowed: closed.")),
                ("meters", None)
            ]
        );
        assert_eq!(h.row().await.error, None);
        h.town.0.lock().unwrap().shut = None;
        h.after(2 * HOUR).await;
        let all = h.connect.plugged(&h.connection).await.unwrap();
        assert!(
            all.iter()
                .all(|p| p.row.error.is_none() && p.row.looked.is_some()),
            "{all:?}"
        );
    });
}

#[test]
fn unplugging_takes_the_answers_out_and_removing_the_connection_all_of_them() {
    run(|h| async move {
        for n in 0..3 {
            let at = h
                .town
                .ask(&format!("valve {n}"), &[("olu", "yes"), ("kim", "so")]);
            h.town
                .change(at, |a| (a.correct, a.helpful) = (Some(0), vec![1]));
        }
        let plug = h.plug("mains").await;
        let again = h
            .connect
            .plug(&h.owner, &h.connection, "mains", ("deals", STEP));
        assert_eq!(again.await.unwrap_err().code, "plugged_in");
        let nowhere = h
            .connect
            .plug(&h.owner, &h.connection, "mains", ("deals", "Dream"));
        assert_eq!(nowhere.await.unwrap_err().status, 400);
        let gone = h
            .connect
            .plug(&h.owner, &h.connection, "moon", ("deals", STEP));
        assert_eq!(gone.await.unwrap_err().code, "not_there");
        h.after(MINUTE).await;
        let shown = h.connect.plug_of(&h.connection, &plug).await.unwrap();
        assert_eq!(
            (shown.questions, shown.answers, shown.has_step),
            (3, 6, true)
        );
        assert_eq!(
            h.connect
                .unplug(&h.owner, "con_other", &plug)
                .await
                .unwrap_err()
                .status,
            404
        );
        assert_eq!(
            h.connect
                .unplug(&h.owner, &h.connection, &plug)
                .await
                .unwrap(),
            6
        );
        assert_eq!(h.answers("valve").await.len(), 0);
        h.plug("mains").await;
        h.after(MINUTE).await;
        assert_eq!(h.answers("valve").await.len(), 3, "it comes back");
        h.connect.remove(&h.owner, &h.connection).await.unwrap();
        assert_eq!(
            (h.answers("valve").await.len(), h.reasons().await.len()),
            (0, 0)
        );
        let events = store::events::after(h.connect.db(), 0, 1_000)
            .await
            .unwrap();
        let told: Vec<_> = events
            .iter()
            .filter(|e| e.kind.starts_with("network."))
            .map(|e| e.kind.as_str())
            .collect();
        assert_eq!(
            told,
            [
                "network.plugged",
                "network.unplugged",
                "network.plugged",
                "network.unplugged"
            ]
        );
    });
}

#[test]
fn who_is_erased_is_not_known_from_there_any_more_and_does_not_come_back() {
    run(|h| async move {
        let hers = h
            .town
            .ask("valve of olu", &[("olu", "mine"), ("kim", "other")]);
        h.town
            .change(hers, |a| (a.correct, a.helpful) = (Some(0), vec![1]));
        let asked = h.town.ask("valve asked by olu", &[("kim", "to olu")]);
        h.town
            .change(asked, |a| (a.correct, a.by) = (Some(0), "olu"));
        h.plug("mains").await;
        h.after(MINUTE).await;
        assert_eq!(h.answers("valve").await.len(), 2);
        erase::person(&h.identity, h.olu.id(), false, "test")
            .await
            .unwrap();
        assert_eq!(h.answers("valve").await, ["other"]);
        let later = h.town.ask("valve later", &[("olu", "again")]);
        h.town.change(later, |a| a.correct = Some(0));
        h.town.change(hers, |_| ());
        h.town.change(asked, |_| ());
        h.after(2 * DAY).await;
        h.a_pass().await;
        assert_eq!(h.answers("valve").await, ["other"]);
        assert_eq!(h.reasons().await, []);
    });
}

#[test]
fn who_is_a_customer_and_erased_is_not_known_from_there_either() {
    run(|h| async move {
        let at = h.town.ask("valve", &[("olu", "mine")]);
        h.town.change(at, |a| (a.correct, a.by) = (Some(0), "rika"));
        h.plug("mains").await;
        h.after(MINUTE).await;
        assert_eq!(h.answers("valve").await, ["mine"]);
        let contact = store::desk::ContactRow {
            id: "con_rika".into(),
            name: "Rika".into(),
            email: Some("RIKA@halden.example".into()),
            created: MONDAY,
            process: None,
            case_ref: None,
            matched_by: None,
            merged_into: None,
            objected: None,
        };
        let mut tx = h.connect.db().begin().await.unwrap();
        store::desk::insert_contact(&mut tx, &contact)
            .await
            .unwrap();
        store::erase::contact(&mut tx, "con_rika").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(h.answers("valve").await.len(), 0);
        h.town.change(at, |_| ());
        h.after(2 * DAY).await;
        assert_eq!(h.answers("valve").await.len(), 0);
    });
}

#[test]
fn one_answer_that_cannot_be_read_holds_up_no_other_and_is_read_when_it_can_be() {
    run(|h| async move {
        for (title, text) in [
            ("Which valve fits plastic mains?", "The blue one"),
            ("Which pump fits plastic mains?", "The red one"),
        ] {
            let at = h.town.ask(title, &[("olu", text)]);
            h.town.change(at, |a| a.correct = Some(0));
        }
        h.town.0.lock().unwrap().sick = Some(0);
        h.plug("mains").await;
        h.after(MINUTE).await;
        let found = h.answers("a pump for plastic").await;
        assert!(found.contains(&"The red one".to_string()), "{found:?}");
        assert_eq!(h.row().await.error, None);
        h.a_pass().await;
        assert_eq!(h.answers("a valve for plastic").await.len(), 1);
        h.town.0.lock().unwrap().sick = None;
        h.after(LATER + EVERY).await;
        let found = h.answers("a valve for plastic").await;
        assert!(found.contains(&"The blue one".to_string()), "{found:?}");
    });
}
