use super::*;
use crate::connections::{self, ConnectionRow};
use crate::pushed::{self, CASE, EVENT};
use crate::testing::on_both;
use crate::{erase, processes};

async fn ground(db: &Db) {
    let process = processes::ProcessRow {
        id: "p".into(),
        slug: "p".into(),
        name: "P".into(),
        created: 1,
        columns_file: None,
        cases: 0,
        events: 0,
        version: 0,
        revision: 0,
        team_column: None,
    };
    let row = ConnectionRow {
        id: "con".into(),
        kind: "csv".into(),
        what: connections::SOURCE.into(),
        name: "Sales".into(),
        created: 1,
        created_by: "test".into(),
        sealed: String::new(),
        account: "{}".into(),
        state: connections::ON.into(),
        hook: None,
        pipeline: None,
        process: Some("p".into()),
        cursor: Some("7".into()),
        due: 9,
        synced: None,
        looked: None,
        taken: 0,
        expected: None,
        error: None,
        error_at: None,
        failures: 0,
    };
    let mut tx = db.begin().await.unwrap();
    processes::insert(&mut tx, &process).await.unwrap();
    connections::insert(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
}

fn row(kind: &str, case: &str, id: &str, by: &str) -> PushedRow {
    PushedRow {
        process: "p".into(),
        kind: kind.into(),
        case_ref: case.into(),
        id: id.into(),
        at: 5,
        place: 0,
        by_person: by.into(),
        body: format!("{{\"of\":\"{case}\"}}"),
    }
}

fn mapping(version: i64) -> MappingRow {
    MappingRow {
        connection: "con".into(),
        version,
        at: 3,
        by_person: "olive".into(),
        fields: "{}".into(),
    }
}

fn person(told: &str, person: &str) -> PersonRow {
    PersonRow {
        told: told.into(),
        person: person.into(),
        name: "Ines".into(),
    }
}

#[test]
fn a_mapping_counts_in_place_of_the_last_and_an_erased_person_is_nobody_in_it() {
    on_both(async |db| {
        ground(&db).await;
        assert_eq!(find(&db, "con").await.unwrap(), None);
        let all = [
            person("Ines@Halden.example", "a"),
            person("Jo Ångström", "b"),
        ];
        let mut tx = db.begin().await.unwrap();
        put(&mut tx, &mapping(1), &[person("gone", "c")])
            .await
            .unwrap();
        put(&mut tx, &mapping(2), &all).await.unwrap();
        assert_eq!(find_in(&mut tx, "con").await.unwrap(), Some(mapping(2)));
        tx.commit().await.unwrap();
        assert_eq!(people(&db, "con").await.unwrap(), all);
        let mut tx = db.begin().await.unwrap();
        erase::hers(&mut tx, "b").await.unwrap();
        assert_eq!(people_in(&mut tx, "con").await.unwrap(), all[..1]);
        forget_told(&mut tx, "ines@halden.example").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(people(&db, "con").await.unwrap(), []);
    });
}

#[test]
fn what_a_connection_told_is_read_in_pieces_and_replaced_and_nothing_of_others_is() {
    on_both(async |db| {
        ground(&db).await;
        let hers = [
            row(CASE, "A", "", "con"),
            row(EVENT, "A", "1", "con"),
            row(EVENT, "A", "2", "con"),
            row(CASE, "b/ä", "", "con"),
            row(EVENT, "b/ä", "1", "con"),
        ];
        let mut tx = db.begin().await.unwrap();
        for row in hers.iter().chain([&row(EVENT, "A", "0", "program")]) {
            assert!(pushed::keep_event(&mut tx, row).await.unwrap());
        }
        tx.commit().await.unwrap();
        let (mut found, mut after) = (Vec::new(), After::default());
        loop {
            let some = told(&db, ("p", "con"), &after, 2).await.unwrap();
            let Some(last) = some.last() else { break };
            after = (last.case_ref.clone(), last.kind.clone(), last.id.clone());
            found.extend(some);
        }
        assert_eq!(found, hers);
        let emptied: Vec<PushedRow> = hers
            .iter()
            .cloned()
            .map(|row| PushedRow {
                body: "{}".into(),
                ..row
            })
            .collect();
        let mut tx = db.begin().await.unwrap();
        assert!(hold(&mut tx, "con").await.unwrap());
        assert!(!hold(&mut tx, "nobody").await.unwrap());
        rewrite(&mut tx, &emptied).await.unwrap();
        let now = told_in(&mut tx, ("p", "con"), &After::default(), 9)
            .await
            .unwrap();
        assert_eq!(now, emptied);
        let others = told_in(&mut tx, ("p", "program"), &After::default(), 9)
            .await
            .unwrap();
        assert_eq!(others, [row(EVENT, "A", "0", "program")]);
        read_anew(&mut tx, "con", 4).await.unwrap();
        tx.commit().await.unwrap();
        let row = connections::find(&db, "con").await.unwrap().unwrap();
        assert_eq!((row.cursor, row.due), (None, 4));
    });
}
