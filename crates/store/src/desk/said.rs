//! What was said on channels.

use super::merges::TOGETHER;
use super::threads::SHOWN;
use crate::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct SaidRow {
    pub connection: String,
    pub source: String,
    pub thread: String,
    pub at: Micros,
    pub received: Micros,
    pub author: String,
    pub is_ours: i64,
    pub handle: String,
    pub name: String,
    pub body: String,
    pub url: Option<String>,
    pub reply: Option<String>,
    pub edited: Option<Micros>,
    pub deleted: Option<Micros>,
    pub held: Option<String>,
    pub raw: String,
    /// What is known of who sent it: `passed`, `failed` or `none`; `None`: nobody was asked.
    pub proof: Option<String>,
    /// What that rests on.
    pub proof_by: Option<String>,
}

record!(SaidRow {
    connection,
    source,
    thread,
    at,
    received,
    author,
    is_ours,
    handle,
    name,
    body,
    url,
    reply,
    edited,
    deleted,
    held,
    raw,
    proof,
    proof_by
});

const SAID: &str = "connection, source, thread, at, received, author, is_ours, handle, name, body, url, reply, edited, deleted, held, raw, proof, proof_by";

/// Keeps something; `false` when it was told before.
pub async fn keep_said(tx: &mut Tx, row: &SaidRow) -> sqlx::Result<bool> {
    let kept = query_of(format!(
        "INSERT INTO said ({SAID}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
         ON CONFLICT (connection, source) DO NOTHING"
    ))
    .bind(&row.connection)
    .bind(&row.source)
    .bind(&row.thread)
    .bind(row.at)
    .bind(row.received)
    .bind(&row.author)
    .bind(row.is_ours)
    .bind(&row.handle)
    .bind(&row.name)
    .bind(&row.body)
    .bind(&row.url)
    .bind(&row.reply)
    .bind(row.edited)
    .bind(row.deleted)
    .bind(&row.held)
    .bind(&row.raw)
    .bind(&row.proof)
    .bind(&row.proof_by)
    .affect(tx)
    .await?;
    Ok(kept > 0)
}

pub async fn said_in(tx: &mut Tx, connection: &str, source: &str) -> sqlx::Result<Option<SaidRow>> {
    query_of(format!(
        "SELECT {SAID} FROM said WHERE connection = $1 AND source = $2"
    ))
    .bind(connection)
    .bind(source)
    .fetch_optional(&mut *tx)
    .await
}

pub async fn said_of(db: &Db, connection: &str, source: &str) -> sqlx::Result<Option<SaidRow>> {
    query_of(format!(
        "SELECT {SAID} FROM said WHERE connection = $1 AND source = $2"
    ))
    .bind(connection)
    .bind(source)
    .fetch_optional(db)
    .await
}

/// Says it as it is said now, unless it was taken back.
pub async fn edit_said(
    tx: &mut Tx,
    row: &SaidRow,
    body: &str,
    raw: &str,
    at: Micros,
) -> sqlx::Result<()> {
    query("UPDATE said SET body = $3, raw = $4, edited = $5 WHERE connection = $1 AND source = $2 AND deleted IS NULL")
        .bind(&row.connection)
        .bind(&row.source)
        .bind(body)
        .bind(raw)
        .bind(at)
        .execute(tx)
        .await
}

/// It was said at that moment; what came of it before was told first. Who waits since then waits since it was said.
pub async fn said_at(tx: &mut Tx, row: &SaidRow, at: Micros) -> sqlx::Result<()> {
    query("UPDATE said SET at = $3 WHERE connection = $1 AND source = $2")
        .bind(&row.connection)
        .bind(&row.source)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    query_of(format!(
        "UPDATE threads SET created = CASE WHEN id = $1 AND created = $2 THEN $3 ELSE created END, \
         waiting = CASE WHEN waiting = $2 THEN $3 ELSE waiting END WHERE id IN ($1, {SHOWN})"
    ))
    .bind(&row.thread)
    .bind(row.at)
    .bind(at)
    .execute(tx)
    .await
}

/// Its author took it back: neither its words nor its payload stay.
pub async fn delete_said(tx: &mut Tx, row: &SaidRow, at: Micros) -> sqlx::Result<()> {
    query("UPDATE said SET body = '', raw = '', deleted = $3 WHERE connection = $1 AND source = $2 AND deleted IS NULL")
        .bind(&row.connection)
        .bind(&row.source)
        .bind(at)
        .execute(tx)
        .await
}

