//! Conversations with customers, and the queue they wait in.

use super::merges::{ANSWERED_FIRST, AS_ONE, BEGAN, thread_as_one};
use crate::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct ThreadRow {
    pub id: String,
    pub connection: String,
    pub topic: String,
    pub contact: Option<String>,
    pub title: String,
    /// `public` or `direct`.
    pub seen: String,
    pub process: Option<String>,
    pub case_ref: Option<String>,
    pub step: Option<String>,
    pub team: Option<String>,
    pub reason: String,
    /// Per cent.
    pub sure: i64,
    pub matched_by: Option<String>,
    /// [`OPEN`], [`ANSWERED`], [`CLOSED`], [`HELD`], [`FOUND`], [`DISMISSED`] or [`MERGED`].
    pub state: String,
    pub held: Option<String>,
    pub created: Micros,
    pub waiting: Option<Micros>,
    pub replied: Option<Micros>,
    pub last: Micros,
    pub claimed_by: Option<String>,
    pub claimed_until: Option<Micros>,
    pub snoozed: Option<Micros>,
    /// The thread that shows it, where a colleague merged it.
    pub merged_into: Option<String>,
}

record!(ThreadRow {
    id,
    connection,
    topic,
    contact,
    title,
    seen,
    process,
    case_ref,
    step,
    team,
    reason,
    sure,
    matched_by,
    state,
    held,
    created,
    waiting,
    replied,
    last,
    claimed_by,
    claimed_until,
    snoozed,
    merged_into
});

pub const OPEN: &str = "open";
pub const ANSWERED: &str = "answered";
pub const CLOSED: &str = "closed";
pub const HELD: &str = "held";
/// Found by listening and not said to us: it waits for somebody to look at it, not for an answer.
pub const FOUND: &str = "found";
/// Found, and looked at: nothing for us.
pub const DISMISSED: &str = "dismissed";
/// Part of another thread: nothing is done with it alone.
pub const MERGED: &str = "merged";

pub(super) const THREAD: &str = "id, connection, topic, contact, title, seen, process, case_ref, step, team, reason, sure, matched_by, state, held, \
     created, waiting, replied, last, claimed_by, claimed_until, snoozed, merged_into";

pub async fn insert_thread(tx: &mut Tx, row: &ThreadRow) -> sqlx::Result<()> {
    query_of(format!(
        "INSERT INTO threads ({THREAD}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $19, $18, NULL, NULL, NULL, NULL)"
    ))
    .bind(&row.id)
    .bind(&row.connection)
    .bind(&row.topic)
    .bind(&row.contact)
    .bind(&row.title)
    .bind(&row.seen)
    .bind(&row.process)
    .bind(&row.case_ref)
    .bind(&row.step)
    .bind(&row.team)
    .bind(&row.reason)
    .bind(row.sure)
    .bind(&row.matched_by)
    .bind(&row.state)
    .bind(&row.held)
    .bind(row.created)
    .bind(row.waiting)
    .bind(row.last)
    .bind(row.replied)
    .execute(tx)
    .await
}

