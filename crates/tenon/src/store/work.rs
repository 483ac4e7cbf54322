//! Rooms of cases and questions at steps: their messages, who follows and who has read.

use super::{Db, Tx, read, write};
use mining::Micros;
use serde::Serialize;
use sqlx::{AssertSqlSafe, QueryBuilder};
use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ConversationRow {
    pub id: String,
    /// `room` of a case, or `question`.
    pub kind: String,
    pub process: String,
    pub case_ref: Option<String>,
    pub step: Option<String>,
    /// Of a question its first line; empty otherwise.
    pub title: String,
    pub created: Micros,
    pub created_by: String,
    /// The number of its newest message.
    pub last: i64,
    /// Of a question: the number of the answer that was accepted.
    pub accepted: Option<i64>,
    pub accepted_at: Option<Micros>,
    /// Of a question: how often it was passed on because nobody answered.
    pub escalated: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct MessageRow {
    /// The number of the event that brought it; grows.
    pub id: i64,
    pub conversation: String,
    /// Id of a person.
    pub author: String,
    pub at: Micros,
    /// `note`, `question` or `answer`.
    pub kind: String,
    /// Markdown as it was written; empty when deleted.
    pub body: String,
    #[serde(skip)]
    pub client: Option<String>,
    pub edited: Option<Micros>,
    pub deleted: Option<Micros>,
    pub pinned: Option<Micros>,
}

/// A message on its way in.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub conversation: String,
    pub process: String,
    pub author: String,
    pub at: Micros,
    pub kind: &'static str,
    pub body: String,
    pub client: Option<String>,
    /// Who is told, and of what: `mention`, `answered`, `asked`.
    pub told: Vec<(String, &'static str)>,
}

const CONVERSATION: &str = "id, kind, process, case_ref, step, title, created, created_by, last, accepted, accepted_at, escalated";
const MESSAGE: &str =
    "m.id, m.conversation, m.author, m.at, m.kind, m.body, m.client, m.edited, m.deleted, m.pinned";

fn conversations(rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("SELECT {CONVERSATION} FROM conversations {rest}"))
}

fn messages(rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("SELECT {MESSAGE} FROM messages m {rest}"))
}

/// Adds a conversation; a second room of a case is not made.
pub async fn insert(tx: &mut Tx, row: &ConversationRow) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
            "INSERT INTO conversations (id, kind, process, case_ref, step, title, created, created_by, last, escalated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT DO NOTHING",
        )
        .bind(&row.id)
        .bind(&row.kind)
        .bind(&row.process)
        .bind(&row.case_ref)
        .bind(&row.step)
        .bind(&row.title)
        .bind(row.created)
        .bind(&row.created_by)
        .bind(row.last)
        .execute(on)
        .await
        .map(drop)
    })
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<ConversationRow>> {
    read!(db, |on| sqlx::query_as(conversations("WHERE id = $1"))
        .bind(id)
        .fetch_optional(on)
        .await)
}

/// Questions asked on a case, oldest first.
pub async fn questions_of_case(
    db: &Db,
    process: &str,
    case: &str,
) -> sqlx::Result<Vec<ConversationRow>> {
    read!(db, |on| sqlx::query_as(conversations(
        "WHERE process = $1 AND case_ref = $2 AND kind = 'question' ORDER BY created, id"
    ))
    .bind(process)
    .bind(case)
    .fetch_all(on)
    .await)
}

/// Questions at a step, newest activity first.
pub async fn questions_of_step(
    db: &Db,
    process: &str,
    step: &str,
    limit: i64,
) -> sqlx::Result<Vec<ConversationRow>> {
    read!(db, |on| sqlx::query_as(conversations(
        "WHERE process = $1 AND step = $2 AND kind = 'question' ORDER BY last DESC LIMIT $3"
    ))
    .bind(process)
    .bind(step)
    .bind(limit)
    .fetch_all(on)
    .await)
}

/// Rows as one JSON text: SQLite reads them out of it in one statement whatever their number, so that it is prepared once.
fn rows<T: Serialize>(rows: impl Iterator<Item = T>) -> String {
    let all: Vec<T> = rows.collect();
    serde_json::to_string(&all).unwrap_or_else(|_| "[]".into())
}

