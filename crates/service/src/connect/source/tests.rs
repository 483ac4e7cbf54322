//! A pipeline that is edited at its source, while it is read and after.

use super::*;
use crate::connect::seal::Seal;
use crate::processes::Library;
use crate::work::Work;
use base::clock::{Clock, SetClock};
use base::identity::{Actor, Identity, NewPerson, Role, Scopes, Via as Door};
use base::outbound::{Allowed, Outbound};
use base::policy::Site;
use connectors::{About, Account, Answer, Connector, Page, Source, Verified, Via};
use mining::Micros;
use mining::time::{HOUR, MINUTE};
use std::sync::{Arc, Mutex};
use store::Db;
use store::improvements;
use store::testing::{folder, on_both};

const MONDAY: Micros = 1_772_445_600_000_000;

#[derive(Default)]
struct Board {
    /// Id and name; `won` is where a case ends well.
    stages: Mutex<Vec<(&'static str, &'static str)>>,
    changes: Mutex<Vec<Change>>,
    is_gone: Mutex<bool>,
    looks: Mutex<u32>,
}

impl Connector for Board {
    fn about(&self) -> About {
        About {
            name: "board",
            title: "Board",
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

impl Source for Board {
    fn pipelines<'a>(&'a self, _: &'a Via<'a>) -> Answer<'a, Vec<Pipeline>> {
        let stages = self.stages.lock().unwrap().clone();
        let stages = stages.into_iter().map(|(id, name)| Stage {
            id: id.into(),
            name: name.into(),
            is_won: id == "won",
            is_lost: false,
        });
        let id = if *self.is_gone.lock().unwrap() {
            "other"
        } else {
            "sales"
        };
        let pipeline = Pipeline {
            id: id.into(),
            name: "Sales".into(),
            stages: stages.collect(),
        };
        Box::pin(async { Ok(vec![pipeline]) })
    }

    fn poll<'a>(
        &'a self,
        _: &'a Via<'a>,
        _: &'a Pipeline,
        from: Option<&'a Cursor>,
    ) -> Answer<'a, Page<Change>> {
        *self.looks.lock().unwrap() += 1;
        let told = from.and_then(|c| c.state.as_u64()).unwrap_or(0) as usize;
        let all = self.changes.lock().unwrap().clone();
        let page = Page {
            items: all.iter().skip(told).take(2).cloned().collect(),
            cursor: Cursor {
                version: 1,
                state: json!((told + 2).min(all.len())),
            },
            has_more: all.len() > told + 2,
            wait_until: None,
        };
        Box::pin(async { Ok(page) })
    }
}

struct House {
    connect: Connect,
    board: &'static Board,
    clock: Arc<SetClock>,
    ines: Actor,
    id: String,
    process: String,
}

impl House {
    async fn open(db: Db) -> House {
        let (folder, clock) = (folder(), Arc::new(SetClock::at(MONDAY)));
        let library = Library::with(db, &folder, clock.clone()).await.unwrap();
        let identity = Identity::new(library.db().clone(), library.clock_handle());
        let new = NewPerson {
            name: "Ines".into(),
            email: "ines@halden.example".into(),
            role: Role::Owner,
            password: None,
        };
        let row = identity.add(new, "test").await.unwrap();
        let ines = Actor::of(&row, Door::Token("test".into()), Scopes::all()).unwrap();
        let work = Work::start(library, identity);
        let site = Arc::new(Site::at("https://tenon.example", 7070).unwrap());
        let seal = Seal::of(&"a1".repeat(32)).unwrap();
        let outbound = Outbound::new(Allowed::parse(""));
        let board: &'static Board = Box::leak(Box::default());
        let connect = Connect::with(work, site, outbound, seal, Vec::new(), vec![board]);
        let mut house = House {
            connect,
            board,
            clock,
            ines,
            id: String::new(),
            process: String::new(),
        };
        house.edit(&[("n", "New"), ("o", "Offer"), ("won", "Won")]);
        for case in ["1", "22", "333"] {
            house.moved(case, "n", 0);
            house.moved(case, "o", 1);
        }
        house.moved("1", "won", 2);
        let settings = Settings::default();
        let added = house
            .connect
            .add_source(&house.ines, "board", "", &settings, "sales");
        (house.id, house.process) = added.await.unwrap();
        house.after(0).await;
        house
    }

    fn edit(&self, stages: &[(&'static str, &'static str)]) {
        *self.board.stages.lock().unwrap() = stages.to_vec();
    }

    /// A case comes to a stage so many hours after it began.
    fn moved(&self, case: &str, stage: &str, hour: i64) {
        self.board.changes.lock().unwrap().push(Change {
            id: format!("{case}:{stage}"),
            case: case.into(),
            case_name: String::new(),
            case_url: None,
            stage: stage.into(),
            at: MONDAY - 20 * HOUR + hour * HOUR,
            by: None,
            history: History::Native,
            attributes: Vec::new(),
        });
    }

    async fn after(&self, time: Micros) {
        self.clock.set(self.clock.now() + time);
        while self.connect.pass().await.unwrap() {}
        self.connect.library().fold_all().await.unwrap();
    }

    async fn steps(&self) -> Vec<String> {
        let loaded = self.connect.library().load(&self.process).await.unwrap();
        let steps = loaded.steps.steps.iter();
        let steps = steps.map(|s| format!("{}={}", s.name, s.activities.join("+")));
        steps.collect()
    }

