use super::*;
use base::clock::SystemClock;
use base::identity::{Identity, NewPerson, Role};
use serde_json::json;
use std::sync::Arc;
use store::testing::{folder, on_both};

async fn open(db: store::Db, folder: &std::path::Path) -> Library {
    Library::with(db, folder, Arc::new(SystemClock))
        .await
        .unwrap()
}

fn told(id: &str, activity: &str, hour: u32) -> Value {
    json!({ "id": id, "activity": activity, "time": format!("2026-03-02T{hour:02}:30:00Z"), "resource": "ann@halden.example" })
}

fn nobody() -> Directory {
    Directory::default()
}

#[test]
fn an_event_told_twice_is_one_whether_or_not_it_was_taken_in_between() {
    on_both(|db| async move {
        let folder = folder();
        let all = open(db, &folder).await;
        let slug = all.make("Deals", "test").await.unwrap().slug;
        let list = [told("1", "new", 9), told("2", "call", 10)];
        let push = async || {
            all.push_events(&slug, "A", &list, &nobody(), "test")
                .await
                .unwrap()
        };
        assert_eq!(push().await, Kept { added: 2, known: 0 });
        assert_eq!(push().await, Kept { added: 0, known: 2 });
        let outcome = all
            .fold(&slug_id(&all, &slug).await)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (outcome.events_added, outcome.cases, outcome.kind.as_str()),
            (2, 1, KIND)
        );
        assert_eq!(push().await, Kept { added: 0, known: 2 });
        assert_eq!(all.fold_all().await.unwrap(), 0);
        let row = all.process(&slug).await.unwrap();
        assert_eq!((row.cases, row.events), (1, 2));
        assert_eq!(all.imports(&row.id).await.unwrap().len(), 1);
    });
}

async fn slug_id(all: &Library, slug: &str) -> String {
    all.process(slug).await.unwrap().id
}

#[test]
fn what_was_acknowledged_before_an_end_is_taken_in_once_after_the_next_start() {
    on_both(|db| async move {
        let folder = folder();
        let slug = {
            let all = open(db.clone(), &folder).await;
            let slug = all.make("Deals", "test").await.unwrap().slug;
            let list = [told("1", "new", 9)];
            all.push_events(&slug, "A", &list, &nobody(), "test")
                .await
                .unwrap();
            // It ends with the column file written and the transaction not committed.
            let mut told = all.told(&slug_id(&all, &slug).await).await.unwrap();
            all.join(None, told.finish().1).await.unwrap();
            slug
        };
        let again = open(db, &folder).await;
        assert_eq!(again.fold_all().await.unwrap(), 1);
        assert_eq!(again.fold_all().await.unwrap(), 0);
        assert_eq!(again.process(&slug).await.unwrap().events, 1);
    });
}

#[test]
fn two_who_take_in_the_same_take_it_in_once() {
    on_both(|db| async move {
        let folder = folder();
        let (one, two) = (open(db.clone(), &folder).await, open(db, &folder).await);
        let id = one.make("Deals", "test").await.unwrap().id;
        let list: Vec<Value> = (0..20).map(|n| told(&n.to_string(), "call", n)).collect();
        one.push_events(&id, "A", &list, &nobody(), "test")
            .await
            .unwrap();
        let (a, b) = tokio::join!(one.fold(&id), two.fold(&id));
        let took = [a, b]
            .into_iter()
            .filter(|r| matches!(r, Ok(Some(_))))
            .count();
        assert_eq!(took, 1);
        assert_eq!(one.process(&id).await.unwrap().events, 20);
    });
}

#[test]
fn a_case_has_the_attributes_that_were_told_last_and_is_put_before_its_first_event() {
    on_both(|db| async move {
        let folder = folder();
        let all = open(db, &folder).await;
        let id = all.make("Deals", "test").await.unwrap().id;
        let put = async |value: Value| {
            let told: Attributes = serde_json::from_value(value).unwrap();
            all.push_case(&id, "A", &told, "test").await.unwrap();
            all.fold_all().await.unwrap()
        };
        let value = async |name: &str| {
            let log = all.load(&id).await.unwrap().log.clone();
            log.case_column(name).and_then(|c| c.display(0))
        };
        assert_eq!(put(json!({ "value": 10, "city": "Ulm" })).await, 1);
        assert_eq!(put(json!({ "value": 12 })).await, 1);
        assert_eq!(
            put(json!({ "value": 12 })).await,
            0,
            "the same again is nothing new"
        );
        assert_eq!(
            (value("value").await, value("city").await),
            (Some("12".into()), Some("Ulm".into()))
        );
        assert_eq!(put(json!({ "value": 10 })).await, 1, "and back again");
        assert_eq!(value("value").await, Some("10".into()));
        all.push_events(&id, "A", &[told("1", "new", 9)], &nobody(), "test")
            .await
            .unwrap();
        all.fold_all().await.unwrap();
        assert_eq!(all.process(&id).await.unwrap().cases, 1);
    });
}