/// Which of these client names an author used before, with the number of the message.
pub async fn known_clients(
    tx: &mut Tx,
    pairs: &[(&str, &str)],
) -> sqlx::Result<Vec<(String, String, i64)>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query_as(
                "SELECT m.author, m.client, m.id FROM json_each($1) j \
                 JOIN messages m ON m.author = j.value->>0 AND m.client = j.value->>1",
            )
            .bind(rows(pairs.iter()))
            .fetch_all(&mut **tx)
            .await
        }
        Tx::Postgres(tx) => {
            let (authors, clients): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
            sqlx::query_as(
                "SELECT m.author, m.client, m.id FROM unnest($1::text[], $2::text[]) j (author, client) \
                 JOIN messages m ON m.author = j.author AND m.client = j.client",
            )
            .bind(authors)
            .bind(clients)
            .fetch_all(&mut **tx)
            .await
        }
    }
}

/// What a batch of messages adds beside the messages.
struct Beside<'a> {
    /// Each conversation with its newest message.
    newest: Vec<(&'a str, i64)>,
    /// Each author with what she wrote in.
    follows: Vec<(&'a str, &'a str, Micros)>,
    /// Who is told of which event, of what, where and when.
    told: Vec<(&'a str, i64, &'a str, &'a str, Micros)>,
}

impl<'a> Beside<'a> {
    fn of(new: &'a [NewMessage], ids: &[i64]) -> Beside<'a> {
        let mut newest: HashMap<&str, i64> = HashMap::new();
        let mut follows: HashMap<(&str, &str), Micros> = HashMap::new();
        let mut told = Vec::new();
        for (m, &id) in new.iter().zip(ids) {
            newest.insert(&m.conversation, id);
            follows.insert((&m.author, &m.conversation), m.at);
            let whom = m.told.iter();
            told.extend(whom.map(|(p, why)| (p.as_str(), id, *why, m.conversation.as_str(), m.at)));
        }
        Beside {
            newest: newest.into_iter().collect(),
            follows: follows.into_iter().map(|((a, c), at)| (a, c, at)).collect(),
            told,
        }
    }
}

/// Posts messages, with an event each, in the order given; returns their numbers. The authors follow what they write in,
/// and those named are told.
pub async fn post(tx: &mut Tx, new: &[NewMessage], kinds: &[&str]) -> sqlx::Result<Vec<i64>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    super::events::in_order(tx).await?;
    super::events::wake_others(tx).await?;
    match tx {
        Tx::Sqlite(tx) => post_sqlite(tx, new, kinds).await,
        Tx::Postgres(tx) => post_postgres(tx, new, kinds).await,
    }
}

async fn post_sqlite(
    tx: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
    new: &[NewMessage],
    kinds: &[&str],
) -> sqlx::Result<Vec<i64>> {
    let events = new.iter().zip(kinds);
    let events = events.map(|(m, kind)| (m.at, kind, &m.author, &m.process, &m.conversation));
    let seqs: Vec<(i64,)> = sqlx::query_as(
        "INSERT INTO events (at, kind, actor, process, subject, payload) \
         SELECT value->>0, value->>1, value->>2, value->>3, value->>4, '{}' FROM json_each($1) RETURNING seq",
    )
    .bind(rows(events))
    .fetch_all(&mut **tx)
    .await?;
    let mut ids: Vec<i64> = seqs.into_iter().map(|(seq,)| seq).collect();
    ids.sort_unstable();
    let beside = Beside::of(new, &ids);
    let messages = new.iter().zip(&ids);
    let messages = messages.map(|(m, id)| {
        (
            id,
            &m.conversation,
            &m.author,
            m.at,
            m.kind,
            &m.body,
            &m.client,
        )
    });
    let steps = [
        (
            "INSERT INTO messages (id, conversation, author, at, kind, body, client) \
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 FROM json_each($1)",
            rows(messages),
        ),
        (
            "UPDATE conversations SET last = j.last FROM (SELECT value->>0 AS id, value->>1 AS last FROM json_each($1)) j \
             WHERE conversations.id = j.id AND conversations.last < j.last",
            rows(beside.newest.iter()),
        ),
        (
            "INSERT INTO follows (person, kind, target, level, at) \
             SELECT value->>0, 'conversation', value->>1, 'follow', value->>2 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING",
            rows(beside.follows.iter()),
        ),
        (
            "INSERT INTO notifications (person, event, kind, conversation, at) \
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING",
            rows(beside.told.iter()),
        ),
    ];
    for (sql, rows) in steps {
        if rows != "[]" {
            sqlx::query(sql).bind(rows).execute(&mut **tx).await?;
        }
    }
    Ok(ids)
}

async fn post_postgres(
    tx: &mut sqlx::Transaction<'static, sqlx::Postgres>,
    new: &[NewMessage],
    kinds: &[&str],
) -> sqlx::Result<Vec<i64>> {
    let text = |of: fn(&NewMessage) -> &str| new.iter().map(of).collect::<Vec<&str>>();
    let at: Vec<Micros> = new.iter().map(|m| m.at).collect();
    let (authors, places) = (text(|m| &m.author), text(|m| &m.conversation));
    let seqs: Vec<(i64,)> = sqlx::query_as(
        "INSERT INTO events (at, kind, actor, process, subject, payload) SELECT at, kind, actor, process, subject, '{}' \
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY \
         AS j (at, kind, actor, process, subject, n) ORDER BY n RETURNING seq",
    )
    .bind(&at)
    .bind(kinds)
    .bind(&authors)
    .bind(text(|m| &m.process))
    .bind(&places)
    .fetch_all(&mut **tx)
    .await?;
    let mut ids: Vec<i64> = seqs.into_iter().map(|(seq,)| seq).collect();
    ids.sort_unstable();
    sqlx::query(
        "INSERT INTO messages (id, conversation, author, at, kind, body, client) SELECT * \
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])",
    )
    .bind(&ids)
    .bind(&places)
    .bind(&authors)
    .bind(&at)
    .bind(text(|m| m.kind))
    .bind(text(|m| &m.body))
    .bind(new.iter().map(|m| m.client.as_deref()).collect::<Vec<_>>())
    .execute(&mut **tx)
    .await?;
    let beside = Beside::of(new, &ids);
    let (spoken, last): (Vec<&str>, Vec<i64>) = beside.newest.into_iter().unzip();
    sqlx::query(
        "UPDATE conversations SET last = j.last FROM unnest($1::text[], $2::bigint[]) j (id, last) \
         WHERE conversations.id = j.id AND conversations.last < j.last",
    )
    .bind(spoken)
    .bind(last)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO follows (person, kind, target, level, at) SELECT person, 'conversation', target, 'follow', at \
         FROM unnest($1::text[], $2::text[], $3::bigint[]) j (person, target, at) ON CONFLICT DO NOTHING",
    )
    .bind(beside.follows.iter().map(|f| f.0).collect::<Vec<_>>())
    .bind(beside.follows.iter().map(|f| f.1).collect::<Vec<_>>())
    .bind(beside.follows.iter().map(|f| f.2).collect::<Vec<_>>())
    .execute(&mut **tx)
    .await?;
    if !beside.told.is_empty() {
        sqlx::query(
            "INSERT INTO notifications (person, event, kind, conversation, at) SELECT * \
             FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[]) ON CONFLICT DO NOTHING",
        )
        .bind(beside.told.iter().map(|t| t.0).collect::<Vec<_>>())
        .bind(beside.told.iter().map(|t| t.1).collect::<Vec<_>>())
        .bind(beside.told.iter().map(|t| t.2).collect::<Vec<_>>())
        .bind(beside.told.iter().map(|t| t.3).collect::<Vec<_>>())
        .bind(beside.told.iter().map(|t| t.4).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await?;
    }
    Ok(ids)
}

pub async fn message(db: &Db, id: i64) -> sqlx::Result<Option<MessageRow>> {
    read!(db, |on| sqlx::query_as(messages("WHERE m.id = $1"))
        .bind(id)
        .fetch_optional(on)
        .await)
}

/// Messages of a conversation before a number, newest first.
pub async fn before(
    db: &Db,
    conversation: &str,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    read!(db, |on| sqlx::query_as(messages(
        "WHERE m.conversation = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3"
    ))
    .bind(conversation)
    .bind(before)
    .bind(limit)
    .fetch_all(on)
    .await)
}

/// Who is told of the events after a number up to another: event and person, by event.
pub async fn told_between(db: &Db, after: i64, upto: i64) -> sqlx::Result<Vec<(i64, String)>> {
    read!(db, |on| sqlx::query_as(
        "SELECT event, person FROM notifications WHERE event > $1 AND event <= $2 ORDER BY event"
    )
    .bind(after)
    .bind(upto)
    .fetch_all(on)
    .await)
}

/// The newest messages before a number in what a person follows: conversations, people and steps; not what she muted.
///
/// The newest `limit` messages can only be in the `limit` conversations (and of the `limit` people) that were written in
/// last, so it does not matter how much was ever written.
pub async fn stream(
    db: &Db,
    person: &str,
    before: i64,
    limit: i64,
    now: Micros,
) -> sqlx::Result<Vec<MessageRow>> {
    let sql = format!(
        "SELECT {MESSAGE} FROM messages m WHERE m.id IN ( \
           SELECT x.id FROM (SELECT c.id AS conversation FROM follows f JOIN conversations c ON c.id = f.target \
             WHERE f.person = $1 AND f.kind = 'conversation' AND f.level = 'follow' AND c.last > 0 AND (f.until IS NULL OR f.until < $4) \
             ORDER BY c.last DESC LIMIT $5) t, messages x WHERE x.conversation = t.conversation AND x.id < $2 AND x.id IN \
             (SELECT y.id FROM messages y WHERE y.conversation = t.conversation AND y.id < $2 ORDER BY y.id DESC LIMIT $3) \
           UNION SELECT x.id FROM follows f, messages x WHERE f.person = $1 AND f.kind = 'person' AND f.level = 'follow' \
             AND x.author = f.target AND x.id IN \
             (SELECT y.id FROM messages y WHERE y.author = f.target AND y.id < $2 ORDER BY y.id DESC LIMIT $3)) \
         AND m.deleted IS NULL AND NOT EXISTS (SELECT 1 FROM follows q WHERE q.person = $1 AND q.level = 'mute' \
           AND ((q.kind = 'conversation' AND q.target = m.conversation) OR (q.kind = 'person' AND q.target = m.author))) \
         ORDER BY m.id DESC LIMIT $3"
    );
    // Further back the last message of a conversation says less: more of them may hold the next page.
    let conversations = if before == i64::MAX { limit } else { 1_000 };
    read!(db, |on| sqlx::query_as(AssertSqlSafe(sql))
        .bind(person)
        .bind(before)
        .bind(limit)
        .bind(now)
        .bind(conversations)
        .fetch_all(on)
        .await)
}

/// Conversations by id, in any order.
pub async fn by_ids(db: &Db, ids: &[String]) -> sqlx::Result<Vec<ConversationRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    macro_rules! ask {
        ($engine:ty, $on:expr) => {{
            let mut q = QueryBuilder::<$engine>::new(format!(
                "SELECT {CONVERSATION} FROM conversations WHERE id IN ("
            ));
            let mut list = q.separated(", ");
            for id in ids {
                list.push_bind(id.clone());
            }
            q.push(")");
            q.build_query_as().fetch_all($on).await
        }};
    }
    match db {
        Db::Sqlite { readers, .. } => ask!(sqlx::Sqlite, readers),
        Db::Postgres(pool) => ask!(sqlx::Postgres, pool),
    }
}

