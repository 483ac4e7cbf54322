//! The database: SQLite by default, PostgreSQL when one machine is not enough. One file a table group; no SQL elsewhere.
//!
//! One SQL text serves both engines: `$1` binds, `RETURNING` and `ON CONFLICT` mean the same on both. The price is that
//! nothing is checked when compiling, so every test here runs on both.

pub mod arrivals;
pub mod attachments;
pub mod carry;
pub mod column_files;
pub mod connections;
pub mod desk;
pub mod devices;
pub mod doors;
pub mod erase;
pub mod events;
pub mod goals;
pub mod hooks;
pub mod imports;
pub mod improvements;
pub mod internal_rooms;
pub mod jobs;
pub mod listen;
mod log;
pub mod mail;
pub mod mailboxes;
pub mod mappings;
pub mod models;
pub mod networks;
pub mod passkeys;
pub mod people;
pub mod playbooks;
pub mod processes;
pub mod pushed;
pub mod search;
pub mod settings;
pub mod share;
pub mod sign_ins;
pub mod source_mappings;
mod sql;
pub mod steps;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod uses;
pub mod verdicts;
pub mod versions;
pub mod work;
pub mod written;

use anyhow::Context;
use serde::Serialize;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::path::Path;

/// A column that holds JSON is sent as what it holds, not as a text with JSON in it.
fn as_json<S: serde::Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
    let held: serde_json::Value = serde_json::from_str(text).map_err(serde::ser::Error::custom)?;
    held.serialize(to)
}

/// A database of one of the two engines.
#[derive(Clone, Debug)]
pub enum Db {
    /// One writer; readers see the last committed state and never wait for it.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction on either engine. Dropped without [`Tx::commit`], nothing happened.
pub enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

use sql::Value;
use sql::record;
pub use sql::{On, query, query_of};

const SQLITE: [&str; 27] = [
    include_str!("../migrations/sqlite/0001_processes.sql"),
    include_str!("../migrations/sqlite/0002_improvements.sql"),
    include_str!("../migrations/0003_work.sql"),
    include_str!("../migrations/sqlite/0004_search.sql"),
    include_str!("../migrations/0005_delivery.sql"),
    include_str!("../migrations/0006_keeping.sql"),
    include_str!("../migrations/0007_pushed.sql"),
    include_str!("../migrations/0008_passkeys.sql"),
    include_str!("../migrations/0009_mailbox.sql"),
    include_str!("../migrations/0010_updates.sql"),
    include_str!("../migrations/0011_channels.sql"),
    include_str!("../migrations/0013_listen.sql"),
    include_str!("../migrations/0014_share.sql"),
    include_str!("../migrations/0015_conversations.sql"),
    include_str!("../migrations/0016_chat.sql"),
    include_str!("../migrations/0017_oauth.sql"),
    include_str!("../migrations/0018_written.sql"),
    include_str!("../migrations/0019_mapping.sql"),
    include_str!("../migrations/0020_jive.sql"),
    include_str!("../migrations/0021_arrivals.sql"),
    include_str!("../migrations/0022_streamed.sql"),
    include_str!("../migrations/0024_posts.sql"),
    include_str!("../migrations/0025_merged.sql"),
    include_str!("../migrations/0026_arrivals.sql"),
    include_str!("../migrations/0027_parts.sql"),
    include_str!("../migrations/sqlite/0030_contacts.sql"),
    include_str!("../migrations/0032_sending.sql"),
];
const POSTGRES: [&str; 27] = [
    include_str!("../migrations/postgres/0001_processes.sql"),
    include_str!("../migrations/postgres/0002_improvements.sql"),
    include_str!("../migrations/0003_work.sql"),
    include_str!("../migrations/postgres/0004_search.sql"),
    include_str!("../migrations/0005_delivery.sql"),
    include_str!("../migrations/0006_keeping.sql"),
    include_str!("../migrations/0007_pushed.sql"),
    include_str!("../migrations/0008_passkeys.sql"),
    include_str!("../migrations/0009_mailbox.sql"),
    include_str!("../migrations/0010_updates.sql"),
    include_str!("../migrations/0011_channels.sql"),
    include_str!("../migrations/0013_listen.sql"),
    include_str!("../migrations/0014_share.sql"),
    include_str!("../migrations/0015_conversations.sql"),
    include_str!("../migrations/0016_chat.sql"),
    include_str!("../migrations/0017_oauth.sql"),
    include_str!("../migrations/0018_written.sql"),
    include_str!("../migrations/0019_mapping.sql"),
    include_str!("../migrations/0020_jive.sql"),
    include_str!("../migrations/0021_arrivals.sql"),
    include_str!("../migrations/0022_streamed.sql"),
    include_str!("../migrations/0024_posts.sql"),
    include_str!("../migrations/0025_merged.sql"),
    include_str!("../migrations/0026_arrivals.sql"),
    include_str!("../migrations/0027_parts.sql"),
    include_str!("../migrations/postgres/0030_contacts.sql"),
    include_str!("../migrations/0032_sending.sql"),
];

/// A text as it stands in a pattern of `LIKE … ESCAPE '\'`.
fn like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// A connection to PostgreSQL that was not used for so long may have been cut off.
const IDLE: std::time::Duration = std::time::Duration::from_secs(1);

/// How many steps the schema has.
pub const SCHEMA: usize = SQLITE.len();

/// Tables in the order they are made, so that what a row points to comes before it.
fn tables_in_order() -> Vec<&'static str> {
    let all = SQLITE.iter().flat_map(|step| step.lines());
    let made = all.filter_map(|line| line.strip_prefix("CREATE TABLE "));
    let made = made.map(|rest| rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest));
    made.filter_map(|rest| rest.split([' ', '(']).next())
        .collect()
}