#[test]
fn a_list_with_something_wrong_in_it_is_refused_whole_and_says_where() {
    on_both(|db| async move {
        let folder = folder();
        let all = open(db, &folder).await;
        let id = all.make("Deals", "test").await.unwrap().id;
        let good = told("1", "new", 9);
        for (bad, field) in [
            (json!({ "id": "2", "activity": "call" }), None),
            (
                json!({ "id": "2", "activity": "call", "time": "yesterday" }),
                Some("time"),
            ),
            (
                json!({ "id": "2", "activity": "call", "time": "2026-03-02T10:00:00" }),
                Some("time"),
            ),
            (
                json!({ "id": "2", "activity": " ", "time": "2026-03-02T10:00:00Z" }),
                Some("activity"),
            ),
            (
                json!({ "id": "", "activity": "call", "time": "2026-03-02T10:00:00Z" }),
                Some("id"),
            ),
            (
                json!({ "id": "2", "activity": "call", "time": "2026-03-02T10:00:00Z", "attributes": { "a": [1] } }),
                Some("a"),
            ),
            (
                json!({ "id": "2", "activity": "call", "time": "2026-03-02T10:00:00Z", "colour": 1 }),
                None,
            ),
            (json!("call"), None),
        ] {
            let list = [good.clone(), bad.clone()];
            let problem = all
                .push_events(&id, "A", &list, &nobody(), "test")
                .await
                .unwrap_err();
            assert_eq!(
                (problem.status, problem.place.line),
                (422, Some(1)),
                "{bad}"
            );
            assert_eq!(problem.place.field.as_deref(), field, "{bad}");
        }
        assert_eq!(all.fold_all().await.unwrap(), 0);
        let none = all
            .push_events("nowhere", "A", &[good], &nobody(), "test")
            .await
            .unwrap_err();
        assert_eq!(none.status, 404);
        assert!(none.remedy.contains("POST /api/v1/processes"));
        assert_eq!(all.make("Deals", "test").await.unwrap_err().status, 409);
    });
}

#[test]
fn steps_follow_what_comes_until_somebody_reads_them_differently() {
    on_both(|db| async move {
        let folder = folder();
        let all = open(db, &folder).await;
        let id = all.make("Deals", "test").await.unwrap().id;
        for (n, activity) in ["new", "call", "offer", "won"].into_iter().enumerate() {
            let event = told(&n.to_string(), activity, 9 + n as u32);
            all.push_events(&id, "A", &[event], &nobody(), "test")
                .await
                .unwrap();
            all.fold_all().await.unwrap();
        }
        let grown = all.load(&id).await.unwrap();
        let at_once = mining::figures::Steps::propose(&grown.log, None, false);
        assert_eq!(grown.steps, at_once);
    });
}

#[test]
fn an_address_of_somebody_here_becomes_her_name_and_team() {
    on_both(|db| async move {
        let identity = Identity::new(db.clone(), Arc::new(SystemClock));
        let new = NewPerson {
            name: "Ann Other".into(),
            email: "ann@halden.example".into(),
            role: Role::Member,
            password: None,
        };
        identity.add(new, "test").await.unwrap();
        let directory = identity.directory().await.unwrap();
        let of = |resource: &str| {
            let value = json!({ "id": "1", "activity": "a", "time": "2026-03-02T10:00:00Z", "resource": resource });
            matched(event(0, &value).unwrap(), &directory).resource
        };
        assert_eq!(of("Ann@Halden.example").as_deref(), Some("Ann Other"));
        assert_eq!(
            of("bob@halden.example").as_deref(),
            Some("bob@halden.example")
        );
    });
}
