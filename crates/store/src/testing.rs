//! Runs a test on both engines. PostgreSQL is Debian's package, started once a test run in a folder of its own.

#![allow(
    clippy::unwrap_used,
    reason = "tests end by it, those of other crates too"
)]

mod postgres;

pub use postgres::folder;

use super::{Db, Tx};
use std::future::Future;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs `test` on a fresh SQLite database and on a fresh PostgreSQL one, if that can be started.
pub fn on_both<F, Fut>(test: F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let folder = folder();
        test(Db::sqlite(&folder.join("tenon.db")).await.unwrap()).await;
        std::fs::remove_dir_all(&folder).unwrap();
        if let Some(url) = postgres_database().await {
            test(Db::postgres(&url).await.unwrap()).await;
        }
    });
}

/// The address of an empty database of its own, if PostgreSQL can be started.
pub async fn postgres_database() -> Option<String> {
    static SERVER: OnceLock<Option<u16>> = OnceLock::new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let port = (*SERVER.get_or_init(|| {
        let started = postgres::start();
        if let Err(why) = &started {
            // Past the harness, which shows nothing of tests that pass.
            let told = format!("\n*** NOT TESTED ON POSTGRESQL: {why} ***\n\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
        }
        started.ok()
    }))?;
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let admin = sqlx::PgPool::connect(&format!("postgres://tenon@127.0.0.1:{port}/postgres"))
        .await
        .unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&admin)
        .await
        .unwrap();
    Some(format!("postgres://tenon@127.0.0.1:{port}/{name}"))
}

/// A channel by hand.
pub async fn channel(tx: &mut Tx, id: &str) {
    crate::query(
        "INSERT INTO connections (id, kind, what, name, created, created_by, sealed, account, state, due, holder, held_until, taken, failures) \
         VALUES ($1, 'fake', 'channel', $1, 0, 'p', '', '{}', 'on', 0, '', 0, 0, 0)",
    )
    .bind(id)
    .execute(tx)
    .await
    .unwrap();
}

/// A customer by hand.
pub async fn customer(tx: &mut Tx, id: &str, name: &str) {
    crate::query("INSERT INTO contacts (id, name, created) VALUES ($1, $2, 0)")
        .bind(id)
        .bind(name)
        .execute(tx)
        .await
        .unwrap();
}

/// Has what a burst left wait an hour more.
pub async fn arrivals_later(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    crate::query("UPDATE arrivals SET due = due + 3600000000")
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Has what was said on a connection said a moment after all else.
pub async fn said_later(db: &Db, connection: &str) {
    let mut tx = db.begin().await.unwrap();
    crate::query("UPDATE said SET at = at + 1 WHERE connection = $1")
        .bind(connection)
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// A link to a case that could not be written, and why.
pub async fn given_up(db: &Db, connection: &str, (process, case): (&str, &str), why: &str) {
    let mut tx = db.begin().await.unwrap();
    crate::query(
        "INSERT INTO written (connection, process, case_ref, made, due, held_until, attempts, failed, error) \
         VALUES ($1, $2, $3, 1, 1, 0, 1, 2, $4)",
    )
    .bind(connection)
    .bind(process)
    .bind(case)
    .bind(why)
    .execute(&mut tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// Contacts that were merged before it was kept what moved.
pub async fn forget_contact_merges(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    let gone = crate::query("DELETE FROM contact_merges").execute(&mut tx);
    gone.await.unwrap();
    tx.commit().await.unwrap();
}

/// Everything that is kept, as text.
pub async fn all_text(db: &Db) -> String {
    let mut tx = db.begin_reading().await.unwrap();
    let mut all = String::new();
    for table in crate::carry::tables(&mut tx).await.unwrap() {
        crate::carry::each(&mut tx, &table, async |rows| {
            for row in rows {
                all += &format!("{} {}\n", table.name, serde_json::Value::from(row));
            }
            Ok(())
        })
        .await
        .unwrap();
    }
    all
}
