//! A source whose fields are left out, renamed and given roles, and whose people are assigned, before and after it was read.

use super::*;
use crate::connect::seal::Seal;
use crate::processes::Library;
use crate::processes::import::ImportRequest;
use crate::work::Work;
use base::clock::{Clock, SetClock};
use base::identity::{Identity, NewPerson, Role as Place, Scopes, Via as Door};
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use connectors::source::History;
use connectors::{
    About, Account, Answer, Change, Connector, Cursor, Fault, Page, Pipeline, Settings, Source,
    Stage, Verified, Via,
};
use mining::time::{HOUR, MINUTE};
use std::sync::{Arc, Mutex};
use store::testing::{folder, on_both};
use store::{Db, events};

const MONDAY: Micros = 1_772_445_600_000_000;

/// A book of deals: what it tells, and how often it was read from the beginning.
#[derive(Default)]
struct Book {
    changes: Mutex<Vec<Change>>,
    begun: Mutex<u32>,
    is_down: Mutex<bool>,
}

impl Connector for Book {
    fn about(&self) -> About {
        About {
            name: "book",
            title: "Book",
            guide: "Open it.",
            rights: &["read"],
            fields: &[],
            verified: Verified::Live,
            verified_by: "this test",
        }
    }

    fn account<'a>(&'a self, _: &'a Via<'a>) -> Answer<'a, Account> {
        Box::pin(async { Ok(Account::default()) })
    }
}

fn stage(id: &str, is_won: bool) -> Stage {
    Stage {
        id: id.into(),
        name: id.to_uppercase(),
        is_won,
        is_lost: false,
    }
}

impl Source for Book {
    fn pipelines<'a>(&'a self, _: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        let pipeline = Pipeline {
            id: "sales".into(),
            name: "Sales".into(),
            stages: vec![stage("new", false), stage("won", true)],
        };
        Box::pin(async { Ok(vec![pipeline]) })
    }

    fn poll<'a>(
        &'a self,
        _: &'a Via<'a>,
        _: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        let told = from.and_then(|c| c.state.as_u64()).unwrap_or(0) as usize;
        if from.is_none() {
            *self.begun.lock().unwrap() += 1;
        }
        let all = self.changes.lock().unwrap().clone();
        let page = Page {
            // Two at once, so that a history has several pages.
            items: all.iter().skip(told).take(2).cloned().collect(),
            cursor: Cursor {
                version: 1,
                state: json!((told + 2).min(all.len())),
            },
            has_more: all.len() > told + 2,
            wait_until: None,
        };
        let is_down = *self.is_down.lock().unwrap();
        Box::pin(async move {
            match is_down {
                true => Err(Fault::Unreached("nobody answers".into())),
                false => Ok(page),
            }
        })
    }
}

fn change(case: &str, stage: &str, by: &str, told: &[(&str, &str)]) -> Change {
    let minutes = case.len() as i64 + if stage == "won" { 60 } else { 0 };
    Change {
        id: format!("{case}:{stage}"),
        case: case.into(),
        case_name: format!("Deal {case}"),
        case_url: Some(format!("https://book.example/{case}")),
        stage: stage.into(),
        at: MONDAY - HOUR * 20 + MINUTE * minutes,
        by: Some(by.into()).filter(|by: &String| !by.is_empty()),
        history: History::Native,
        attributes: told
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect(),
    }
}

fn deals() -> Vec<Change> {
    let saari = [
        ("account", "Saari Brewing"),
        ("amount", "1200.50"),
        ("owner", "ib@halden.example"),
        ("region", "North"),
        ("email", "aino@saari.example"),
    ];
    let kestrel = [
        ("account", "Kestrel Water"),
        ("amount", "n/a"),
        ("owner", "Ines"),
        ("region", "South"),
    ];
    vec![
        change("1", "new", "ib@halden.example", &saari),
        change("1", "won", "Ines", &saari),
        change("22", "new", "ib@halden.example", &kestrel),
        change("22", "won", "bot", &kestrel),
        change("333", "new", "", &saari[..2]),
    ]
}

struct House {
    connect: Connect,
    book: &'static Book,
    clock: Arc<SetClock>,
    ines: Actor,
    id: String,
    process: String,
}