/// Marks as ours what came back of a reply.
pub async fn tie_said(
    tx: &mut Tx,
    connection: &str,
    source: &str,
    reply: &str,
) -> sqlx::Result<()> {
    query("UPDATE said SET reply = $3, is_ours = 1 WHERE connection = $1 AND source = $2")
        .bind(connection)
        .bind(source)
        .bind(reply)
        .execute(tx)
        .await
}

/// The newest of a thread and what was merged into it, oldest first.
pub async fn said(db: &Db, thread: &str, limit: i64) -> sqlx::Result<Vec<SaidRow>> {
    let mut rows: Vec<SaidRow> = query_of(format!(
        "SELECT {SAID} FROM said WHERE thread IN {TOGETHER} ORDER BY at DESC, source DESC LIMIT $2"
    ))
    .bind(thread)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.reverse();
    Ok(rows)
}

/// The newest words of customers in each of these threads: when, and who.
pub async fn newest_said(
    db: &Db,
    threads: &[String],
) -> sqlx::Result<Vec<(String, Micros, String, String, String)>> {
    if threads.is_empty() {
        return Ok(Vec::new());
    }
    query_of(
        "SELECT s.thread, s.at, s.name, s.handle, s.body FROM said s WHERE s.is_ours = 0 AND s.deleted IS NULL AND NOT EXISTS \
         (SELECT 1 FROM said n WHERE n.thread = s.thread AND n.is_ours = 0 AND n.deleted IS NULL AND (n.at > s.at OR (n.at = s.at AND n.source > s.source))) \
         AND s.thread IN "
            .into(),
    )
    .list(threads)
    .fetch_all(db)
    .await
}

/// What a customer said last in a thread, without what was merged into it: what is answered there.
pub async fn last_of_customer(tx: &mut Tx, thread: &str) -> sqlx::Result<Option<SaidRow>> {
    query_of(format!(
        "SELECT {SAID} FROM said WHERE thread = $1 AND is_ours = 0 AND deleted IS NULL AND held IS NULL ORDER BY at DESC, source DESC LIMIT 1"
    ))
    .bind(thread)
    .fetch_optional(&mut *tx)
    .await
}

/// What a customer said last in a thread or in what was merged into it.
pub async fn last_of_all(tx: &mut Tx, thread: &str) -> sqlx::Result<Option<SaidRow>> {
    query_of(format!(
        "SELECT {SAID} FROM said WHERE thread IN {TOGETHER} AND is_ours = 0 AND deleted IS NULL AND held IS NULL ORDER BY at DESC, source DESC LIMIT 1"
    ))
    .bind(thread)
    .fetch_optional(&mut *tx)
    .await
}

/// Payloads of before a moment are dropped; the words stay.
pub async fn drop_raw(tx: &mut Tx, connection: &str, before: Micros) -> sqlx::Result<u64> {
    query("UPDATE said SET raw = '' WHERE connection = $1 AND received < $2 AND raw <> ''")
        .bind(connection)
        .bind(before)
        .affect(tx)
        .await
}

#[derive(Debug, Clone, PartialEq)]
pub struct NoteRow {
    pub id: String,
    pub thread: String,
    pub person: String,
    pub at: Micros,
    pub body: String,
}

record!(NoteRow {
    id,
    thread,
    person,
    at,
    body
});

pub async fn insert_note(tx: &mut Tx, row: &NoteRow) -> sqlx::Result<()> {
    query("INSERT INTO thread_notes (id, thread, person, at, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(&row.id)
        .bind(&row.thread)
        .bind(&row.person)
        .bind(row.at)
        .bind(&row.body)
        .execute(tx)
        .await
}

/// How many notes were written in a thread since a moment.
pub async fn notes_since(tx: &mut Tx, thread: &str, since: Micros) -> sqlx::Result<i64> {
    let sql = "SELECT COUNT(*) FROM thread_notes WHERE thread = $1 AND at >= $2";
    let (n,): (i64,) = query(sql).bind(thread).bind(since).fetch_one(tx).await?;
    Ok(n)
}

pub async fn notes(db: &Db, thread: &str) -> sqlx::Result<Vec<NoteRow>> {
    query_of(format!("SELECT id, thread, person, at, body FROM thread_notes WHERE thread IN {TOGETHER} ORDER BY at, id LIMIT 200"))
        .bind(thread)
        .fetch_all(db)
        .await
}
