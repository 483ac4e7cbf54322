//! The one event record.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;
use serde::Serialize;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Event {
    /// Grows by every event; what readers resume from.
    pub seq: i64,
    pub at: Micros,
    pub kind: String,
    pub actor: String,
    pub process: Option<String>,
    /// What it is about beside its process: the id of an improvement, say.
    pub subject: Option<String>,
    /// What there is to say of it, kept as JSON.
    #[serde(serialize_with = "super::as_json")]
    #[schema(value_type = Object)]
    pub payload: String,
}

record!(Event {
    seq,
    at,
    kind,
    actor,
    process,
    subject,
    payload
});

impl Event {
    /// Whether it brought a message.
    pub fn is_said(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "message.posted" | "question.asked" | "question.answered"
        )
    }
}

/// From here to its end this transaction alone appends, so that numbers become visible in their order and no reader who
/// goes by them misses one. SQLite has one writer anyway.
pub async fn in_order(tx: &mut Tx) -> sqlx::Result<()> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock(7071)")
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// What comes before events: [`in_order`], and when this transaction is committed, those who [`listen`](Others::recv) on other nodes are
/// woken. One turn to the server; SQLite has no others.
pub(crate) async fn next(tx: &mut Tx) -> sqlx::Result<()> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock(7071), pg_notify($1, '')")
            .bind(CHANNEL)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Appends an event in the transaction of what it tells of.
pub async fn append(
    tx: &mut Tx,
    at: Micros,
    kind: &str,
    actor: &str,
    process: Option<&str>,
    subject: Option<&str>,
    payload: &serde_json::Value,
) -> sqlx::Result<i64> {
    next(tx).await?;
    let (seq,): (i64,) = query("INSERT INTO events (at, kind, actor, process, subject, payload) VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq")
            .bind(at)
            .bind(kind)
            .bind(actor)
            .bind(process)
            .bind(subject)
            .bind(payload.to_string())
            .fetch_one(&mut *tx)
            .await?;
    Ok(seq)
}

/// Events of a process after `after`, oldest first.
pub async fn of_process(
    db: &Db,
    process: &str,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    query("SELECT seq, at, kind, actor, process, subject, payload FROM events WHERE process = $1 AND seq > $2 ORDER BY seq LIMIT $3")
            .bind(process)
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await
}

/// Events about one thing, oldest first, but for messages posted into it: those are read from their conversation.
pub async fn of_subject(db: &Db, subject: &str) -> sqlx::Result<Vec<Event>> {
    query("SELECT seq, at, kind, actor, process, subject, payload FROM events WHERE subject = $1 AND kind <> 'message.posted' ORDER BY seq")
            .bind(subject)
            .fetch_all(db)
            .await
}

/// The newest event of some kinds about one thing since a moment.
pub async fn last_of_subject(
    tx: &mut Tx,
    subject: &str,
    kinds: &[String],
    since: Micros,
) -> sqlx::Result<Option<Event>> {
    query_of(
        "SELECT seq, at, kind, actor, process, subject, payload FROM events WHERE subject = $1 AND at >= $2 AND kind IN ".into(),
    )
    .bind(subject)
    .bind(since)
    .list(kinds)
    .then(" ORDER BY seq DESC LIMIT 1")
    .fetch_optional(tx)
    .await
}

/// Events after a number, oldest first.
pub async fn after(db: &Db, after: i64, limit: i64) -> sqlx::Result<Vec<Event>> {
    query("SELECT seq, at, kind, actor, process, subject, payload FROM events WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await
}

/// Which events of the record are looked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sought {
    /// A kind such as `person.added`, or the beginning of some with a dot at its end: `person.`
    pub kind: Option<String>,
    /// Who did it: the id of a person, or what stands in the record in its place.
    pub actor: Option<String>,
    /// Only those before this number.
    pub before: Option<i64>,
}

/// Events of the whole record, newest first.
pub async fn sought(db: &Db, sought: &Sought, limit: i64) -> sqlx::Result<Vec<Event>> {
    let kind = sought.kind.as_deref().unwrap_or_default();
    let begin = match kind.ends_with('.') {
        true => format!("{}%", kind.replace(['%', '_', '\\'], "")),
        false => String::new(),
    };
    query(
            "SELECT seq, at, kind, actor, process, subject, payload FROM events WHERE seq < $1 AND ($2 = '' OR actor = $2) \
             AND ($3 = '' OR kind = $3 OR kind LIKE $4) ORDER BY seq DESC LIMIT $5",
        )
        .bind(sought.before.unwrap_or(i64::MAX))
        .bind(sought.actor.as_deref().unwrap_or_default())
        .bind(kind)
        .bind(begin)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// The kinds among the newest events, by name.
pub async fn kinds(db: &Db) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = query(
        "SELECT DISTINCT kind FROM (SELECT kind FROM events ORDER BY seq DESC LIMIT 20000) AS newest ORDER BY kind"
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(kind,)| kind).collect())
}

