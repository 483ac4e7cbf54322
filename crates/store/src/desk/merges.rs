//! Threads that are worked on as one. What was said, noted and replied stays with the thread it came in; merging only says which
//! thread shows it, so that what is on its way is not touched and splitting finds everything where it was.

use super::threads::{THREAD, forget_contact};
use super::{OPEN, ThreadRow, thread_in};
use crate::{Db, Tx, query, query_of, record};
use mining::Micros;

/// A thread with what was merged into it.
pub(crate) const TOGETHER: &str =
    "(SELECT CAST($1 AS TEXT) UNION ALL SELECT m.id FROM threads m WHERE m.merged_into = $1)";

/// Threads `t`, beside what is known of those that were merged into them.
pub(super) const AS_ONE: &str = "threads t LEFT JOIN (SELECT merged_into AS root, MIN(created) AS created, MIN(replied) AS replied FROM threads \
     WHERE merged_into IS NOT NULL GROUP BY merged_into) m ON m.root = t.id";
/// When it began, in whichever of them.
pub(super) const BEGAN: &str = "CASE WHEN m.created < t.created THEN m.created ELSE t.created END";
/// When she was answered first, in whichever of them.
pub(super) const ANSWERED_FIRST: &str = "CASE WHEN t.replied IS NULL OR m.replied < t.replied THEN COALESCE(m.replied, t.replied) ELSE t.replied END";

/// The columns of a thread of [`AS_ONE`].
pub(super) fn thread_as_one() -> String {
    let columns = THREAD.split(", ").map(|column| match column {
        "created" => format!("{BEGAN} AS created"),
        "replied" => format!("{ANSWERED_FIRST} AS replied"),
        column => format!("t.{column}"),
    });
    columns.collect::<Vec<_>>().join(", ")
}

/// That a thread was merged into another, and how both were before.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeRow {
    pub thread: String,
    pub into_thread: String,
    pub at: Micros,
    pub by_person: String,
    pub state: String,
    pub into_state: String,
    pub into_snoozed: Option<Micros>,
    pub took_contact: i64,
}

record!(MergeRow {
    thread,
    into_thread,
    at,
    by_person,
    state,
    into_state,
    into_snoozed,
    took_contact
});

const MERGE: &str = "g.thread, g.into_thread, g.at, g.by_person, g.state, g.into_state, g.into_snoozed, g.took_contact";

/// The thread as which one is worked on, by the id of any that is part of it.
pub async fn shown(tx: &mut Tx, id: &str) -> sqlx::Result<Option<ThreadRow>> {
    match thread_in(tx, id).await? {
        Some(row) => Ok(Some(shown_in(tx, row).await?)),
        None => Ok(None),
    }
}

/// The thread as which a thread is worked on: itself, if nobody merged it.
pub async fn shown_in(tx: &mut Tx, row: ThreadRow) -> sqlx::Result<ThreadRow> {
    let shown = match &row.merged_into {
        Some(into) => thread_in(tx, into).await?,
        None => None,
    };
    Ok(shown.unwrap_or(row))
}

/// A thread first, then those that were merged into it, as they began.
pub async fn together(db: &Db, thread: &str) -> sqlx::Result<Vec<ThreadRow>> {
    query_of(format!(
        "SELECT {THREAD} FROM threads WHERE id IN {TOGETHER} ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END, created, id"
    ))
    .bind(thread)
    .fetch_all(db)
    .await
}

/// What was merged into any of these threads: its id, and theirs.
pub async fn merged_into(db: &Db, threads: &[String]) -> sqlx::Result<Vec<(String, String)>> {
    if threads.is_empty() {
        return Ok(Vec::new());
    }
    query_of("SELECT id, merged_into FROM threads WHERE merged_into IN ".into())
        .list(threads)
        .fetch_all(db)
        .await
}

/// The merges that a thread is made of, oldest first, without those of which nothing is kept any more.
pub async fn merges(db: &Db, thread: &str) -> sqlx::Result<Vec<MergeRow>> {
    query_of(merges_of()).bind(thread).fetch_all(db).await
}

pub async fn merges_in(tx: &mut Tx, thread: &str) -> sqlx::Result<Vec<MergeRow>> {
    query_of(merges_of()).bind(thread).fetch_all(&mut *tx).await
}

fn merges_of() -> String {
    format!(
        "SELECT {MERGE} FROM thread_merges g JOIN threads t ON t.id = g.thread WHERE t.merged_into = $1 AND t.title <> '' ORDER BY g.at, g.thread"
    )
}