/// Changes what a message says and keeps what it said.
pub async fn edit(
    tx: &mut Tx,
    id: i64,
    was: &MessageRow,
    body: &str,
    at: Micros,
) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
        "INSERT INTO message_versions (message, at, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    )
    .bind(id)
    .bind(was.edited.unwrap_or(was.at))
    .bind(&was.body)
    .execute(on)
    .await
    .map(drop)
    })?;
    write!(tx, |on| sqlx::query(
        "UPDATE messages SET body = $2, edited = $3 WHERE id = $1"
    )
    .bind(id)
    .bind(body)
    .bind(at)
    .execute(on)
    .await
    .map(drop))
}

/// What a message said before, oldest first.
pub async fn versions(db: &Db, id: i64) -> sqlx::Result<Vec<(Micros, String)>> {
    read!(db, |on| sqlx::query_as(
        "SELECT at, body FROM message_versions WHERE message = $1 ORDER BY at"
    )
    .bind(id)
    .fetch_all(on)
    .await)
}

/// Takes a message away: its text moves into its history, which only its author and managers see.
pub async fn delete(tx: &mut Tx, was: &MessageRow, at: Micros) -> sqlx::Result<()> {
    edit(tx, was.id, was, "", at).await?;
    write!(tx, |on| sqlx::query(
        "UPDATE messages SET deleted = $2, edited = $3 WHERE id = $1"
    )
    .bind(was.id)
    .bind(at)
    .bind(was.edited)
    .execute(on)
    .await
    .map(drop))
}