    /// Versions, oldest first, as the page tells them.
    async fn versions(&self) -> Vec<String> {
        let row = self.connect.library().process(&self.process).await.unwrap();
        let all = self.connect.library().versions(&row.id).await.unwrap();
        let told = all.iter().rev().map(|v| {
            let changes: crate::processes::Changes = serde_json::from_str(&v.changes).unwrap();
            changes.told()
        });
        told.collect()
    }

    /// Cases that were in each step.
    async fn cases(&self) -> Vec<u64> {
        let loaded = self.connect.library().load(&self.process).await.unwrap();
        let place = crate::processes::fit::step_of(&loaded.log, &loaded.steps);
        let mut all = vec![0; loaded.steps.steps.len()];
        for case in 0..loaded.log.cases() {
            let mut path = crate::processes::fit::path(&loaded.log, &place, case);
            path.sort_unstable();
            path.dedup();
            path.into_iter().for_each(|step| all[step] += 1);
        }
        all
    }
}

#[test]
fn an_edited_pipeline_is_a_new_version_and_old_and_new_names_are_one_step() {
    on_both(async |db| {
        let house = House::open(db.clone()).await;
        assert_eq!(house.steps().await, ["New=New", "Offer=Offer"]);
        let first = house.versions().await;
        let row = house
            .connect
            .library()
            .process(&house.process)
            .await
            .unwrap();
        let tool = improvements::ImprovementRow {
            id: "imp_1".into(),
            process: row.id.clone(),
            goal: None,
            created: MONDAY,
            created_by: "test".into(),
            tool: "ask".into(),
            name: "Ask".into(),
            link: None,
            step: "Offer".into(),
            measure: "days_in_step".into(),
            state: "running".into(),
            plan: "{}".into(),
            ended: None,
        };
        let mut tx = db.begin().await.unwrap();
        improvements::insert(&mut tx, &tool).await.unwrap();
        tx.commit().await.unwrap();
        house.edit(&[
            ("n", "New"),
            ("l", "Legal"),
            ("o", "Proposal"),
            ("won", "Won"),
        ]);
        // More than a page: the edit is seen in a look that does not end with it.
        for case in ["4444", "55555"] {
            house.moved(case, "n", 3);
            house.moved(case, "l", 4);
            house.moved(case, "o", 5);
        }
        house.after(2 * MINUTE).await;
        let then = ["New=New", "Legal=Legal", "Proposal=Proposal+Offer"];
        assert_eq!(house.steps().await, then);
        assert_eq!(house.cases().await, [5, 2, 5]);
        let told = house.versions().await;
        assert_eq!(told.len(), first.len() + 2, "{told:?}");
        let said = "Stage renamed: Offer to Proposal. Stage added: Legal.";
        assert_eq!(told[first.len()], said);
        assert_eq!(told[first.len() + 1], "New: Legal, Proposal.");
        let tools = improvements::of_process(&db, &row.id).await.unwrap();
        assert_eq!(tools[0].step, "Proposal", "the tool stays at its step");
        house.after(2 * MINUTE).await;
        assert_eq!(house.versions().await, told, "an edit is told once");
    });
}

#[test]
fn what_an_owner_chose_on_the_steps_tab_stays_when_the_pipeline_is_edited() {
    on_both(async |db| {
        let house = House::open(db).await;
        let library = house.connect.library();
        let loaded = library.load(&house.process).await.unwrap();
        let mut steps = loaded.steps.clone();
        steps.steps.reverse();
        steps.steps[0].name = "Closing".into();
        let set = library.set_steps(&loaded.row.id, steps, "owner");
        set.await.unwrap();
        house.edit(&[("o", "Proposal"), ("n", "New"), ("won", "Won")]);
        house.after(2 * MINUTE).await;
        assert_eq!(house.steps().await, ["Closing=Proposal+Offer", "New=New"]);
    });
}

#[test]
fn steps_that_a_crash_kept_from_the_pipeline_are_made_up_for() {
    on_both(async |db| {
        let house = House::open(db.clone()).await;
        let library = house.connect.library();
        let row = library.process(&house.process).await.unwrap();
        // As if the server had ended between the last page and the steps.
        let last = library.versions(&row.id).await.unwrap().remove(0);
        let mut definition: serde_json::Value = serde_json::from_str(&last.definition).unwrap();
        definition.as_object_mut().unwrap().remove("stages");
        let mut tx = db.begin().await.unwrap();
        let text = definition.to_string();
        store::versions::complete(&mut tx, &row.id, last.number, &text)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let guessed = mining::figures::Steps {
            rule: mining::figures::StepRule::Order,
            ..Default::default()
        };
        library.set_steps(&row.id, guessed, "tenon").await.unwrap();
        assert!(house.steps().await.is_empty());
        house.after(2 * MINUTE).await;
        assert_eq!(house.steps().await, ["New=New", "Offer=Offer"]);
    });
}

#[test]
fn a_pipeline_that_is_gone_is_told_and_what_was_read_stays() {
    on_both(async |db| {
        let house = House::open(db).await;
        *house.board.is_gone.lock().unwrap() = true;
        house.after(2 * MINUTE).await;
        let row = house.connect.find(&house.id).await.unwrap().row;
        let said = row.error.unwrap();
        assert!(
            said.contains("\"Sales\" is not at the source any more"),
            "{said}"
        );
        assert_eq!(house.cases().await, [3, 3]);
        *house.board.is_gone.lock().unwrap() = false;
        house.after(5 * MINUTE).await;
        let row = house.connect.find(&house.id).await.unwrap().row;
        assert_eq!(row.error, None);
    });
}