/// Makes a thread, with what was merged into it, part of another; both are known not to be part of any.
pub async fn merge_thread(tx: &mut Tx, row: &MergeRow) -> sqlx::Result<()> {
    query(
        "INSERT INTO thread_merges (thread, into_thread, at, by_person, state, into_state, into_snoozed, took_contact) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.thread)
    .bind(&row.into_thread)
    .bind(row.at)
    .bind(&row.by_person)
    .bind(&row.state)
    .bind(&row.into_state)
    .bind(row.into_snoozed)
    .bind(row.took_contact)
    .execute(tx)
    .await?;
    query("UPDATE threads SET merged_into = $2 WHERE id = $1 OR merged_into = $1")
        .bind(&row.thread)
        .bind(&row.into_thread)
        .execute(tx)
        .await?;
    query("UPDATE notifications SET conversation = $2 WHERE conversation = $1")
        .bind(&row.thread)
        .bind(&row.into_thread)
        .execute(tx)
        .await?;
    query(
        "UPDATE threads SET state = 'merged', claimed_by = NULL, claimed_until = NULL, \
         contact = COALESCE(contact, (SELECT r.contact FROM threads r WHERE r.id = $2)) WHERE id = $1",
    )
    .bind(&row.thread)
    .bind(&row.into_thread)
    .execute(tx)
    .await
}

/// What a thread is like with another in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Joined {
    pub state: String,
    pub waiting: Option<Micros>,
    pub snoozed: Option<Micros>,
    pub last: Micros,
    pub claimed_by: Option<String>,
    pub claimed_until: Option<Micros>,
}

pub async fn set_joined(tx: &mut Tx, thread: &str, joined: &Joined) -> sqlx::Result<()> {
    query(
        "UPDATE threads SET state = $2, waiting = $3, snoozed = $4, last = CASE WHEN last < $5 THEN $5 ELSE last END, \
         claimed_by = $6, claimed_until = $7 WHERE id = $1",
    )
    .bind(thread)
    .bind(&joined.state)
    .bind(joined.waiting)
    .bind(joined.snoozed)
    .bind(joined.last)
    .bind(&joined.claimed_by)
    .bind(joined.claimed_until)
    .execute(tx)
    .await
}

