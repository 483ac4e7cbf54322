//! SQLite's write-ahead log, gone over to the database beside those who write.
//!
//! Left to itself the commit that makes the log too long goes it over, and all who write wait for that. Here another connection does
//! nearly all of it, and the one that writes only what came meanwhile, so that the log begins anew and does not grow.

use super::Db;
use sqlx::SqlitePool;
use std::time::Duration;

/// How often it is looked at how long the log is.
const EVERY: Duration = Duration::from_millis(100);
/// From so many pages (of 4 kB) on it is gone over: what many commits change is written once for all of them.
const MANY: i64 = 2_000;

impl Db {
    /// Keeps the log short. Never ends; PostgreSQL does it itself.
    pub async fn keep_log_short(self) {
        let Db::Sqlite { writer, readers } = &self else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(problem) = shorten(writer, readers).await {
                tracing::warn!(%problem, "the log of the database could not be gone over");
            }
        }
    }
}

/// Goes the log over where it is long; how many pages of it are left to go over.
async fn shorten(writer: &SqlitePool, readers: &SqlitePool) -> sqlx::Result<i64> {
    let left = pages(readers, "PRAGMA wal_checkpoint(NOOP)").await?;
    if left < MANY {
        return Ok(left);
    }
    // Neither waits for anybody: what a reader still needs stays for the next time.
    pages(readers, "PRAGMA wal_checkpoint(PASSIVE)").await?;
    pages(writer, "PRAGMA wal_checkpoint(PASSIVE)").await
}

/// Pages of the log that are not yet in the database.
async fn pages(on: &SqlitePool, sql: &'static str) -> sqlx::Result<i64> {
    let (_, log, done): (i64, i64, i64) = sqlx::query_as(sql).fetch_one(on).await?;
    Ok(log - done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    #[tokio::test]
    async fn a_long_log_is_gone_over_and_begins_anew() {
        let folder = crate::testing::folder();
        let path = folder.join("tenon.db");
        let db = Db::sqlite(&path).await.unwrap();
        let Db::Sqlite { writer, readers } = &db else {
            unreachable!()
        };
        let write = async |name: String| {
            let mut tx = db.begin().await.unwrap();
            query("INSERT INTO settings (name, value) VALUES ($1, $2)")
                .bind(name)
                .bind("x".repeat(3 << 20))
                .execute(&mut tx)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        let long = || {
            std::fs::metadata(path.with_extension("db-wal"))
                .unwrap()
                .len()
        };
        assert!(shorten(writer, readers).await.unwrap() < MANY);
        write("0".into()).await;
        write("1".into()).await;
        write("2".into()).await;
        let before = long();
        assert!(before > 9 << 20, "{before}");
        assert_eq!(shorten(writer, readers).await.unwrap(), 0);
        for n in 3..12 {
            write(n.to_string()).await;
            shorten(writer, readers).await.unwrap();
        }
        assert!(long() < 2 * before, "the log grew to {}", long());
        drop(db);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
