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
    crate::events::in_order(tx).await?;
    crate::events::wake_others(tx).await?;
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
    let inserted = sqlx::query(
        "INSERT INTO events (at, kind, actor, process, subject, payload) \
         SELECT value->>0, value->>1, value->>2, value->>3, value->>4, '{}' FROM json_each($1)",
    )
    .bind(rows(events))
    .execute(&mut **tx)
    .await?;
    // One statement numbers its rows one after the other; handing each number over would take longer than the rest.
    let last = inserted.last_insert_rowid();
    let ids: Vec<i64> = (last + 1 - new.len() as i64..=last).collect();
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