/// Takes a thread out again, with those of them that were in it before; what else was in it counts as merged into what it was merged
/// into. How it stands alone is for [`set_apart`] to say.
pub async fn split_thread(tx: &mut Tx, merge: &MergeRow, with: &[String]) -> sqlx::Result<()> {
    query("DELETE FROM thread_merges WHERE thread = $1")
        .bind(&merge.thread)
        .execute(tx)
        .await?;
    query("UPDATE threads SET merged_into = NULL WHERE id = $1")
        .bind(&merge.thread)
        .execute(tx)
        .await?;
    if merge.took_contact == 1 {
        forget_contact(tx, &merge.thread).await?;
    }
    for one in with {
        query("UPDATE threads SET merged_into = $2 WHERE id = $1")
            .bind(one)
            .bind(&merge.thread)
            .execute(tx)
            .await?;
    }
    for gone in [&merge.thread].into_iter().chain(with) {
        tell_of(tx, gone, &merge.thread).await?;
        query(
            "UPDATE thread_merges SET into_thread = $2, into_state = $3, into_snoozed = $4 WHERE into_thread = $1 \
             AND thread IN (SELECT t.id FROM threads t WHERE t.merged_into <> $5)",
        )
        .bind(gone)
        .bind(&merge.into_thread)
        .bind(&merge.into_state)
        .bind(merge.into_snoozed)
        .bind(&merge.thread)
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// Has what somebody was told of a thread, before that was merged, lead to the thread that shows it now.
pub(crate) async fn tell_of(tx: &mut Tx, thread: &str, shown: &str) -> sqlx::Result<()> {
    query(
        "UPDATE notifications SET conversation = $2 WHERE conversation IS NOT NULL AND event IN \
         (SELECT seq FROM events WHERE subject = $1 AND kind <> 'message.posted')",
    )
    .bind(thread)
    .bind(shown)
    .execute(tx)
    .await
}

/// Since when the customer waits in a thread alone. Where it did not wait before a moment, only what came after counts.
pub async fn waits_since(
    tx: &mut Tx,
    thread: &str,
    did_wait: bool,
    since: Micros,
) -> sqlx::Result<Option<Micros>> {
    let (waits,): (Option<Micros>,) = query_of(format!(
        "SELECT MIN(s.at) FROM said s WHERE s.thread IN {TOGETHER} AND s.is_ours = 0 AND s.deleted IS NULL AND s.held IS NULL \
         AND ($2 = 1 OR s.received > $3) AND NOT EXISTS (SELECT 1 FROM said o WHERE o.thread IN {TOGETHER} AND o.is_ours = 1 \
         AND o.at >= s.at AND o.received >= s.received)"
    ))
    .bind(thread)
    .bind(i64::from(did_wait))
    .bind(since)
    .fetch_one(&mut *tx)
    .await?;
    Ok(waits)
}

/// Whether we said anything since a moment in a thread or what was merged into it.
pub async fn we_said_since(tx: &mut Tx, thread: &str, since: Micros) -> sqlx::Result<bool> {
    let sql = format!(
        "SELECT received FROM said WHERE thread IN {TOGETHER} AND is_ours = 1 AND received > $2 LIMIT 1"
    );
    let said: Option<(i64,)> = query_of(sql)
        .bind(thread)
        .bind(since)
        .fetch_optional(tx)
        .await?;
    Ok(said.is_some())
}

/// When she was answered first in a thread or what was merged into it.
pub async fn replied_in(tx: &mut Tx, thread: &str) -> sqlx::Result<Option<Micros>> {
    let (replied,): (Option<Micros>,) = query_of(format!(
        "SELECT MIN(replied) FROM threads WHERE id IN {TOGETHER}"
    ))
    .bind(thread)
    .fetch_one(&mut *tx)
    .await?;
    Ok(replied)
}

/// How a thread stands that is alone again.
pub async fn set_apart(
    tx: &mut Tx,
    thread: &str,
    (state, held): (&str, Option<&str>),
    waiting: Option<Micros>,
    snoozed: Option<Micros>,
) -> sqlx::Result<()> {
    query(
        "UPDATE threads SET state = $2, held = $3, waiting = $4, snoozed = $5, claimed_by = CASE WHEN $6 = 1 THEN claimed_by END, \
         claimed_until = CASE WHEN $6 = 1 THEN claimed_until END WHERE id = $1",
    )
    .bind(thread)
    .bind(state)
    .bind(held)
    .bind(waiting)
    .bind(snoozed)
    .bind(i64::from(state == OPEN))
    .execute(tx)
    .await
}

/// Something that was merged and is of another customer by now than what shows it, and what that is; first what did not go in by another
/// one of that customer, so that what was in it comes out with it.
pub async fn stranger(tx: &mut Tx, contact: &str) -> sqlx::Result<Option<(String, String)>> {
    query(
        "SELECT t.id, r.id FROM threads t JOIN threads r ON r.id = t.merged_into JOIN thread_merges g ON g.thread = t.id \
         JOIN threads o ON o.id = g.into_thread WHERE t.contact <> r.contact AND (t.contact = $1 OR r.contact = $1) \
         ORDER BY CASE WHEN o.contact = t.contact THEN 1 ELSE 0 END, t.id LIMIT 1",
    )
    .bind(contact)
    .fetch_optional(&mut *tx)
    .await
}

/// What was merged into a thread and is of the same customer as one of them.
pub async fn of_same_customer(tx: &mut Tx, thread: &str, one: &str) -> sqlx::Result<Vec<String>> {
    let all: Vec<(String,)> = query(
        "SELECT t.id FROM threads t JOIN threads o ON o.id = $2 WHERE t.merged_into = $1 AND t.contact = o.contact",
    )
    .bind(thread)
    .bind(one)
    .fetch_all(&mut *tx)
    .await?;
    Ok(all.into_iter().map(|(id,)| id).collect())
}

/// Threads of the customer of a thread that it may be merged into, the newest first. Where nobody is known to have written it: of
/// the one whose address it came under.
pub async fn could_be_one(db: &Db, thread: &str) -> sqlx::Result<Vec<ThreadRow>> {
    query_of(format!(
        "SELECT {THREAD} FROM threads WHERE id <> $1 AND state IN ('open', 'answered', 'closed') AND title <> '' AND contact = \
         (SELECT COALESCE(o.contact, (SELECT h.contact FROM said s JOIN connections c ON c.id = s.connection \
         JOIN handles h ON h.kind = c.kind AND h.author = s.author WHERE s.thread = o.id AND s.is_ours = 0 ORDER BY s.at, s.source LIMIT 1)) \
         FROM threads o WHERE o.id = $1) ORDER BY CASE WHEN state = 'open' THEN 0 ELSE 1 END, last DESC, id LIMIT 20"
    ))
    .bind(thread)
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests;