/// Brings a deleted message back.
pub async fn restore(tx: &mut Tx, id: i64) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
        "UPDATE messages SET deleted = NULL, body = (SELECT v.body FROM message_versions v WHERE v.message = $1 ORDER BY v.at DESC LIMIT 1) \
         WHERE id = $1 AND deleted IS NOT NULL AND EXISTS (SELECT 1 FROM message_versions v WHERE v.message = $1)"
    )
    .bind(id)
    .execute(on)
    .await
    .map(drop)
    })
}

pub async fn pin(tx: &mut Tx, id: i64, at: Option<Micros>) -> sqlx::Result<()> {
    write!(tx, |on| sqlx::query(
        "UPDATE messages SET pinned = $2 WHERE id = $1"
    )
    .bind(id)
    .bind(at)
    .execute(on)
    .await
    .map(drop))
}

/// Adds a reaction, or takes it back when it is there; returns whether it is there now.
pub async fn react(
    tx: &mut Tx,
    id: i64,
    person: &str,
    emoji: &str,
    at: Micros,
) -> sqlx::Result<bool> {
    let gone = write!(tx, |on| sqlx::query(
        "DELETE FROM reactions WHERE message = $1 AND person = $2 AND emoji = $3"
    )
    .bind(id)
    .bind(person)
    .bind(emoji)
    .execute(on)
    .await
    .map(|d| d.rows_affected()))?;
    if gone > 0 {
        return Ok(false);
    }
    write!(tx, |on| sqlx::query(
        "INSERT INTO reactions (message, person, emoji, at) VALUES ($1, $2, $3, $4)"
    )
    .bind(id)
    .bind(person)
    .bind(emoji)
    .bind(at)
    .execute(on)
    .await
    .map(drop))?;
    Ok(true)
}