pub async fn thread(db: &Db, id: &str) -> sqlx::Result<Option<ThreadRow>> {
    query_of(format!("SELECT {THREAD} FROM threads WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

pub async fn thread_in(tx: &mut Tx, id: &str) -> sqlx::Result<Option<ThreadRow>> {
    let locked = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE",
    };
    query_of(format!(
        "SELECT {THREAD} FROM threads WHERE id = $1{locked}"
    ))
    .bind(id)
    .fetch_optional(&mut *tx)
    .await
}

pub async fn thread_of_topic(
    tx: &mut Tx,
    connection: &str,
    topic: &str,
) -> sqlx::Result<Option<ThreadRow>> {
    query_of(format!(
        "SELECT {THREAD} FROM threads WHERE connection = $1 AND topic = $2"
    ))
    .bind(connection)
    .bind(topic)
    .fetch_optional(&mut *tx)
    .await
}

/// The newest thread of a contact about a case.
pub async fn thread_of_case_in(
    tx: &mut Tx,
    connection: &str,
    contact: &str,
    (process, case): (&str, &str),
) -> sqlx::Result<Option<ThreadRow>> {
    query_of(format!(
        "SELECT {THREAD} FROM threads WHERE connection = $1 AND contact = $2 AND process = $3 AND case_ref = $4 \
         ORDER BY last DESC, id LIMIT 1"
    ))
    .bind(connection)
    .bind(contact)
    .bind(process)
    .bind(case)
    .fetch_optional(&mut *tx)
    .await
}

/// The thread that a thread is worked on as.
pub(super) const SHOWN: &str =
    "COALESCE((SELECT h.merged_into FROM threads h WHERE h.id = $1), $1)";

/// The customer said something: she waits, since then at the latest. What was closed is open again; what is held or only found stays so.
pub async fn customer_said(tx: &mut Tx, id: &str, at: Micros) -> sqlx::Result<()> {
    query_of(format!(
        "UPDATE threads SET waiting = CASE WHEN state IN ('held', 'merged') THEN waiting ELSE COALESCE(waiting, $2) END, \
         state = CASE WHEN state IN ('held', 'found', 'dismissed', 'merged') THEN state ELSE 'open' END, snoozed = NULL, \
         last = CASE WHEN last < $2 THEN $2 ELSE last END WHERE id IN ($1, {SHOWN})"
    ))
    .bind(id)
    .bind(at)
    .execute(tx)
    .await
}

/// We answered at that moment: nobody waits any more for what was said before it.
pub async fn we_said(tx: &mut Tx, id: &str, at: Micros) -> sqlx::Result<()> {
    query_of(format!(
        "UPDATE threads SET waiting = CASE WHEN state = 'merged' THEN waiting ELSE (SELECT MIN(s.at) FROM said s WHERE {} AND s.is_ours = 0 \
         AND s.deleted IS NULL AND s.held IS NULL AND s.at > $2) END, \
         replied = CASE WHEN id = $1 AND (replied IS NULL OR replied > $2) THEN $2 ELSE replied END, \
         last = CASE WHEN last < $2 THEN $2 ELSE last END WHERE id IN ($1, {SHOWN})",
        said_in_all("s")
    ))
    .bind(id)
    .bind(at)
    .execute(tx)
    .await?;
    query_of(format!(
        "UPDATE threads SET state = 'answered', claimed_by = NULL, claimed_until = NULL WHERE id = {SHOWN} AND waiting IS NULL AND state = 'open'"
    ))
    .bind(id)
    .execute(tx)
    .await
}

/// Whether something was said in a row of `threads` or in what was merged into it.
pub(super) fn said_in_all(said: &str) -> String {
    format!(
        "{said}.thread IN (SELECT threads.id UNION ALL SELECT m.id FROM threads m WHERE m.merged_into = threads.id)"
    )
}

/// Makes the thread hers until then, if it is nobody else's; one statement, so that of many at once one wins.
pub async fn claim_thread(
    tx: &mut Tx,
    id: &str,
    person: &str,
    now: Micros,
    until: Micros,
) -> sqlx::Result<bool> {
    let claimed = query(
        "UPDATE threads SET claimed_by = $2, claimed_until = $4 \
         WHERE id = $1 AND state = 'open' AND (claimed_by IS NULL OR claimed_by = $2 OR claimed_until <= $3)",
    )
    .bind(id)
    .bind(person)
    .bind(now)
    .bind(until)
    .affect(tx)
    .await?;
    Ok(claimed > 0)
}

/// Hands it over to somebody, or to nobody.
pub async fn give(
    tx: &mut Tx,
    id: &str,
    to: Option<&str>,
    until: Option<Micros>,
) -> sqlx::Result<()> {
    query("UPDATE threads SET claimed_by = $2, claimed_until = $3 WHERE id = $1")
        .bind(id)
        .bind(to)
        .bind(until)
        .execute(tx)
        .await
}

pub async fn set_thread_state(
    tx: &mut Tx,
    id: &str,
    state: &str,
    held: Option<&str>,
    waiting: Option<Micros>,
) -> sqlx::Result<()> {
    query("UPDATE threads SET state = $2, held = $3, waiting = $4, claimed_by = NULL, claimed_until = NULL, snoozed = NULL WHERE id = $1")
        .bind(id)
        .bind(state)
        .bind(held)
        .bind(waiting)
        .execute(tx)
        .await
}

pub async fn snooze_thread(tx: &mut Tx, id: &str, until: Option<Micros>) -> sqlx::Result<()> {
    query("UPDATE threads SET snoozed = $2 WHERE id = $1")
        .bind(id)
        .bind(until)
        .execute(tx)
        .await
}

/// What a thread is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    pub process: Option<String>,
    pub case_ref: Option<String>,
    pub step: Option<String>,
    pub team: Option<String>,
    pub reason: String,
    pub sure: i64,
    pub by: Option<String>,
}

/// Which customer began a thread, by her id at the service.
pub async fn begun_by(tx: &mut Tx, thread: &str) -> sqlx::Result<Option<String>> {
    let first: Option<(String,)> = query(
        "SELECT author FROM said WHERE thread = $1 AND is_ours = 0 ORDER BY at, received, source LIMIT 1",
    )
    .bind(thread)
    .fetch_optional(tx)
    .await?;
    Ok(first.map(|(author,)| author))
}

/// Whose thread it is, where nobody was known; `false` where somebody was.
pub async fn set_contact(tx: &mut Tx, id: &str, contact: &str) -> sqlx::Result<bool> {
    let set = query("UPDATE threads SET contact = $2 WHERE id = $1 AND contact IS NULL")
        .bind(id)
        .bind(contact)
        .affect(tx)
        .await?;
    Ok(set > 0)
}

/// Nobody is known to have written it.
pub async fn forget_contact(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    query("UPDATE threads SET contact = NULL, own_contact = NULL WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await
}

/// What a thread is about, with all that was merged into it.
pub async fn set_about(tx: &mut Tx, id: &str, about: &About) -> sqlx::Result<()> {
    query(
        "UPDATE threads SET process = $2, case_ref = $3, step = $4, team = $5, reason = $6, sure = $7, matched_by = $8 \
         WHERE id = $1 OR merged_into = $1",
    )
    .bind(id)
    .bind(&about.process)
    .bind(&about.case_ref)
    .bind(&about.step)
    .bind(&about.team)
    .bind(&about.reason)
    .bind(about.sure)
    .bind(&about.by)
    .execute(tx)
    .await
}

/// What of the queue is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Queue<'a> {
    /// Who waits, longest first; without those that sleep.
    Open,
    /// What sleeps, longest waiting first.
    Snoozed,
    /// What one person answers.
    Of(&'a str),
    /// What the filter holds, newest first.
    Held,
    /// What listening found and nobody looked at, newest first.
    Found,
    /// What of it was dismissed, newest first.
    Dismissed,
    /// What was answered or closed, newest first.
    Done,
}

/// A page of the queue behind a thread: its waiting time (or last moment) and id.
pub async fn queue(
    db: &Db,
    what: Queue<'_>,
    now: Micros,
    behind: (Micros, &str),
    limit: i64,
) -> sqlx::Result<Vec<ThreadRow>> {
    let sql = match what {
        Queue::Open => format!(
            "SELECT {THREAD} FROM threads WHERE state = 'open' AND (waiting, id) > ($1, $2) AND (snoozed IS NULL OR snoozed <= $3) \
             AND ($5 = '') ORDER BY waiting, id LIMIT $4"
        ),
        Queue::Snoozed => format!(
            "SELECT {THREAD} FROM threads WHERE state = 'open' AND (waiting, id) > ($1, $2) AND snoozed > $3 AND ($5 = '') ORDER BY waiting, id LIMIT $4"
        ),
        Queue::Of(_) => format!(
            "SELECT {THREAD} FROM threads WHERE claimed_by = $5 AND state = 'open' AND (waiting, id) > ($1, $2) AND ($3 > 0) \
             ORDER BY waiting, id LIMIT $4"
        ),
        Queue::Held => format!(
            "SELECT {THREAD} FROM threads WHERE state = 'held' AND (last, id) < ($1, $2) AND ($3 > 0) AND ($5 = '') ORDER BY last DESC, id DESC LIMIT $4"
        ),
        Queue::Found | Queue::Dismissed => format!(
            "SELECT {THREAD} FROM threads WHERE state = '{}' AND (last, id) < ($1, $2) AND ($3 > 0) AND ($5 = '') ORDER BY last DESC, id DESC LIMIT $4",
            if what == Queue::Found {
                FOUND
            } else {
                DISMISSED
            }
        ),
        Queue::Done => format!(
            "SELECT {THREAD} FROM threads WHERE state IN ('answered', 'closed') AND (last, id) < ($1, $2) AND ($3 > 0) AND ($5 = '') \
             ORDER BY last DESC, id DESC LIMIT $4"
        ),
    };
    let whose = match what {
        Queue::Of(person) => person,
        _ => "",
    };
    query_of(sql)
        .bind(behind.0)
        .bind(behind.1)
        .bind(now)
        .bind(limit)
        .bind(whose)
        .fetch_all(db)
        .await
}

/// How many are open, whose they are, and how many wait since before a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    pub open: i64,
    pub late: i64,
    pub mine: i64,
    pub unmatched: i64,
    pub held: i64,
    pub to_review: i64,
    pub failed: i64,
    pub found: i64,
}

/// How many open threads somebody has.
pub async fn mine(db: &Db, person: &str) -> sqlx::Result<i64> {
    let sql = "SELECT COUNT(*) FROM threads WHERE claimed_by = $1 AND state = 'open'";
    let (mine,): (i64,) = query(sql).bind(person).fetch_one(db).await?;
    Ok(mine)
}

/// What waits, and for what; `mine` is left at 0.
pub async fn counts(db: &Db, late: Micros) -> sqlx::Result<Counts> {
    let row: (i64, i64, i64) = query(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN waiting <= $1 THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN case_ref IS NULL THEN 1 ELSE 0 END), 0) FROM threads WHERE state = 'open'",
    )
    .bind(late)
    .fetch_one(db)
    .await?;
    let (held,): (i64,) = query("SELECT COUNT(*) FROM threads WHERE state = 'held'")
        .fetch_one(db)
        .await?;
    let (found,): (i64,) = query("SELECT COUNT(*) FROM threads WHERE state = 'found'")
        .fetch_one(db)
        .await?;
    let (to_review, failed): (i64, i64) = query(
        "SELECT COALESCE(SUM(CASE WHEN state = 'review' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) \
         FROM replies WHERE state IN ('review', 'failed')",
    )
    .fetch_one(db)
    .await?;
    Ok(Counts {
        open: row.0,
        late: row.1,
        mine: 0,
        unmatched: row.2,
        held,
        to_review,
        failed,
        found,
    })
}