/// The number of the last event; 0 when nothing happened yet.
pub async fn last(db: &Db) -> sqlx::Result<i64> {
    let (last,): (i64,) = query("SELECT COALESCE(MAX(seq), 0) FROM events")
        .fetch_one(db)
        .await?;
    Ok(last)
}

/// The newest events of a process whose kind begins so, newest first.
pub async fn newest(db: &Db, process: &str, kind: &str, limit: i64) -> sqlx::Result<Vec<Event>> {
    query("SELECT seq, at, kind, actor, process, subject, payload FROM events WHERE process = $1 AND kind LIKE $2 ORDER BY seq DESC LIMIT $3")
            .bind(process)
            .bind(format!("{kind}%"))
            .bind(limit)
            .fetch_all(db)
            .await
}

/// On which PostgreSQL's nodes wake each other.
const CHANNEL: &str = "tenon_record";

/// On which they tell each other who is in which room.
const HERE: &str = "tenon_here";

/// Tells all nodes on PostgreSQL something that is kept nowhere, up to 8,000 bytes.
pub async fn tell_here(db: &Db, told: &str) -> sqlx::Result<()> {
    if let Db::Postgres(pool) = db {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(HERE)
            .bind(told)
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// What a node hears.
pub enum Heard {
    /// Another node, or this one, appended to the record.
    Appended,
    /// See [`tell_here`].
    Here(String),
}

/// Hears when another node appended to the record, and who is in which room.
pub struct Others {
    /// `None` on SQLite: there are no others.
    pool: Option<sqlx::PgPool>,
    listener: Option<sqlx::postgres::PgListener>,
}

/// How long one waits before listening anew.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(2);

impl Others {
    pub async fn listen(db: &Db) -> Others {
        let pool = match db {
            Db::Postgres(pool) => Some(pool.clone()),
            Db::Sqlite { .. } => None,
        };
        let mut others = Others {
            pool,
            listener: None,
        };
        others.begin().await;
        others
    }

    async fn begin(&mut self) {
        let Some(pool) = &self.pool else {
            return;
        };
        let listening = async {
            let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
            listener.listen_all([CHANNEL, HERE]).await?;
            Ok::<_, sqlx::Error>(listener)
        };
        match listening.await {
            Ok(listener) => self.listener = Some(listener),
            Err(problem) => {
                tracing::warn!(%problem, "other nodes are not heard at once; the record is looked at every second");
            }
        }
    }

    /// Waits until something is heard. Where listening failed it is tried anew now and then.
    pub async fn recv(&mut self) -> Heard {
        if self.pool.is_none() {
            return std::future::pending().await;
        }
        loop {
            match &mut self.listener {
                Some(listener) => match listener.recv().await {
                    Ok(heard) if heard.channel() == HERE => {
                        return Heard::Here(heard.payload().into());
                    }
                    Ok(_) => return Heard::Appended,
                    Err(_) => self.listener = None,
                },
                None => {
                    tokio::time::sleep(PAUSE).await;
                    self.begin().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_both;

    #[test]
    fn the_record_is_looked_through_by_kind_person_and_page_newest_first() {
        on_both(|db| async move {
            let mut tx = db.begin().await.unwrap();
            let happened = [
                ("person.added", "olive"),
                ("person.signed_in", "maren"),
                ("personal.thing", "maren"),
                ("team.changed", "olive"),
            ];
            for (kind, actor) in happened {
                let nothing = serde_json::json!({});
                let added = append(&mut tx, 1, kind, actor, None, None, &nothing);
                added.await.unwrap();
            }
            tx.commit().await.unwrap();
            let look = async |kind: &str, actor: &str, before: Option<i64>| {
                let given = |text: &str| Some(text.to_string()).filter(|t| !t.is_empty());
                let wanted = Sought {
                    kind: given(kind),
                    actor: given(actor),
                    before,
                };
                let found = sought(&db, &wanted, 3).await.unwrap();
                found.into_iter().map(|e| e.kind).collect::<Vec<_>>()
            };
            assert_eq!(
                look("", "", None).await,
                ["team.changed", "personal.thing", "person.signed_in"]
            );
            assert_eq!(look("", "", Some(2)).await, ["person.added"]);
            assert_eq!(
                look("person.", "", None).await,
                ["person.signed_in", "person.added"]
            );
            assert_eq!(look("person.added", "", None).await, ["person.added"]);
            assert_eq!(look("person.", "olive", None).await, ["person.added"]);
            assert!(look("person", "", None).await.is_empty());
            assert!(look("%.", "", None).await.is_empty());
            let mut all = happened.map(|(kind, _)| kind.to_string()).to_vec();
            all.sort();
            assert_eq!(kinds(&db).await.unwrap(), all);
        });
    }
}
