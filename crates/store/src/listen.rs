//! What is listened to at the steps, and what was found by it.

use crate::desk::TOGETHER;
use crate::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct WishRow {
    pub id: String,
    pub process: String,
    pub step: String,
    pub connection: String,
    /// [`MENTION`], `account`, `tag` or `phrase`.
    pub what: String,
    pub words: String,
    pub at: Micros,
    pub by_person: String,
    pub removed: Option<Micros>,
}

record!(WishRow {
    id,
    process,
    step,
    connection,
    what,
    words,
    at,
    by_person,
    removed
});

pub const MENTION: &str = "mention";

const WISH: &str = "id, process, step, connection, what, words, at, by_person, removed";

pub async fn insert_wish(tx: &mut Tx, row: &WishRow) -> sqlx::Result<()> {
    query_of(format!(
        "INSERT INTO wishes ({WISH}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)"
    ))
    .bind(&row.id)
    .bind(&row.process)
    .bind(&row.step)
    .bind(&row.connection)
    .bind(&row.what)
    .bind(&row.words)
    .bind(row.at)
    .bind(&row.by_person)
    .execute(tx)
    .await
}

pub async fn wish(db: &Db, id: &str) -> sqlx::Result<Option<WishRow>> {
    query_of(format!("SELECT {WISH} FROM wishes WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

pub async fn set_removed(tx: &mut Tx, id: &str, at: Option<Micros>) -> sqlx::Result<()> {
    query("UPDATE wishes SET removed = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(tx)
        .await
}

/// The wishes of a step, and those removed since a moment.
pub async fn wishes_of_step(
    db: &Db,
    process: &str,
    step: &str,
    since: Micros,
) -> sqlx::Result<Vec<WishRow>> {
    query_of(format!(
        "SELECT {WISH} FROM wishes WHERE process = $1 AND step = $2 AND (removed IS NULL OR removed >= $3) ORDER BY what, words, at, id"
    ))
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(db)
    .await
}

/// All that is not removed on a channel, whether its tool is plugged in or not.
pub async fn wishes_of_connection(db: &Db, connection: &str) -> sqlx::Result<Vec<WishRow>> {
    query_of(format!(
        "SELECT {WISH} FROM wishes WHERE connection = $1 AND removed IS NULL ORDER BY at, id"
    ))
    .bind(connection)
    .fetch_all(db)
    .await
}

/// What is listened to on a channel now: where the tool is plugged in and neither planned, paused nor taken out.
pub async fn heard_on(db: &Db, connection: &str) -> sqlx::Result<Vec<WishRow>> {
    query_of(format!(
        "SELECT {WISH} FROM wishes w WHERE connection = $1 AND removed IS NULL AND EXISTS (SELECT 1 FROM improvements i \
         WHERE i.process = w.process AND i.step = w.step AND i.tool = 'listen' AND i.state = 'running') ORDER BY at, id"
    ))
    .bind(connection)
    .fetch_all(db)
    .await
}

#[derive(Debug, Clone, PartialEq)]
pub struct FindRow {
    pub thread: String,
    pub process: String,
    pub step: String,
    pub connection: String,
    pub what: String,
    pub words: String,
    pub at: Micros,
    pub author: String,
    /// [`LET_IN`] or [`DISMISSED`].
    pub outcome: Option<String>,
    pub decided: Option<Micros>,
    pub decided_by: Option<String>,
}

record!(FindRow {
    thread,
    process,
    step,
    connection,
    what,
    words,
    at,
    author,
    outcome,
    decided,
    decided_by
});

pub const LET_IN: &str = "let_in";
pub const DISMISSED: &str = "dismissed";

const FIND: &str =
    "thread, process, step, connection, what, words, at, author, outcome, decided, decided_by";

pub async fn insert_find(tx: &mut Tx, row: &FindRow) -> sqlx::Result<()> {
    query_of(format!(
        "INSERT INTO finds ({FIND}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, NULL, NULL) ON CONFLICT DO NOTHING"
    ))
    .bind(&row.thread)
    .bind(&row.process)
    .bind(&row.step)
    .bind(&row.connection)
    .bind(&row.what)
    .bind(&row.words)
    .bind(row.at)
    .bind(&row.author)
    .execute(tx)
    .await
}

/// What found a thread or what was merged into it.
pub async fn finds_of_thread(db: &Db, thread: &str) -> sqlx::Result<Vec<FindRow>> {
    query_of(format!(
        "SELECT {FIND} FROM finds WHERE thread IN {TOGETHER} ORDER BY process, step, at, thread"
    ))
    .bind(thread)
    .fetch_all(db)
    .await
}

/// Whether listening found it, or what was merged into it.
pub async fn is_find(tx: &mut Tx, thread: &str) -> sqlx::Result<bool> {
    let sql = format!("SELECT at FROM finds WHERE thread IN {TOGETHER} LIMIT 1");
    let found: Option<(i64,)> = query_of(sql).bind(thread).fetch_optional(&mut *tx).await?;
    Ok(found.is_some())
}

/// What a person made of it, or that she took it back.
pub async fn decide(
    tx: &mut Tx,
    thread: &str,
    outcome: Option<&str>,
    by: &str,
    at: Micros,
) -> sqlx::Result<()> {
    let (decided, by) = match outcome {
        Some(_) => (Some(at), Some(by)),
        None => (None, None),
    };
    query("UPDATE finds SET outcome = $2, decided = $3, decided_by = $4 WHERE thread = $1")
        .bind(thread)
        .bind(outcome)
        .bind(decided)
        .bind(by)
        .execute(tx)
        .await
}

/// What listening brought at a step in a week.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BroughtRow {
    /// Weeks since Monday, 29 December 1969.
    pub week: i64,
    pub found: i64,
    pub matched: i64,
    pub answered: i64,
    /// Held by the filter, or dismissed by a person.
    pub noise: i64,
}

record!(BroughtRow {
    week,
    found,
    matched,
    answered,
    noise
});

/// By week since a moment, oldest first; weeks in which nothing was found are left out.
pub async fn brought(
    db: &Db,
    process: &str,
    step: &str,
    since: Micros,
) -> sqlx::Result<Vec<BroughtRow>> {
    query(
        "SELECT (f.at + 259200000000) / 604800000000 AS week, COUNT(*) AS found, SUM(CASE WHEN t.case_ref IS NULL THEN 0 ELSE 1 END) AS matched, \
         SUM(CASE WHEN t.replied IS NOT NULL OR EXISTS (SELECT 1 FROM threads m WHERE m.merged_into = t.id AND m.replied IS NOT NULL) \
         THEN 1 ELSE 0 END) AS answered, SUM(CASE WHEN t.state IN ('held', 'dismissed') THEN 1 ELSE 0 END) AS noise \
         FROM finds f JOIN threads o ON o.id = f.thread JOIN threads t ON t.id = COALESCE(o.merged_into, o.id) \
         WHERE f.process = $1 AND f.step = $2 AND f.at >= $3 GROUP BY 1 ORDER BY 1",
    )
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(db)
    .await
}

/// Notes that somebody said this, and tells how many others said the same since a moment.
pub async fn hear(
    tx: &mut Tx,
    print: &str,
    (connection, author): (&str, &str),
    at: Micros,
    since: Micros,
) -> sqlx::Result<i64> {
    query("DELETE FROM heard WHERE at < $1")
        .bind(since)
        .execute(&mut *tx)
        .await?;
    query(
        "INSERT INTO heard (print, connection, author, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (print, connection, author) DO UPDATE SET at = excluded.at",
    )
    .bind(print)
    .bind(connection)
    .bind(author)
    .bind(at)
    .execute(&mut *tx)
    .await?;
    let (others,): (i64,) = query(
        "SELECT COUNT(*) FROM heard WHERE print = $1 AND NOT (connection = $2 AND author = $3)",
    )
    .bind(print)
    .bind(connection)
    .bind(author)
    .fetch_one(&mut *tx)
    .await?;
    Ok(others)
}

/// How many accounts were found by a tag since a moment, beside one; and how many finds there were before it since another.
pub async fn crowd(
    tx: &mut Tx,
    (connection, tag): (&str, &str),
    author: &str,
    (since, before): (Micros, Micros),
) -> sqlx::Result<(i64, i64)> {
    query(
        "SELECT COUNT(DISTINCT CASE WHEN at >= $4 AND author <> $3 THEN author END), COUNT(DISTINCT CASE WHEN at < $4 THEN thread END) \
         FROM finds WHERE connection = $1 AND words = $2 AND what = 'tag' AND at >= $5",
    )
    .bind(connection)
    .bind(tag)
    .bind(author)
    .bind(since)
    .bind(before)
    .fetch_one(&mut *tx)
    .await
}

#[derive(Debug, Clone, PartialEq)]
pub struct PileOnRow {
    pub id: String,
    pub connection: String,
    pub words: String,
    pub began: Micros,
    pub last: Micros,
    pub authors: i64,
    /// `held`, [`LET_IN`] or [`DISMISSED`].
    pub state: String,
    pub decided_by: Option<String>,
}

record!(PileOnRow {
    id,
    connection,
    words,
    began,
    last,
    authors,
    state,
    decided_by
});

const PILE_ON: &str = "id, connection, words, began, last, authors, state, decided_by";

pub async fn insert_pile_on(tx: &mut Tx, row: &PileOnRow) -> sqlx::Result<()> {
    query_of(format!(
        "INSERT INTO pile_ons ({PILE_ON}) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)"
    ))
    .bind(&row.id)
    .bind(&row.connection)
    .bind(&row.words)
    .bind(row.began)
    .bind(row.last)
    .bind(row.authors)
    .bind(&row.state)
    .execute(tx)
    .await
}

/// One that goes on since a moment.
pub async fn pile_on_under_way(
    tx: &mut Tx,
    connection: &str,
    words: &str,
    since: Micros,
) -> sqlx::Result<Option<PileOnRow>> {
    query_of(format!(
        "SELECT {PILE_ON} FROM pile_ons WHERE connection = $1 AND words = $2 AND last >= $3 ORDER BY last DESC LIMIT 1"
    ))
    .bind(connection)
    .bind(words)
    .bind(since)
    .fetch_optional(&mut *tx)
    .await
}

pub async fn pile_on_grew(tx: &mut Tx, id: &str, last: Micros, authors: i64) -> sqlx::Result<()> {
    query("UPDATE pile_ons SET last = $2, authors = $3 WHERE id = $1")
        .bind(id)
        .bind(last)
        .bind(authors)
        .execute(tx)
        .await
}

pub async fn pile_on(db: &Db, id: &str) -> sqlx::Result<Option<PileOnRow>> {
    query_of(format!("SELECT {PILE_ON} FROM pile_ons WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Those that went on since a moment, newest first.
pub async fn pile_ons(db: &Db, since: Micros) -> sqlx::Result<Vec<PileOnRow>> {
    query_of(format!(
        "SELECT {PILE_ON} FROM pile_ons WHERE last >= $1 ORDER BY began DESC LIMIT 20"
    ))
    .bind(since)
    .fetch_all(db)
    .await
}

pub async fn decide_pile_on(
    tx: &mut Tx,
    id: &str,
    state: &str,
    by: Option<&str>,
) -> sqlx::Result<()> {
    query("UPDATE pile_ons SET state = $2, decided_by = $3 WHERE id = $1")
        .bind(id)
        .bind(state)
        .bind(by)
        .execute(tx)
        .await
}

/// Moves all threads of a pile-on from one state to another, with the reason there; returns how many.
pub async fn move_pile_on(
    tx: &mut Tx,
    (connection, tag): (&str, &str),
    since: Micros,
    (from, was): (&str, Option<&str>),
    (to, held): (&str, Option<&str>),
) -> sqlx::Result<u64> {
    query(
        "UPDATE threads SET state = $4, held = $5 WHERE state = $6 AND COALESCE(held, '') = $7 AND replied IS NULL AND id IN \
         (SELECT thread FROM finds WHERE connection = $1 AND words = $2 AND what = 'tag' AND at >= $3)",
    )
    .bind(connection)
    .bind(tag)
    .bind(since)
    .bind(to)
    .bind(held)
    .bind(from)
    .bind(was.unwrap_or_default())
    .affect(tx)
    .await
}

/// Whom the filter lets through, or holds.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceRow {
    pub connection: String,
    pub author: String,
    /// [`ALLOWED`], [`BLOCKED`] or [`OURS`].
    pub mark: String,
    pub handle: String,
    pub at: Micros,
    pub by_person: String,
}

record!(VoiceRow {
    connection,
    author,
    mark,
    handle,
    at,
    by_person
});

pub const ALLOWED: &str = "allowed";
pub const BLOCKED: &str = "blocked";
pub const OURS: &str = "ours";

const VOICE: &str = "connection, author, mark, handle, at, by_person";

pub async fn put_voice(tx: &mut Tx, row: &VoiceRow) -> sqlx::Result<()> {
    query_of(format!(
        "INSERT INTO voices ({VOICE}) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (connection, author) DO UPDATE SET \
         mark = excluded.mark, handle = excluded.handle, at = excluded.at, by_person = excluded.by_person"
    ))
    .bind(&row.connection)
    .bind(&row.author)
    .bind(&row.mark)
    .bind(&row.handle)
    .bind(row.at)
    .bind(&row.by_person)
    .execute(tx)
    .await
}

pub async fn remove_voice(tx: &mut Tx, connection: &str, author: &str) -> sqlx::Result<bool> {
    let removed = query("DELETE FROM voices WHERE connection = $1 AND author = $2")
        .bind(connection)
        .bind(author)
        .affect(tx)
        .await?;
    Ok(removed > 0)
}

pub async fn voice_in(
    tx: &mut Tx,
    connection: &str,
    author: &str,
) -> sqlx::Result<Option<VoiceRow>> {
    query_of(format!(
        "SELECT {VOICE} FROM voices WHERE connection = $1 AND author = $2"
    ))
    .bind(connection)
    .bind(author)
    .fetch_optional(&mut *tx)
    .await
}

/// Newest first.
pub async fn voices(db: &Db, limit: i64) -> sqlx::Result<Vec<VoiceRow>> {
    query_of(format!(
        "SELECT {VOICE} FROM voices ORDER BY at DESC, author LIMIT $1"
    ))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Who said the first words of a customer in a thread: the service's id and the handle.
pub async fn first_voice(tx: &mut Tx, thread: &str) -> sqlx::Result<Option<(String, String)>> {
    query("SELECT author, handle FROM said WHERE thread = $1 AND is_ours = 0 ORDER BY at, source LIMIT 1")
        .bind(thread)
        .fetch_optional(&mut *tx)
        .await
}

#[cfg(test)]
mod tests;
