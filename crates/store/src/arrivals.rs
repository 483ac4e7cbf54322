//! What webhooks told in a burst: kept as it came, and acknowledged, until it is on the desk.

use super::{Db, Tx, like, query, query_of, record};
use mining::Micros;
use mining::time::DAY;

/// How long it is remembered that a message was taken back that is not here.
pub const REMEMBERED: Micros = 7 * DAY;

#[derive(Debug, Clone, PartialEq)]
pub struct ArrivalRow {
    /// Sorts by time.
    pub id: String,
    pub at: Micros,
    /// A list of deliveries, as JSON.
    pub told: String,
    pub attempts: i64,
    pub due: Micros,
    pub error: Option<String>,
}

record!(ArrivalRow {
    id,
    at,
    told,
    attempts,
    due,
    error
});

const ARRIVAL: &str = "id, at, told, attempts, due, error";

pub async fn insert(tx: &mut Tx, row: &ArrivalRow) -> sqlx::Result<()> {
    query_of(format!(
        "INSERT INTO arrivals ({ARRIVAL}) VALUES ($1, $2, $3, $4, $5, $6)"
    ))
    .bind(&row.id)
    .bind(row.at)
    .bind(&row.told)
    .bind(row.attempts)
    .bind(row.due)
    .bind(&row.error)
    .execute(tx)
    .await
}

/// Whether anything waits that was not tried yet: what comes now comes after it.
pub async fn is_behind(db: &Db) -> sqlx::Result<bool> {
    let one: Option<(i64,)> = query("SELECT attempts FROM arrivals WHERE attempts = 0 LIMIT 1")
        .fetch_optional(db)
        .await?;
    Ok(one.is_some())
}