/// Open threads by step of their process: how many, and how many wait since before a moment.
pub async fn open_by_step(
    db: &Db,
    process: &str,
    late: Micros,
) -> sqlx::Result<Vec<(Option<String>, i64, i64)>> {
    query(
        "SELECT step, COUNT(*), COALESCE(SUM(CASE WHEN waiting <= $2 THEN 1 ELSE 0 END), 0) FROM threads \
         WHERE state = 'open' AND process = $1 GROUP BY step",
    )
    .bind(process)
    .bind(late)
    .fetch_all(db)
    .await
}

pub async fn threads_of_case(
    db: &Db,
    process: &str,
    case_ref: &str,
) -> sqlx::Result<Vec<ThreadRow>> {
    query_of(format!(
        "SELECT {THREAD} FROM threads WHERE process = $1 AND case_ref = $2 AND state NOT IN ('held', 'dismissed', 'merged') ORDER BY last DESC, id LIMIT 50"
    ))
    .bind(process)
    .bind(case_ref)
    .fetch_all(db)
    .await
}

pub async fn threads_of_contact(db: &Db, contact: &str) -> sqlx::Result<Vec<ThreadRow>> {
    query_of(format!(
        "SELECT {} FROM {AS_ONE} WHERE t.contact = $1 AND t.state <> 'merged' ORDER BY t.last DESC, t.id LIMIT 100",
        thread_as_one()
    ))
    .bind(contact)
    .fetch_all(db)
    .await
}