impl House {
    /// A book of five changes on three cases; read, or not begun yet.
    async fn open(db: Db, is_read: bool) -> House {
        let (folder, clock) = (folder(), Arc::new(SetClock::at(MONDAY)));
        let library = Library::with(db, &folder, clock.clone()).await.unwrap();
        let identity = Identity::new(library.db().clone(), library.clock_handle());
        let new = NewPerson {
            name: "Ines".into(),
            email: "ines@halden.example".into(),
            role: Place::Owner,
            password: None,
        };
        let row = identity.add(new, "test").await.unwrap();
        let ines = Actor::of(&row, Door::Token("test".into()), Scopes::all()).unwrap();
        let work = Work::start(library, identity);
        let site = Arc::new(Site::at("https://tenon.example", 7070).unwrap());
        let seal = Seal::of(&"a1".repeat(32)).unwrap();
        let outbound = Outbound::new(Allowed::parse(""));
        let book: &'static Book = Box::leak(Box::default());
        *book.changes.lock().unwrap() = deals();
        let connect = Connect::with(work, site, outbound, seal, Vec::new(), vec![book]);
        let settings = Settings::default();
        let added = match is_read {
            true => {
                connect
                    .add_source(&ines, "book", "", &settings, "sales")
                    .await
            }
            false => {
                let paused = connect.add_source_paused(&ines, "book", "", &settings, "sales");
                paused.await
            }
        };
        let (id, process) = added.unwrap();
        let house = House {
            connect,
            book,
            clock,
            ines,
            id,
            process,
        };
        house.after(0).await;
        house
    }

    /// Lets time pass, and everything be done and taken in that is due then.
    async fn after(&self, time: Micros) {
        self.clock.set(self.clock.now() + time);
        while self.connect.pass().await.unwrap() {}
        self.connect.library().fold_all().await.unwrap();
    }

    async fn set(&self, fields: Vec<Choice>, people: &[(&str, &str)]) -> Result<Tried, Problem> {
        let people = people.iter().map(|(t, p)| (t.to_string(), p.to_string()));
        let wanted = Wanted {
            fields,
            people: people.collect(),
            version: None,
        };
        self.connect
            .set_mapping(&self.ines, &self.id, &wanted)
            .await
    }

    async fn look(&self) -> Look {
        self.connect.mapping(&self.id).await.unwrap()
    }

    /// A case as it is shown: its attributes by name, and who did its events.
    async fn shown(&self, case: &str) -> (Vec<(String, String)>, Vec<String>) {
        let loaded = self.connect.library().load(&self.process).await.unwrap();
        let log = &loaded.log;
        let at = (0..log.cases())
            .find(|&c| log.case_name(c) == case)
            .unwrap();
        let columns = log.case_columns.iter();
        let mut attributes: Vec<(String, String)> = columns
            .filter_map(|c| Some((c.name.clone(), c.display(at)?)))
            .collect();
        attributes.sort();
        let who = log.resource();
        let who = log
            .case(at)
            .map(|row| who.and_then(|c| c.text(row)).unwrap_or_default());
        (attributes, who.map(String::from).collect())
    }

    /// Everything that is kept of what the source told, in one text: rows, and the columns on the disk.
    async fn kept(&self) -> String {
        let look = self.look().await;
        let whose = (look.process.id.as_str(), self.id.as_str());
        let rows = source_mappings::told(self.connect.db(), whose, &After::default(), 999).await;
        let rows = rows.unwrap().into_iter().map(|row| row.body);
        let mut all: Vec<String> = rows.collect();
        let loaded = self.connect.library().load(&self.process).await.unwrap();
        let mut bytes = Vec::new();
        mining::log::codec::write(&loaded.log, &mut bytes).unwrap();
        all.push(String::from_utf8_lossy(&bytes).into_owned());
        all.join("\n")
    }
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = all
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    all.sort();
    all
}

fn keep(field: &str) -> Choice {
    Choice {
        field: field.into(),
        keep: true,
        ..Choice::default()
    }
}

fn out(field: &str) -> Choice {
    Choice {
        keep: false,
        ..keep(field)
    }
}

fn named(field: &str, name: &str) -> Choice {
    Choice {
        name: Some(name.into()),
        ..keep(field)
    }
}

fn is(field: &str, role: Role) -> Choice {
    Choice {
        is: Some(role),
        ..keep(field)
    }
}