/// Reactions to the messages of a conversation: message, emoji, person.
pub async fn reactions(db: &Db, conversation: &str) -> sqlx::Result<Vec<(i64, String, String)>> {
    read!(db, |on| sqlx::query_as(
        "SELECT r.message, r.emoji, r.person FROM reactions r JOIN messages m ON m.id = r.message \
         WHERE m.conversation = $1 ORDER BY r.message, r.at"
    )
    .bind(conversation)
    .fetch_all(on)
    .await)
}

/// Accepts an answer of a question.
pub async fn accept(tx: &mut Tx, conversation: &str, answer: i64, at: Micros) -> sqlx::Result<()> {
    write!(tx, |on| sqlx::query(
        "UPDATE conversations SET accepted = $2, accepted_at = $3 WHERE id = $1"
    )
    .bind(conversation)
    .bind(answer)
    .bind(at)
    .execute(on)
    .await
    .map(drop))
}

pub async fn follow(
    tx: &mut Tx,
    person: &str,
    kind: &str,
    target: &str,
    level: Option<&str>,
    at: Micros,
    until: Option<Micros>,
) -> sqlx::Result<()> {
    match level {
        None => write!(tx, |on| sqlx::query(
            "DELETE FROM follows WHERE person = $1 AND kind = $2 AND target = $3"
        )
        .bind(person)
        .bind(kind)
        .bind(target)
        .execute(on)
        .await
        .map(drop)),
        Some(level) => write!(tx, |on| {
            sqlx::query(
            "INSERT INTO follows (person, kind, target, level, at, until) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (person, kind, target) DO UPDATE SET level = excluded.level, at = excluded.at, until = excluded.until"
        )
        .bind(person)
        .bind(kind)
        .bind(target)
        .bind(level)
        .bind(at)
        .bind(until)
        .execute(on)
        .await
        .map(drop)
        }),
    }
}