impl Db {
    /// Opens (and creates) the SQLite database in a file.
    pub async fn sqlite(path: &Path) -> anyhow::Result<Db> {
        let db = Db::sqlite_as_it_is(path).await?;
        db.migrate(None).await?;
        Ok(db)
    }

    /// The same, and the schema stays as it is found.
    pub async fn sqlite_as_it_is(path: &Path) -> anyhow::Result<Db> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // A server goes its log over beside those who write (keep_log_short); 64 MB are for what writes without one, and for a storm.
            .pragma("wal_autocheckpoint", "16000")
            .row_buffer_size(512)
            .busy_timeout(std::time::Duration::from_secs(30));
        let place = || format!("cannot open the database {}", path.display());
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            // A file does not hang up: nothing is asked before a connection is used again.
            .test_before_acquire(false)
            // What one commit changes stays in memory until then (KiB, by the minus).
            .connect_with(options.clone().pragma("cache_size", "-8192"))
            .await
            .with_context(place)?;
        Ok(Db::Sqlite {
            readers: SqlitePoolOptions::new()
                .max_connections(4)
                .test_before_acquire(false)
                .connect_with(options)
                .await
                .with_context(place)?,
            writer,
        })
    }

    /// Connects to a PostgreSQL database by its address.
    pub async fn postgres(url: &str) -> anyhow::Result<Db> {
        let db = Db::postgres_as_it_is(url).await?;
        db.migrate(None).await?;
        Ok(db)
    }

    /// The same, and the schema stays as it is found.
    pub async fn postgres_as_it_is(url: &str) -> anyhow::Result<Db> {
        let pool = PgPoolOptions::new()
            .max_connections(8)
            // Whether the server is still there is asked of connections that were idle, and not before every statement.
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > IDLE {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            })
            .connect(url)
            .await
            .context("cannot connect to PostgreSQL")?;
        Ok(Db::Postgres(pool))
    }

    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            // The write lock is taken at once: a transaction that reads first could not get it later.
            Db::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction that sees one moment of the database and changes nothing.
    pub async fn begin_reading(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Db::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Db::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Tx::Postgres(pool.begin_with(begin).await?)
            }
        })
    }

    /// Brings the schema up to date, or only to a step (as many as that were done); all of it in one transaction.
    pub async fn migrate(&self, upto: Option<usize>) -> anyhow::Result<()> {
        let steps = match self {
            Db::Sqlite { .. } => SQLITE,
            Db::Postgres(_) => POSTGRES,
        };
        let mut tx = self.begin().await?;
        if let Tx::Postgres(tx) = &mut tx {
            // Several nodes may start at once.
            sqlx::query("SELECT pg_advisory_xact_lock(7070)")
                .execute(&mut **tx)
                .await?;
        }
        query("CREATE TABLE IF NOT EXISTS schema_steps (step BIGINT PRIMARY KEY)")
            .execute(&mut tx)
            .await?;
        let (done,): (i64,) = query("SELECT COUNT(*) FROM schema_steps")
            .fetch_one(&mut tx)
            .await?;
        let known = steps.len() as i64;
        anyhow::ensure!(
            done <= known,
            "the database was written by a newer Tenon ({done} schema steps, {known} known); run that one"
        );
        let upto = upto.unwrap_or(steps.len());
        let missing = steps.into_iter().enumerate().take(upto);
        for (number, step) in missing.skip(done as usize) {
            match &mut tx {
                Tx::Sqlite(tx) => sqlx::raw_sql(step).execute(&mut **tx).await.map(drop)?,
                Tx::Postgres(tx) => sqlx::raw_sql(step).execute(&mut **tx).await.map(drop)?,
            }
            query("INSERT INTO schema_steps (step) VALUES ($1)")
                .bind(number as i64)
                .execute(&mut tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

impl Tx {
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::on_both;
    use super::*;

    fn process(id: &str) -> processes::ProcessRow {
        processes::ProcessRow {
            id: id.into(),
            slug: format!("slug-{id}"),
            name: "Straße".into(),
            created: 5,
            columns_file: None,
            cases: 0,
            events: 0,
            version: 1,
            revision: 0,
            team_column: None,
        }
    }

    #[test]
    fn what_was_committed_is_there_and_what_was_not_is_not() {
        on_both(|db| async move {
            let mut tx = db.begin().await.unwrap();
            processes::insert(&mut tx, &process("p1")).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = db.begin().await.unwrap();
            processes::insert(&mut tx, &process("p2")).await.unwrap();
            drop(tx);
            assert_eq!(processes::list(&db).await.unwrap(), [process("p1")]);
            assert_eq!(
                processes::find(&db, "slug-p1").await.unwrap(),
                Some(process("p1"))
            );
            assert_eq!(processes::find(&db, "p2").await.unwrap(), None);
        });
    }

    #[test]
    fn the_record_grows_by_one_number_an_event() {
        on_both(|db| async move {
            for n in 0..3 {
                let mut tx = db.begin().await.unwrap();
                events::append(
                    &mut tx,
                    n,
                    "process.imported",
                    "owner",
                    Some("p1"),
                    Some("imp_1").filter(|_| n == 1),
                    &serde_json::json!({ "n": n }),
                )
                .await
                .unwrap();
                tx.commit().await.unwrap();
            }
            let all = events::of_process(&db, "p1", 0, 10).await.unwrap();
            assert_eq!(
                all.iter().map(|e| e.payload.as_str()).collect::<Vec<_>>(),
                ["{\"n\":0}", "{\"n\":1}", "{\"n\":2}"]
            );
            assert!(all.windows(2).all(|w| w[0].seq < w[1].seq));
            assert_eq!(
                events::of_process(&db, "p1", all[1].seq, 10).await.unwrap(),
                all[2..]
            );
            assert_eq!(events::of_subject(&db, "imp_1").await.unwrap(), all[1..2]);
        });
    }

    #[test]
    fn versions_steps_models_mappings_and_imports_come_back() {
        on_both(|db| async move {
            let mut tx = db.begin().await.unwrap();
            processes::insert(&mut tx, &process("p1")).await.unwrap();
            let version = versions::VersionRow {
                number: 1,
                at: 2,
                definition: "{}".into(),
                changes: "[]".into(),
            };
            versions::insert(&mut tx, "p1", &version).await.unwrap();
            steps::insert(&mut tx, "p1", 0, 3, "[]").await.unwrap();
            let model = models::ModelRow {
                at: 4,
                origin: "imported".into(),
                name: "a".into(),
                bpmn: "<x/>".into(),
            };
            models::put(&mut tx, "p1", &model).await.unwrap();
            models::put(
                &mut tx,
                "p1",
                &models::ModelRow {
                    at: 5,
                    ..model.clone()
                },
            )
            .await
            .unwrap();
            mappings::put(&mut tx, "f", 1, "a").await.unwrap();
            mappings::put(&mut tx, "f", 2, "b").await.unwrap();
            let import = imports::ImportRow {
                id: "i".into(),
                process: "p1".into(),
                at: 9,
                file_name: "a.csv".into(),
                digest: "d".into(),
                kind: "csv".into(),
                cases_added: 1,
                events_added: 2,
                skipped: 0,
                notes: "[]".into(),
                skipped_rows: "[]".into(),
            };
            imports::insert(&mut tx, &import).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(versions::of_process(&db, "p1").await.unwrap(), [version]);
            assert_eq!(
                steps::find(&db, "p1", 0).await.unwrap().as_deref(),
                Some("[]")
            );
            assert_eq!(models::find(&db, "p1").await.unwrap().unwrap().at, 5);
            assert_eq!(
                mappings::find(&db, "f").await.unwrap().as_deref(),
                Some("b")
            );
            assert_eq!(
                imports::by_digest(&db, "d", Some("p1")).await.unwrap(),
                Some(import.clone())
            );
            assert_eq!(
                imports::by_digest(&db, "d", None).await.unwrap(),
                Some(import.clone())
            );
            assert_eq!(
                imports::by_digest(&db, "d", Some("p2")).await.unwrap(),
                None
            );
            assert_eq!(
                imports::by_content(&db, "d", None).await.unwrap(),
                Some(import.clone())
            );
            assert_eq!(
                imports::by_content(&db, "d", Some("p2")).await.unwrap(),
                None
            );
            assert_eq!(imports::of_process(&db, "p1").await.unwrap(), [import]);
        });
    }

    #[test]
    fn an_improvement_comes_back_with_its_order_its_use_and_what_was_said_of_it() {
        on_both(|db| async move {
            let mut tx = db.begin().await.unwrap();
            processes::insert(&mut tx, &process("p1")).await.unwrap();
            let goal = goals::GoalRow {
                id: "goal_1".into(),
                process: "p1".into(),
                at: 1,
                name: "Lead to contract in 38 days".into(),
                measure: "days".into(),
                target: Some(38.0),
            };
            assert_eq!(goals::put(&mut tx, &goal).await.unwrap(), "goal_1");
            let again = goals::GoalRow {
                id: "goal_2".into(),
                target: Some(36.5),
                ..goal.clone()
            };
            assert_eq!(goals::put(&mut tx, &again).await.unwrap(), "goal_1");
            let row = improvements::ImprovementRow {
                id: "imp_1".into(),
                process: "p1".into(),
                goal: Some("goal_1".into()),
                created: 2,
                created_by: "owner".into(),
                tool: "ask".into(),
                name: "Ask".into(),
                link: None,
                step: "Propose".into(),
                measure: "days-in-step".into(),
                state: "planned".into(),
                plan: "{}".into(),
                ended: None,
            };
            improvements::insert(&mut tx, &row).await.unwrap();
            let team = |team: &str, turn, planned, moved| improvements::RolloutRow {
                team: team.into(),
                turn,
                planned,
                moved,
            };
            for one in [
                team("B", 1, None, None),
                team("A", 0, Some(5), None),
                team("B", 1, None, Some(9)),
            ] {
                improvements::put_rollout(&mut tx, "imp_1", &one)
                    .await
                    .unwrap();
            }
            let ended = improvements::ImprovementRow {
                state: "unplugged".into(),
                ended: Some(7),
                ..row.clone()
            };
            improvements::update(&mut tx, &ended).await.unwrap();
            let used = uses::UseRow {
                team: "A".into(),
                day: 0,
                uses: 3,
                people: 2,
                cases: 1,
            };
            uses::put(&mut tx, "imp_1", &used).await.unwrap();
            let verdict = verdicts::VerdictRow {
                improvement: "imp_1".into(),
                day: 0,
                at: 3,
                source: "s".into(),
                body: "{}".into(),
            };
            verdicts::keep(&mut tx, &verdict).await.unwrap();
            let later = verdicts::VerdictRow {
                at: 4,
                body: "changed".into(),
                ..verdict.clone()
            };
            verdicts::keep(&mut tx, &later).await.unwrap();
            settings::put(&mut tx, "a", "1").await.unwrap();
            settings::put(&mut tx, "a", "2").await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(
                goals::of_process(&db, "p1").await.unwrap()[0].target,
                Some(36.5)
            );
            assert_eq!(
                improvements::find(&db, "imp_1").await.unwrap(),
                Some(ended.clone())
            );
            assert_eq!(improvements::of_process(&db, "p1").await.unwrap(), [ended]);
            assert_eq!(
                improvements::rollout(&db, "imp_1").await.unwrap(),
                [team("A", 0, Some(5), None), team("B", 1, None, Some(9))]
            );
            assert_eq!(uses::of_improvement(&db, "imp_1").await.unwrap(), [used]);
            assert_eq!(
                verdicts::of_improvement(&db, "imp_1", 9).await.unwrap(),
                std::slice::from_ref(&verdict)
            );
            assert_eq!(
                verdicts::find(&db, "imp_1", 0, "s").await.unwrap(),
                Some(verdict)
            );
            assert_eq!(verdicts::find(&db, "imp_1", 0, "t").await.unwrap(), None);
            assert_eq!(settings::get(&db, "a").await.unwrap().as_deref(), Some("2"));
            assert_eq!(settings::get(&db, "b").await.unwrap(), None);
        });
    }
}
