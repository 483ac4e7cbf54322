//! Messages on their way in, many in one transaction.

use crate::Tx;
use mining::Micros;
use serde::Serialize;
use std::collections::HashMap;

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

/// What a batch of messages adds beside the messages. A message is meant by its place in the batch: its number is made by
/// the statement that writes it.
struct Beside<'a> {
    /// Each conversation with its newest message.
    newest: Vec<(&'a str, i64)>,
    /// Each author with what she wrote in.
    follows: Vec<(&'a str, &'a str, Micros)>,
    /// Who is told of which message, of what, where and when.
    told: Vec<(&'a str, i64, &'a str, &'a str, Micros)>,
}

impl<'a> Beside<'a> {
    fn of(new: &'a [NewMessage]) -> Beside<'a> {
        let mut newest: HashMap<&str, i64> = HashMap::new();
        let mut follows: HashMap<(&str, &str), Micros> = HashMap::new();
        let mut told = Vec::new();
        for (m, n) in new.iter().zip(0..) {
            newest.insert(&m.conversation, n);
            follows.insert((&m.author, &m.conversation), m.at);
            let whom = m.told.iter();
            told.extend(whom.map(|(p, why)| (p.as_str(), n, *why, m.conversation.as_str(), m.at)));
        }
        Beside {
            newest: newest.into_iter().collect(),
            follows: follows.into_iter().map(|((a, c), at)| (a, c, at)).collect(),
            told,
        }
    }
}

/// Posts messages, with an event each, in the order given; returns their numbers, which follow each other. The authors follow
/// what they write in, and those named are told.
pub async fn post(tx: &mut Tx, new: &[NewMessage], kinds: &[&str]) -> sqlx::Result<Vec<i64>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    crate::events::next(tx).await?;
    let first = match tx {
        Tx::Sqlite(tx) => post_sqlite(tx, new, kinds).await?,
        Tx::Postgres(tx) => post_postgres(tx, new, kinds).await?,
    };
    Ok((first..first + new.len() as i64).collect())
}

/// One text, so that a batch goes to the thread that writes once and not five times. The first statement numbers its rows one after
/// the other; the others count back from the last of them.
const POST_SQLITE: &str = "\
    INSERT INTO events (at, kind, actor, process, subject, payload) \
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, '{}' FROM json_each($1); \
    INSERT INTO messages (id, conversation, author, at, kind, body, client) \
    SELECT s.seq - $2 + key, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 \
    FROM json_each($3), sqlite_sequence s WHERE s.name = 'events'; \
    UPDATE conversations SET last = j.last FROM (SELECT value->>0 AS id, s.seq - $2 + (value->>1) AS last \
    FROM json_each($4), sqlite_sequence s WHERE s.name = 'events') j WHERE conversations.id = j.id AND conversations.last < j.last; \
    INSERT INTO follows (person, kind, target, level, at) \
    SELECT value->>0, 'conversation', value->>1, 'follow', value->>2 FROM json_each($5) WHERE true ON CONFLICT DO NOTHING; \
    INSERT INTO notifications (person, event, kind, conversation, at) \
    SELECT value->>0, s.seq - $2 + (value->>1), value->>2, value->>3, value->>4 \
    FROM json_each($6), sqlite_sequence s WHERE s.name = 'events' ON CONFLICT DO NOTHING; \
    SELECT seq - $2 FROM sqlite_sequence WHERE name = 'events'";

/// The number of the first.
async fn post_sqlite(
    tx: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
    new: &[NewMessage],
    kinds: &[&str],
) -> sqlx::Result<i64> {
    let events = new.iter().zip(kinds);
    let events = events.map(|(m, kind)| (m.at, kind, &m.author, &m.process, &m.conversation));
    let messages = new.iter();
    let messages = messages.map(|m| (&m.conversation, &m.author, m.at, m.kind, &m.body, &m.client));
    let beside = Beside::of(new);
    let numbered: Vec<(i64,)> = sqlx::query_as(POST_SQLITE)
        .bind(rows(events))
        .bind(new.len() as i64 - 1)
        .bind(rows(messages))
        .bind(rows(beside.newest.iter()))
        .bind(rows(beside.follows.iter()))
        .bind(rows(beside.told.iter()))
        .fetch_all(&mut **tx)
        .await?;
    let (first,) = numbered.first().ok_or(sqlx::Error::RowNotFound)?;
    Ok(*first)
}

/// One statement, so that a batch is one turn to the server. Nobody else appends meanwhile, so the numbers of its events follow each
/// other.
const POST_POSTGRES: &str = "\
    WITH e AS (INSERT INTO events (at, kind, actor, process, subject, payload) SELECT at, kind, actor, process, subject, '{}' \
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY \
    AS j (at, kind, actor, process, subject, n) ORDER BY n RETURNING seq), \
    f AS (SELECT MIN(seq) AS first FROM e), \
    m AS (INSERT INTO messages (id, conversation, author, at, kind, body, client) \
    SELECT f.first + j.n - 1, j.conversation, j.author, j.at, j.kind, j.body, j.client \
    FROM f, unnest($5::text[], $3::text[], $1::bigint[], $6::text[], $7::text[], $8::text[]) WITH ORDINALITY \
    AS j (conversation, author, at, kind, body, client, n)), \
    c AS (UPDATE conversations SET last = f.first + j.n FROM f, unnest($9::text[], $10::bigint[]) j (id, n) \
    WHERE conversations.id = j.id AND conversations.last < f.first + j.n), \
    w AS (INSERT INTO follows (person, kind, target, level, at) SELECT person, 'conversation', target, 'follow', at \
    FROM unnest($11::text[], $12::text[], $13::bigint[]) j (person, target, at) ON CONFLICT DO NOTHING), \
    t AS (INSERT INTO notifications (person, event, kind, conversation, at) SELECT j.person, f.first + j.n, j.kind, j.conversation, j.at \
    FROM f, unnest($14::text[], $15::bigint[], $16::text[], $17::text[], $18::bigint[]) j (person, n, kind, conversation, at) ON CONFLICT DO NOTHING) \
    SELECT first FROM f";

/// The number of the first.
async fn post_postgres(
    tx: &mut sqlx::Transaction<'static, sqlx::Postgres>,
    new: &[NewMessage],
    kinds: &[&str],
) -> sqlx::Result<i64> {
    fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    let Beside {
        newest,
        follows,
        told,
    } = Beside::of(new);
    let (first,): (i64,) = sqlx::query_as(POST_POSTGRES)
        .bind(column(new, |m| m.at))
        .bind(kinds)
        .bind(column(new, |m| m.author.as_str()))
        .bind(column(new, |m| m.process.as_str()))
        .bind(column(new, |m| m.conversation.as_str()))
        .bind(column(new, |m| m.kind))
        .bind(column(new, |m| m.body.as_str()))
        .bind(column(new, |m| m.client.as_deref()))
        .bind(column(&newest, |c| c.0))
        .bind(column(&newest, |c| c.1))
        .bind(column(&follows, |f| f.0))
        .bind(column(&follows, |f| f.1))
        .bind(column(&follows, |f| f.2))
        .bind(column(&told, |t| t.0))
        .bind(column(&told, |t| t.1))
        .bind(column(&told, |t| t.2))
        .bind(column(&told, |t| t.3))
        .bind(column(&told, |t| t.4))
        .fetch_one(&mut **tx)
        .await?;
    Ok(first)
}