/// Who follows a thing, and at which level: person, level, snoozed until.
pub async fn followers(
    db: &Db,
    kind: &str,
    target: &str,
) -> sqlx::Result<Vec<(String, String, Option<Micros>)>> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT person, level, until FROM follows WHERE kind = $1 AND target = $2 ORDER BY at, person"
    )
    .bind(kind)
    .bind(target)
    .fetch_all(on)
    .await
    })
}

/// What a person follows or mutes: kind, target, level, snoozed until.
pub async fn follows_of(
    db: &Db,
    person: &str,
) -> sqlx::Result<Vec<(String, String, String, Option<Micros>)>> {
    read!(db, |on| sqlx::query_as(
        "SELECT kind, target, level, until FROM follows WHERE person = $1 ORDER BY kind, at DESC"
    )
    .bind(person)
    .fetch_all(on)
    .await)
}

/// Marks a conversation as read up to a number, and what a person was told of it.
pub async fn mark_read(
    tx: &mut Tx,
    person: &str,
    conversation: &str,
    upto: i64,
    at: Micros,
) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
        "INSERT INTO reads (person, conversation, upto) VALUES ($1, $2, $3) \
         ON CONFLICT (person, conversation) DO UPDATE SET upto = excluded.upto WHERE reads.upto < excluded.upto"
    )
    .bind(person)
    .bind(conversation)
    .bind(upto)
    .execute(on)
    .await
    .map(drop)
    })?;
    write!(tx, |on| {
        sqlx::query(
        "UPDATE notifications SET read = $4 WHERE person = $1 AND conversation = $2 AND event <= $3 AND read IS NULL"
    )
    .bind(person)
    .bind(conversation)
    .bind(upto)
    .bind(at)
    .execute(on)
    .await
    .map(drop)
    })
}

/// How far a person has read these conversations: id and number.
pub async fn reads_among(
    db: &Db,
    person: &str,
    ids: &[String],
) -> sqlx::Result<Vec<(String, i64)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    macro_rules! ask {
        ($engine:ty, $on:expr) => {{
            let mut q = QueryBuilder::<$engine>::new(
                "SELECT conversation, upto FROM reads WHERE person = ",
            );
            q.push_bind(person.to_string())
                .push(" AND conversation IN (");
            let mut list = q.separated(", ");
            for id in ids {
                list.push_bind(id.clone());
            }
            q.push(")");
            q.build_query_as().fetch_all($on).await
        }};
    }
    match db {
        Db::Sqlite { readers, .. } => ask!(sqlx::Sqlite, readers),
        Db::Postgres(pool) => ask!(sqlx::Postgres, pool),
    }
}

/// Whether a guest was asked into a case.
pub async fn is_guest_of(db: &Db, person: &str, process: &str, case: &str) -> sqlx::Result<bool> {
    let row: Option<(i64,)> = read!(db, |on| sqlx::query_as(
        "SELECT at FROM case_guests WHERE person = $1 AND process = $2 AND case_ref = $3"
    )
    .bind(person)
    .bind(process)
    .bind(case)
    .fetch_optional(on)
    .await)?;
    Ok(row.is_some())
}

/// The cases a guest was asked into: process and case.
pub async fn guest_cases(db: &Db, person: &str) -> sqlx::Result<Vec<(String, String)>> {
    read!(db, |on| sqlx::query_as(
        "SELECT process, case_ref FROM case_guests WHERE person = $1 ORDER BY at DESC"
    )
    .bind(person)
    .fetch_all(on)
    .await)
}

