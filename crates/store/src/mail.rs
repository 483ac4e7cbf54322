//! Which notifications leave by mail, and what mail did.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

/// Notifications of one person in one conversation that no mail carries yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Unplanned {
    pub person: String,
    pub conversation: Option<String>,
    /// Whether a person was meant: these do not wait for the morning.
    pub is_direct: bool,
    /// Their first event, and when it was.
    pub first: i64,
    pub since: Micros,
}

record!(Unplanned {
    person,
    conversation,
    is_direct,
    first,
    since
});

/// A notification that a job carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    pub event: i64,
    pub kind: String,
    pub conversation: Option<String>,
    pub at: Micros,
    pub read: Option<Micros>,
    /// Whether another mail may have told of it before.
    pub in_doubt: bool,
}

record!(Carried {
    event,
    kind,
    conversation,
    at,
    read,
    in_doubt
});

/// Kinds that mean a person herself.
pub(super) const DIRECT: &str = "('mention', 'asked', 'answered', 'accepted', 'escalated', 'desk_given', 'desk_returned', 'desk_failed', 'desk_review')";

/// What is unread and not yet on its way, together by person, conversation and whether she herself is meant.
pub async fn unplanned(db: &Db) -> sqlx::Result<Vec<Unplanned>> {
    let sql = format!(
        "SELECT person, conversation, kind IN {DIRECT} AS is_direct, MIN(event) AS first, MIN(at) AS since FROM notifications \
         WHERE mailed IS NULL AND read IS NULL AND job IS NULL GROUP BY 1, 2, 3 ORDER BY first LIMIT 5000"
    );
    query_of(sql).fetch_all(db).await
}

/// Gives a job what it is to carry: everything of a person, or only what means her in one conversation.
pub async fn take(
    tx: &mut Tx,
    job: &str,
    person: &str,
    conversation: Option<&str>,
) -> sqlx::Result<()> {
    let only = match conversation {
        Some(_) => format!("AND conversation = $3 AND kind IN {DIRECT}"),
        None => "AND ($3 = '' OR conversation = $3)".into(),
    };
    let sql = format!(
        "UPDATE notifications SET job = $1 WHERE person = $2 {only} AND mailed IS NULL AND read IS NULL AND job IS NULL"
    );
    query_of(sql)
        .bind(job)
        .bind(person)
        .bind(conversation.unwrap_or_default())
        .execute(tx)
        .await
}

/// Mails that were begun and set aside.
const SET_ASIDE: &str = "kind = 'mail' AND dead IS NOT NULL AND begun IS NOT NULL";

/// Gives a job what is still unread of mails to a person that were set aside, each notification once; ends those mails of
/// which nothing is left to be told.
pub async fn take_doubtful(tx: &mut Tx, job: &str, person: &str, at: Micros) -> sqlx::Result<()> {
    let sql = format!(
        "UPDATE notifications SET doubt = job, job = $1 WHERE person = $2 AND mailed IS NULL AND read IS NULL AND doubt IS NULL \
         AND job IN (SELECT id FROM jobs WHERE {SET_ASIDE})"
    );
    query_of(sql).bind(job).bind(person).execute(tx).await?;
    let sql = format!(
        "UPDATE jobs SET done = $1, dead = NULL WHERE {SET_ASIDE} AND NOT EXISTS (SELECT 1 FROM notifications n \
         WHERE n.job = jobs.id AND n.mailed IS NULL AND n.read IS NULL)"
    );
    query_of(sql).bind(at).execute(tx).await
}

/// What a job carries, oldest first.
pub async fn carried(tx: &mut Tx, job: &str) -> sqlx::Result<Vec<Carried>> {
    query(
        "SELECT event, kind, conversation, at, read, doubt IS NOT NULL AS in_doubt FROM notifications WHERE job = $1 ORDER BY event"
    )
    .bind(job)
    .fetch_all(&mut *tx)
    .await
}

/// What a job carried has left.
pub async fn mailed(tx: &mut Tx, job: &str, at: Micros) -> sqlx::Result<()> {
    query("UPDATE notifications SET mailed = $2 WHERE job = $1 AND mailed IS NULL")
        .bind(job)
        .bind(at)
        .execute(tx)
        .await
}

/// What is waiting for a person does not leave by mail; nor does, for anybody, what is older than a moment.
pub async fn leave_out(tx: &mut Tx, person: Option<&str>, before: Micros) -> sqlx::Result<()> {
    query(
        "UPDATE notifications SET job = '' WHERE (person = $1 OR at < $2) \
         AND mailed IS NULL AND read IS NULL AND job IS NULL",
    )
    .bind(person)
    .bind(before)
    .execute(tx)
    .await
}

/// What a conversation began with.
pub async fn first_message(
    db: &Db,
    conversation: &str,
) -> sqlx::Result<Option<super::work::MessageRow>> {
    query(
            "SELECT id, conversation, author, at, kind, body, client, edited, deleted, pinned FROM messages \
             WHERE conversation = $1 ORDER BY id LIMIT 1",
        )
        .bind(conversation)
        .fetch_optional(db)
        .await
}

/// One more of something, on a day.
pub async fn count(tx: &mut Tx, day: i64, what: &str) -> sqlx::Result<()> {
    query(
        "INSERT INTO mail_counts (day, what, count) VALUES ($1, $2, 1) \
             ON CONFLICT (day, what) DO UPDATE SET count = mail_counts.count + 1",
    )
    .bind(day)
    .bind(what)
    .execute(tx)
    .await
}

/// What was counted since a day.
pub async fn counts(db: &Db, since: i64) -> sqlx::Result<Vec<(String, i64)>> {
    query(
        "SELECT what, CAST(SUM(count) AS BIGINT) FROM mail_counts WHERE day >= $1 GROUP BY what ORDER BY what"
    )
    .bind(since)
    .fetch_all(db)
    .await
}