/// The oldest that are due, up to so many.
pub async fn next(db: &Db, now: Micros, most: i64) -> sqlx::Result<Vec<ArrivalRow>> {
    query_of(format!(
        "SELECT {ARRIVAL} FROM arrivals WHERE due <= $1 ORDER BY id LIMIT $2"
    ))
    .bind(now)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Takes one out, for what is on the desk when this transaction commits: what it tells by now, or nothing where somebody else has it.
pub async fn take(tx: &mut Tx, id: &str) -> sqlx::Result<Option<String>> {
    let taken: Option<(String,)> = query("DELETE FROM arrivals WHERE id = $1 RETURNING told")
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
    Ok(taken.map(|(told,)| told))
}

/// What waits, put off or not tried yet, and may tell this of a connection, oldest first.
pub async fn telling(tx: &mut Tx, connection: &str, what: &str) -> sqlx::Result<Vec<ArrivalRow>> {
    query_of(format!(
        "SELECT {ARRIVAL} FROM arrivals WHERE connection = $1 AND told LIKE $2 ESCAPE '\\' UNION ALL \
         SELECT {ARRIVAL} FROM arrivals WHERE connection IS NULL AND attempts = 0 AND told LIKE $2 ESCAPE '\\' ORDER BY id"
    ))
    .bind(connection)
    .bind(format!("%{}%", like(what)))
    .fetch_all(tx)
    .await
}

/// It could not be taken in: it is tried again when it is due, and keeps nobody waiting until then.
pub async fn put_off(
    tx: &mut Tx,
    (id, connection): (&str, Option<&str>),
    due: Micros,
    error: &str,
) -> sqlx::Result<()> {
    query("UPDATE arrivals SET attempts = attempts + 1, due = $3, connection = $2, error = $4 WHERE id = $1")
        .bind(id)
        .bind(connection)
        .bind(due)
        .bind(error)
        .execute(tx)
        .await
}

/// Remembers that a message was taken back that is not here, in case it comes yet; whether that is new.
pub async fn remember(
    tx: &mut Tx,
    (connection, source): (&str, &str),
    at: Micros,
) -> sqlx::Result<bool> {
    let new = query("INSERT INTO taken_back (connection, source, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(connection)
        .bind(source)
        .bind(at)
        .affect(tx)
        .await?;
    Ok(new > 0)
}

/// Forgets all but so many of the newest that were taken back on a connection. It looks at each of those: it is for now and then.
pub async fn trim(tx: &mut Tx, connection: &str, most: i64) -> sqlx::Result<()> {
    query(
        "DELETE FROM taken_back WHERE connection = $1 AND at <= (SELECT at FROM taken_back WHERE connection = $1 \
         ORDER BY at DESC LIMIT 1 OFFSET $2)",
    )
    .bind(connection)
    .bind(most)
    .execute(tx)
    .await
}

/// When a message was taken back that was not here, if that was since a moment.
pub async fn taken_back(
    tx: &mut Tx,
    (connection, source): (&str, &str),
    since: Micros,
) -> sqlx::Result<Option<Micros>> {
    let found: Option<(i64,)> =
        query("SELECT at FROM taken_back WHERE connection = $1 AND source = $2 AND at >= $3")
            .bind(connection)
            .bind(source)
            .bind(since)
            .fetch_optional(tx)
            .await?;
    Ok(found.map(|(at,)| at))
}

/// Forgets what was taken back before a moment.
pub async fn forget(tx: &mut Tx, before: Micros) -> sqlx::Result<()> {
    query("DELETE FROM taken_back WHERE at < $1")
        .bind(before)
        .execute(tx)
        .await
}

/// All that waits, oldest first.
pub async fn all(tx: &mut Tx) -> sqlx::Result<Vec<ArrivalRow>> {
    query_of(format!("SELECT {ARRIVAL} FROM arrivals ORDER BY id"))
        .fetch_all(tx)
        .await
}

/// Replaces what a delivery told.
pub async fn rewrite(tx: &mut Tx, id: &str, told: &str) -> sqlx::Result<()> {
    query("UPDATE arrivals SET told = $2 WHERE id = $1")
        .bind(id)
        .bind(told)
        .execute(tx)
        .await
}

/// How many deliveries of a connection are put off, and what is wrong with the oldest.
pub async fn stuck(db: &Db, connection: &str) -> sqlx::Result<Option<(i64, String)>> {
    let (n,): (i64,) = query("SELECT COUNT(*) FROM arrivals WHERE connection = $1")
        .bind(connection)
        .fetch_one(db)
        .await?;
    let why: Option<(Option<String>,)> =
        query("SELECT error FROM arrivals WHERE connection = $1 ORDER BY id LIMIT 1")
            .bind(connection)
            .fetch_optional(db)
            .await?;
    Ok(why.map(|(why,)| (n, why.unwrap_or_default())))
}

/// How many wait: not tried yet, and put off.
pub async fn waiting(db: &Db) -> sqlx::Result<(i64, i64)> {
    query("SELECT COUNT(*) - COUNT(error), COUNT(error) FROM arrivals")
        .fetch_one(db)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{channel, on_both};

    fn row(id: &str, at: Micros) -> ArrivalRow {
        ArrivalRow {
            id: id.into(),
            at,
            told: "[]".into(),
            attempts: 0,
            due: at,
            error: None,
        }
    }

    #[test]
    fn what_was_taken_back_is_remembered_for_a_while_by_channel_and_not_without_end() {
        on_both(|db| async move {
            let mut tx = db.begin().await.unwrap();
            channel(&mut tx, "c1").await;
            channel(&mut tx, "c2").await;
            for at in 1..=5 {
                let source = format!("m{at}");
                assert!(remember(&mut tx, ("c1", &source), at).await.unwrap());
            }
            assert!(!remember(&mut tx, ("c1", "m5"), 9).await.unwrap());
            assert!(remember(&mut tx, ("c2", "m1"), 1).await.unwrap());
            trim(&mut tx, "c1", 3).await.unwrap();
            let known = async |tx: &mut Tx, connection, since| {
                let mut all = Vec::new();
                for source in ["m1", "m2", "m3", "m4", "m5"] {
                    let at = taken_back(tx, (connection, source), since).await.unwrap();
                    all.extend(at);
                }
                all
            };
            assert_eq!(known(&mut tx, "c1", 0).await, [3, 4, 5]);
            assert_eq!(known(&mut tx, "c1", 4).await, [4, 5]);
            assert_eq!(known(&mut tx, "c2", 0).await, [1]);
            forget(&mut tx, 5).await.unwrap();
            assert_eq!(known(&mut tx, "c1", 0).await, [5]);
            assert_eq!(known(&mut tx, "c2", 0).await, [0; 0]);
            tx.commit().await.unwrap();
        });
    }

    #[test]
    fn the_oldest_comes_first_once_and_what_fails_keeps_nobody_waiting() {
        on_both(|db| async move {
            assert!(!is_behind(&db).await.unwrap());
            let mut tx = db.begin().await.unwrap();
            for one in [row("b", 2), row("a", 1)] {
                insert(&mut tx, &one).await.unwrap();
            }
            tx.commit().await.unwrap();
            assert!(is_behind(&db).await.unwrap());
            assert_eq!(next(&db, 0, 9).await.unwrap(), []);
            assert_eq!(next(&db, 5, 9).await.unwrap(), [row("a", 1), row("b", 2)]);
            assert_eq!(next(&db, 5, 1).await.unwrap(), [row("a", 1)]);

            let mut tx = db.begin().await.unwrap();
            put_off(&mut tx, ("a", Some("con")), 60, "no room")
                .await
                .unwrap();
            tx.commit().await.unwrap();
            assert_eq!(next(&db, 5, 9).await.unwrap(), [row("b", 2)]);
            assert_eq!(waiting(&db).await.unwrap(), (1, 1));
            let stuck_there = stuck(&db, "con").await.unwrap();
            assert_eq!(stuck_there, Some((1, "no room".into())));
            assert_eq!(stuck(&db, "another").await.unwrap(), None);

            let mut tx = db.begin().await.unwrap();
            rewrite(&mut tx, "a", r#"["50%_\\n"]"#).await.unwrap();
            let ids = async |tx: &mut Tx, connection, what| {
                let rows = telling(tx, connection, what).await.unwrap();
                rows.into_iter().map(|r| r.id).collect::<Vec<_>>()
            };
            assert_eq!(ids(&mut tx, "con", "[").await, ["a", "b"]);
            assert_eq!(ids(&mut tx, "con", r#""50%_\\n""#).await, ["a"]);
            assert_eq!(ids(&mut tx, "con", "5_%").await, [""; 0]);
            assert_eq!(ids(&mut tx, "another", "[").await, ["b"]);
            rewrite(&mut tx, "b", "[1]").await.unwrap();
            assert_eq!(take(&mut tx, "b").await.unwrap().as_deref(), Some("[1]"));
            assert_eq!(
                take(&mut tx, "b").await.unwrap(),
                None,
                "somebody else has it"
            );
            tx.commit().await.unwrap();
            assert!(
                !is_behind(&db).await.unwrap(),
                "what is put off is no queue"
            );
            let again = next(&db, 60, 9).await.unwrap().remove(0);
            assert_eq!(
                (again.attempts, again.error.as_deref()),
                (1, Some("no room"))
            );
        });
    }
}