#[test]
fn what_a_file_said_since_is_not_set_back_where_nothing_of_it_is_decided() {
    on_both(async |db| {
        let house = House::open(db, true).await;
        let path = folder().join("more.csv");
        let row = "case,activity,time,case:region\n1,call,2026-03-01T10:00:00Z,West\n";
        std::fs::write(&path, row).unwrap();
        let request = ImportRequest {
            path,
            file_name: "more.csv".into(),
            process: Some(house.process.clone()),
            options: Default::default(),
            actor: "test".into(),
        };
        let library = house.connect.library();
        library.import(request, Arc::default()).await.unwrap();
        let region = async || {
            let (shown, _) = house.shown("1").await;
            shown.into_iter().find(|(name, _)| name == "region")
        };
        let west = Some(("region".to_string(), "West".to_string()));
        assert_eq!(region().await, west);
        house
            .set(vec![named("account", "customer")], &[])
            .await
            .unwrap();
        assert_eq!(region().await, west);
    });
}

#[test]
fn what_was_emptied_at_the_source_is_left_out_as_well() {
    on_both(async |db| {
        let house = House::open(db, true).await;
        let mut later = change("1", "won", "Ines", &[("account", "Saari Brewing")]);
        (later.id, later.at) = ("1:emptied".into(), MONDAY - MINUTE);
        house.book.changes.lock().unwrap().push(later);
        house.after(HOUR).await;
        let hers = "aino@saari.example";
        assert!(house.kept().await.contains(hers), "the column has it still");
        house.set(vec![out("email")], &[]).await.unwrap();
        assert!(!house.kept().await.contains(hers));
        let (shown, _) = house.shown("1").await;
        let is_region = |(name, value): &(String, String)| name == "region" && value == "North";
        assert!(shown.iter().any(is_region), "what is kept stays: {shown:?}");
    });
}

#[test]
fn a_decision_reads_what_was_read_before_anew_and_what_comes_after_it_too() {
    on_both(async |db| {
        let house = House::open(db, true).await;
        let look = house.look().await;
        assert_eq!((look.version, look.is_live, look.told.cases), (0, false, 3));
        let seen = &look.told.fields["amount"];
        assert_eq!((seen.cases, seen.numbers), (3, 2));
        assert_eq!(seen.samples, ["1200.50", "n/a"]);
        let told: Vec<(&str, u64)> = look
            .told
            .people
            .iter()
            .map(|(k, v)| (k.as_str(), *v))
            .collect();
        assert_eq!(told, [("Ines", 2), ("bot", 1), ("ib@halden.example", 2)]);
        let before = house.shown("1").await;
        assert_eq!(before.1, ["ib@halden.example", "Ines"]);

        let fields = vec![
            out("email"),
            named("account", "customer"),
            is("region", Role::Team),
            is("amount", Role::Amount),
        ];
        let people = [("ib@halden.example", "ines")];
        let tried = house.set(fields.clone(), &people).await.unwrap();
        assert_eq!((tried.version, tried.cases, tried.no_numbers), (1, 3, 1));
        assert_eq!(
            tried.told,
            "1 field left out, 2 renamed, 1 read in another way, 1 person assigned otherwise: 3 cases are read anew."
        );
        let (attributes, who) = house.shown("1").await;
        let expected = pairs(&[
            ("customer", "Saari Brewing"),
            ("amount", "1200.5"),
            ("owner", "Ines"),
            ("team", "North"),
            ("title", "Deal 1"),
            ("url", "https://book.example/1"),
        ]);
        assert_eq!(
            (attributes, who),
            (expected, vec!["Ines".to_string(), "Ines".into()])
        );
        let kept = house.kept().await;
        assert!(
            !kept.contains("aino@saari.example"),
            "it is still kept: {kept}"
        );
        let loaded = house.connect.library().load(&house.process).await.unwrap();
        assert_eq!(loaded.options.team, Some(TeamColumn::Case("team".into())));
        assert!(matches!(
            loaded.log.case_column("amount").unwrap().values,
            mining::log::Values::Float(_)
        ));

        // A case that comes later, and a field that is told for the first time.
        let new = [
            ("account", "Ahti"),
            ("email", "a@ahti.example"),
            ("customer", "a class"),
            ("amount", "7"),
        ];
        house
            .book
            .changes
            .lock()
            .unwrap()
            .push(change("4444", "new", "ib@halden.example", &new));
        house.after(2 * MINUTE).await;
        let (attributes, who) = house.shown("4444").await;
        let expected = pairs(&[
            ("amount", "7"),
            ("customer", "Ahti"),
            ("customer (as told)", "a class"),
            ("title", "Deal 4444"),
            ("url", "https://book.example/4444"),
        ]);
        assert_eq!((attributes, who), (expected, vec!["Ines".to_string()]));
        assert!(!house.kept().await.contains("a@ahti.example"));
        let look = house.look().await;
        assert!(look.mapping.is_new("customer") && !look.mapping.is_new("email"));
        let found = events::after(house.connect.db(), 0, 99).await.unwrap();
        let last = found
            .iter()
            .rfind(|e| e.kind == "connection.changed")
            .unwrap();
        let said: serde_json::Value = serde_json::from_str(&last.payload).unwrap();
        assert_eq!(said["left_out"], json!(["email"]));
        assert_eq!(
            said["renamed"],
            json!([["account", "customer"], ["region", "team"]])
        );
        assert_eq!(
            said["people"],
            json!([["ib@halden.example", house.ines.id()]])
        );
    });
}