pub async fn invite(
    tx: &mut Tx,
    process: &str,
    case: &str,
    person: &str,
    by: &str,
    at: Micros,
) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
        "INSERT INTO case_guests (process, case_ref, person, at, by_person) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    )
    .bind(process)
    .bind(case)
    .bind(person)
    .bind(at)
    .bind(by)
    .execute(on)
    .await
    .map(drop)
    })
}

/// Something a person is told.
#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct NotificationRow {
    #[serde(skip)]
    pub person: String,
    /// The number of the event it tells of.
    pub event: i64,
    /// `mention`, `asked`, `answered`, `accepted`, `escalated` or `invited`.
    pub kind: String,
    pub conversation: Option<String>,
    pub at: Micros,
    pub read: Option<Micros>,
    #[serde(skip)]
    pub mailed: Option<Micros>,
}

/// What a person was told before an event, newest first; only what is unread when asked so.
pub async fn notifications(
    db: &Db,
    person: &str,
    unread: bool,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<NotificationRow>> {
    let only = if unread { "AND read IS NULL" } else { "" };
    let sql = format!(
        "SELECT person, event, kind, conversation, at, read, mailed FROM notifications \
         WHERE person = $1 AND event < $2 {only} ORDER BY event DESC LIMIT $3"
    );
    read!(db, |on| sqlx::query_as(AssertSqlSafe(sql))
        .bind(person)
        .bind(before)
        .bind(limit)
        .fetch_all(on)
        .await)
}

pub async fn notify(tx: &mut Tx, row: &NotificationRow) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
        "INSERT INTO notifications (person, event, kind, conversation, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    )
    .bind(&row.person)
    .bind(row.event)
    .bind(&row.kind)
    .bind(&row.conversation)
    .bind(row.at)
    .execute(on)
    .await
    .map(drop)
    })
}

/// Puts a question to a person, saying why her.
pub async fn ask(
    tx: &mut Tx,
    conversation: &str,
    person: &str,
    reason: &str,
    at: Micros,
) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
        "INSERT INTO asked (conversation, person, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    )
    .bind(conversation)
    .bind(person)
    .bind(reason)
    .bind(at)
    .execute(on)
    .await
    .map(drop)
    })
}

/// Whom a question was put to: person, reason, when she declined.
pub async fn asked_of(
    db: &Db,
    conversation: &str,
) -> sqlx::Result<Vec<(String, String, Option<Micros>)>> {
    read!(db, |on| sqlx::query_as(
        "SELECT person, reason, declined FROM asked WHERE conversation = $1 ORDER BY at, person"
    )
    .bind(conversation)
    .fetch_all(on)
    .await)
}

/// The text somebody has begun to write at a place.
pub async fn draft(db: &Db, person: &str, place: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = read!(db, |on| sqlx::query_as(
        "SELECT body FROM drafts WHERE person = $1 AND place = $2"
    )
    .bind(person)
    .bind(place)
    .fetch_optional(on)
    .await)?;
    Ok(row.map(|(body,)| body))
}

/// Keeps a draft; an empty one is taken away.
pub async fn keep_draft(
    tx: &mut Tx,
    person: &str,
    place: &str,
    body: &str,
    at: Micros,
) -> sqlx::Result<()> {
    if body.trim().is_empty() {
        return write!(tx, |on| sqlx::query(
            "DELETE FROM drafts WHERE person = $1 AND place = $2"
        )
        .bind(person)
        .bind(place)
        .execute(on)
        .await
        .map(drop));
    }
    write!(tx, |on| sqlx::query(
        "INSERT INTO drafts (person, place, at, body) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (person, place) DO UPDATE SET at = excluded.at, body = excluded.body"
    )
    .bind(person)
    .bind(place)
    .bind(at)
    .bind(body)
    .execute(on)
    .await
    .map(drop))
}