/// What waits for an answer of these contacts, longest first.
pub async fn open_of_contacts(
    db: &Db,
    contacts: &[String],
    limit: i64,
) -> sqlx::Result<Vec<ThreadRow>> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    query_of(format!(
        "SELECT {THREAD} FROM threads WHERE state = 'open' AND CAST($1 AS BIGINT) > 0 AND contact IN "
    ))
    .bind(limit)
    .list(contacts)
    .then(" ORDER BY waiting, id LIMIT $1")
    .fetch_all(db)
    .await
}

/// Threads at a step since a moment: the team of the case, when the customer wrote and when she was answered first.
pub async fn response_times(
    db: &Db,
    process: &str,
    step: &str,
    since: Micros,
) -> sqlx::Result<Vec<(Option<String>, Micros, Option<Micros>)>> {
    query_of(format!(
        "SELECT t.team, {BEGAN}, {ANSWERED_FIRST} FROM {AS_ONE} WHERE t.process = $1 AND t.step = $2 AND {BEGAN} >= $3 \
         AND t.state NOT IN ('held', 'found', 'dismissed', 'merged') ORDER BY 2, t.id"
    ))
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(db)
    .await
}

/// Reckons anew since when the customer waits: something was taken back.
pub async fn settle(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    query_of(format!(
        "UPDATE threads SET waiting = (SELECT MIN(s.at) FROM said s WHERE {} AND s.is_ours = 0 AND s.deleted IS NULL \
         AND s.held IS NULL AND s.at > COALESCE((SELECT MAX(o.at) FROM said o WHERE {} AND o.is_ours = 1), 0)) \
         WHERE id = {SHOWN} AND state = 'open'",
        said_in_all("s"),
        said_in_all("o")
    ))
    .bind(id)
    .execute(tx)
    .await?;
    query_of(format!(
        "UPDATE threads SET state = 'closed', claimed_by = NULL, claimed_until = NULL WHERE id = {SHOWN} AND state = 'open' AND waiting IS NULL"
    ))
    .bind(id)
    .execute(tx)
    .await
}