#[test]
fn going_back_brings_everything_back_and_reads_once_more_what_is_not_here_any_more() {
    on_both(async |db| {
        let house = House::open(db, true).await;
        let cases = ["1", "22", "333"];
        let mut before = Vec::new();
        for case in cases {
            before.push(house.shown(case).await);
        }
        let fields = vec![
            out("email"),
            out("owner"),
            named("account", "region"),
            named("region", "account"),
        ];
        house
            .set(fields, &[("Ines", "ines"), ("bot", "ines")])
            .await
            .unwrap();
        let (attributes, who) = house.shown("22").await;
        let swapped = pairs(&[
            ("region", "Kestrel Water"),
            ("account", "South"),
            ("amount", "n/a"),
            ("title", "Deal 22"),
            ("url", "https://book.example/22"),
        ]);
        assert_eq!(
            (attributes, who),
            (
                swapped,
                vec!["ib@halden.example".to_string(), "Ines".into()]
            )
        );
        assert_eq!(*house.book.begun.lock().unwrap(), 1);

        let tried = house.set(Vec::new(), &[]).await.unwrap();
        assert!(
            tried.told.contains("2 taken in again")
                || tried.told.contains("2 fields taken in again"),
            "{}",
            tried.told
        );
        assert!(
            tried.told.contains("read once more from the beginning"),
            "{}",
            tried.told
        );
        house.after(2 * MINUTE).await;
        assert_eq!(*house.book.begun.lock().unwrap(), 2);
        for (case, before) in cases.into_iter().zip(before) {
            assert_eq!(house.shown(case).await, before, "{case}");
        }
        let loaded = house.connect.library().load(&house.process).await.unwrap();
        assert_eq!((loaded.log.cases(), loaded.log.events()), (3, 5));
    });
}

#[test]
fn what_is_decided_before_anything_is_read_holds_from_the_first_page() {
    on_both(async |db| {
        let house = House::open(db, false).await;
        let look = house.look().await;
        assert!(look.is_live && look.fault.is_none());
        assert!(
            look.told.fields.contains_key("email"),
            "the source is asked"
        );
        let tried = house.set(
            vec![out("email"), out("title"), named("account", "customer")],
            &[],
        );
        let tried = tried.await.unwrap();
        assert_eq!(
            tried.told,
            "2 fields left out, 1 renamed: no case is concerned yet."
        );
        house
            .connect
            .set_on(&house.ines, &house.id, true)
            .await
            .unwrap();
        house.after(MINUTE).await;
        let (attributes, _) = house.shown("1").await;
        let names: Vec<&str> = attributes.iter().map(|(k, _)| k.as_str()).collect();
        assert_eq!(names, ["amount", "customer", "owner", "region", "url"]);
        let kept = house.kept().await;
        assert!(
            !kept.contains("aino@saari.example") && !kept.contains("Deal 1"),
            "{kept}"
        );

        let house = House::open_down(house).await;
        let fault = house.look().await.fault.unwrap();
        assert!(fault.what.contains("nobody answers"), "{}", fault.what);
    });
}

impl House {
    /// Another book that is connected and not read yet, and does not answer.
    async fn open_down(self) -> House {
        let settings = Settings::default();
        let paused = self
            .connect
            .add_source_paused(&self.ines, "book", "More", &settings, "sales");
        let (id, process) = paused.await.unwrap();
        *self.book.is_down.lock().unwrap() = true;
        House {
            id,
            process,
            ..self
        }
    }
}