/// Answers at a step, by who gave them: person, how many, how many were accepted.
pub async fn answers_at(
    db: &Db,
    process: &str,
    step: &str,
) -> sqlx::Result<Vec<(String, i64, i64)>> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT m.author, COUNT(*), COUNT(CASE WHEN c.accepted = m.id THEN 1 END) FROM conversations c \
         JOIN messages m ON m.conversation = c.id AND m.kind = 'answer' AND m.deleted IS NULL \
         WHERE c.process = $1 AND c.step = $2 AND c.kind = 'question' GROUP BY m.author"
    )
    .bind(process)
    .bind(step)
    .fetch_all(on)
    .await
    })
}

/// How many open questions each person was asked since a moment.
pub async fn asked_since(db: &Db, since: Micros) -> sqlx::Result<Vec<(String, i64)>> {
    read!(db, |on| sqlx::query_as(
        "SELECT a.person, COUNT(*) FROM asked a JOIN conversations c ON c.id = a.conversation \
         WHERE a.at >= $1 AND a.declined IS NULL AND c.accepted IS NULL GROUP BY a.person"
    )
    .bind(since)
    .fetch_all(on)
    .await)
}

/// Questions without an accepted answer that were put to a person and not declined by her, newest first.
pub async fn open_for(db: &Db, person: &str, limit: i64) -> sqlx::Result<Vec<(String, String)>> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT a.conversation, a.reason FROM asked a JOIN conversations c ON c.id = a.conversation \
         WHERE a.person = $1 AND a.declined IS NULL AND c.accepted IS NULL AND NOT EXISTS \
         (SELECT 1 FROM messages m WHERE m.conversation = c.id AND m.author = $1 AND m.kind = 'answer') \
         ORDER BY a.at DESC LIMIT $2"
    )
    .bind(person)
    .bind(limit)
    .fetch_all(on)
    .await
    })
}

pub async fn decline(
    tx: &mut Tx,
    conversation: &str,
    person: &str,
    at: Micros,
) -> sqlx::Result<()> {
    write!(tx, |on| sqlx::query(
        "UPDATE asked SET declined = $3 WHERE conversation = $1 AND person = $2"
    )
    .bind(conversation)
    .bind(person)
    .bind(at)
    .execute(on)
    .await
    .map(drop))
}

/// Questions nobody answered that were last put to somebody before a moment, and were passed on fewer than so many times.
pub async fn unanswered(db: &Db, before: Micros, times: i64) -> sqlx::Result<Vec<ConversationRow>> {
    let sql = format!(
        "SELECT {CONVERSATION} FROM conversations c WHERE c.kind = 'question' AND c.accepted IS NULL AND c.escalated < $2 \
         AND c.created < $1 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation = c.id AND m.kind = 'answer') \
         AND NOT EXISTS (SELECT 1 FROM asked a WHERE a.conversation = c.id AND a.at >= $1) ORDER BY c.created LIMIT 100"
    );
    read!(db, |on| sqlx::query_as(AssertSqlSafe(sql))
        .bind(before)
        .bind(times)
        .fetch_all(on)
        .await)
}

pub async fn escalate(tx: &mut Tx, conversation: &str) -> sqlx::Result<()> {
    write!(tx, |on| sqlx::query(
        "UPDATE conversations SET escalated = escalated + 1 WHERE id = $1"
    )
    .bind(conversation)
    .execute(on)
    .await
    .map(drop))
}

/// Who was asked into a case.
pub async fn guests_of_case(db: &Db, process: &str, case: &str) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = read!(db, |on| {
        sqlx::query_as(
        "SELECT person FROM case_guests WHERE process = $1 AND case_ref = $2 ORDER BY at, person"
    )
    .bind(process)
    .bind(case)
    .fetch_all(on)
    .await
    })?;
    Ok(rows.into_iter().map(|(person,)| person).collect())
}

/// How many answers a person gave since a moment, and how many of them were accepted.
pub async fn answers_of(db: &Db, person: &str, since: Micros) -> sqlx::Result<(i64, i64)> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT COUNT(*), COUNT(CASE WHEN c.accepted = m.id THEN 1 END) FROM messages m \
         JOIN conversations c ON c.id = m.conversation WHERE m.author = $1 AND m.kind = 'answer' AND m.at >= $2 AND m.deleted IS NULL"
    )
    .bind(person)
    .bind(since)
    .fetch_one(on)
    .await
    })
}