#[test]
fn what_is_wrong_changes_nothing_and_says_where_it_is() {
    on_both(async |db| {
        let house = House::open(db, true).await;
        let before = (house.shown("1").await, house.kept().await);
        let long = "x".repeat(600);
        type Said<'a> = (Vec<Choice>, Vec<(&'a str, &'a str)>, &'a str);
        let cases: Vec<Said> = vec![
            (
                vec![keep("owner"), named("account", " ")],
                vec![],
                "fields[1].name",
            ),
            (vec![named("account", "Region")], vec![], "fields[0].name"),
            (
                vec![is("region", Role::Team), is("account", Role::Team)],
                vec![],
                "fields[1].is",
            ),
            (
                vec![keep("region"), named("owner", "vendor")],
                vec![],
                "fields[1].name",
            ),
            (vec![is("owner", Role::Team)], vec![], "fields[0].is"),
            (vec![], vec![("bot", "nobody")], "people[0].person"),
            (
                vec![],
                vec![("bot", "ines"), ("bot", "ines")],
                "people[1].told",
            ),
            (vec![], vec![(&long, "ines")], "people[0].told"),
        ];
        for (fields, people, place) in cases {
            let refused = house.set(fields, &people).await.err().unwrap();
            assert_eq!(refused.place.field.as_deref(), Some(place), "{refused}");
            assert_eq!(
                (refused.status, refused.code.as_str()),
                (422, "bad_mapping")
            );
        }
        house.set(vec![out("region")], &[]).await.unwrap();
        let stale = Wanted {
            version: Some(0),
            ..Wanted::default()
        };
        let refused = house
            .connect
            .set_mapping(&house.ines, &house.id, &stale)
            .await;
        assert_eq!(refused.err().unwrap().code, "changed_meanwhile");
        house.set(Vec::new(), &[]).await.unwrap();
        house.after(2 * MINUTE).await;
        assert_eq!(house.shown("1").await, before.0);
        assert_eq!(house.look().await.version, 2);
    });
}

#[test]
fn a_preview_changes_nothing_and_says_what_goes_by_a_field() {
    on_both(async |db| {
        let house = House::open(db, true).await;
        let kept = house.kept().await;
        let look = house.look().await;
        let wanted = Wanted {
            fields: vec![named("region", "where"), out("owner")],
            people: vec![("bot".into(), "ines".into())],
            version: Some(0),
        };
        let tried = house.connect.try_mapping(&look, &wanted).await.unwrap();
        assert_eq!(
            tried.told,
            "1 field left out, 1 renamed, 1 person assigned otherwise: 2 cases are read anew."
        );
        let latest: Vec<&str> = tried.latest.iter().map(|c| c.case.as_str()).collect();
        assert_eq!(latest, ["22", "1", "333"]);
        assert_eq!(
            (tried.latest[0].last.as_str(), tried.latest[0].who.as_str()),
            ("WON", "Ines")
        );
        assert_eq!(
            tried.latest[0].attributes.get("where"),
            Some(&json!("South"))
        );
        assert!(!tried.latest[0].attributes.contains_key("owner"));
        let uses = tried.uses.join(" ");
        assert!(uses.contains("“region” is the team"), "{uses}");
        assert!(uses.contains("By “owner” the home page"), "{uses}");
        assert_eq!(house.kept().await, kept);
        assert_eq!(house.look().await.version, 0);
    });
}

#[test]
fn what_waits_to_be_taken_in_while_it_is_decided_is_read_by_the_decision() {
    on_both(async |db| {
        let house = House::open(db, true).await;
        let told = [("account", "Ahti"), ("email", "a@ahti.example")];
        house
            .book
            .changes
            .lock()
            .unwrap()
            .push(change("4444", "new", "bot", &told));
        house.clock.set(house.clock.now() + 2 * MINUTE);
        while house.connect.pass().await.unwrap() {}
        // It is kept, and not in the columns yet.
        house
            .set(
                vec![out("email"), named("account", "customer")],
                &[("bot", "ines")],
            )
            .await
            .unwrap();
        house.after(0).await;
        let (attributes, who) = house.shown("4444").await;
        let expected = pairs(&[
            ("customer", "Ahti"),
            ("title", "Deal 4444"),
            ("url", "https://book.example/4444"),
        ]);
        assert_eq!((attributes, who), (expected, vec!["Ines".to_string()]));
        assert!(!house.kept().await.contains("a@ahti.example"));
    });
}
