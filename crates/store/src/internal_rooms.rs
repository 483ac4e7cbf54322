//! Rooms of a channel in which colleagues talk about a case.

use super::work::{MESSAGE, MessageRow};
use super::{Db, Tx, like, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct RoomRow {
    pub connection: String,
    /// What the service calls it.
    pub topic: String,
    pub name: String,
    pub process: String,
    /// `None`, as its conversation, when the case was erased.
    pub case_ref: Option<String>,
    pub conversation: Option<String>,
    pub created: Micros,
    pub created_by: String,
    /// The newest of our messages that is there.
    pub sent: i64,
    /// Since when the next one may be there.
    pub begun: Option<Micros>,
    pub due: Micros,
    pub attempts: i64,
    pub error: Option<String>,
}

record!(RoomRow {
    connection,
    topic,
    name,
    process,
    case_ref,
    conversation,
    created,
    created_by,
    sent,
    begun,
    due,
    attempts,
    error
});

const ROOM: &str = "connection, topic, name, process, case_ref, conversation, created, created_by, sent, begun, due, attempts, error";

/// Makes a room internal; what was said here before is not told there. `false` where the room or the case has one already.
pub async fn insert(tx: &mut Tx, row: &RoomRow) -> sqlx::Result<bool> {
    let made = query_of(format!(
        "INSERT INTO internal_rooms ({ROOM}, held_until) SELECT $1, $2, $3, $4, $5, $6, $7, $8, last, NULL, $7, 0, NULL, 0 \
         FROM conversations WHERE id = $6 ON CONFLICT DO NOTHING"
    ))
    .bind(&row.connection)
    .bind(&row.topic)
    .bind(&row.name)
    .bind(&row.process)
    .bind(&row.case_ref)
    .bind(&row.conversation)
    .bind(row.created)
    .bind(&row.created_by)
    .affect(tx)
    .await?;
    Ok(made > 0)
}

pub async fn remove(tx: &mut Tx, connection: &str, topic: &str) -> sqlx::Result<()> {
    query("DELETE FROM internal_rooms WHERE connection = $1 AND topic = $2")
        .bind(connection)
        .bind(topic)
        .execute(tx)
        .await
}

pub async fn list(db: &Db, connection: &str) -> sqlx::Result<Vec<RoomRow>> {
    query_of(format!(
        "SELECT {ROOM} FROM internal_rooms WHERE connection = $1 ORDER BY name, topic"
    ))
    .bind(connection)
    .fetch_all(db)
    .await
}

pub async fn find_in(tx: &mut Tx, connection: &str, topic: &str) -> sqlx::Result<Option<RoomRow>> {
    query_of(format!(
        "SELECT {ROOM} FROM internal_rooms WHERE connection = $1 AND topic = $2"
    ))
    .bind(connection)
    .bind(topic)
    .fetch_optional(tx)
    .await
}

/// A message by what it is called where it came from.
pub async fn message_in(
    tx: &mut Tx,
    conversation: &str,
    client: &str,
) -> sqlx::Result<Option<MessageRow>> {
    query_of(format!(
        "SELECT {MESSAGE} FROM messages m WHERE m.conversation = $1 AND m.client = $2"
    ))
    .bind(conversation)
    .bind(client)
    .fetch_optional(tx)
    .await
}

/// Whether something that was said on a connection stands in the conversation of any case.
pub async fn is_known(tx: &mut Tx, connection: &str, event: &str) -> sqlx::Result<bool> {
    let found: Option<(i64,)> =
        query("SELECT id FROM messages WHERE client LIKE $1 ESCAPE '\\' LIMIT 1")
            .bind(format!("{}:%:{}", like(connection), like(event)))
            .fetch_optional(tx)
            .await?;
    Ok(found.is_some())
}

/// Messages of a room's conversation that were written here and are not there yet.
const TO_SEND: &str = "m.conversation = r.conversation AND m.id > r.sent AND m.kind = 'note' AND m.deleted IS NULL \
     AND (m.client IS NULL OR m.client NOT LIKE r.connection || ':%')";

/// Takes a room to which something is to be told, so that no other node does until then.
pub async fn claim(db: &Db, now: Micros, until: Micros) -> sqlx::Result<Option<RoomRow>> {
    let due = format!(
        "SELECT r.connection, r.topic FROM internal_rooms r JOIN connections c ON c.id = r.connection WHERE r.due <= $1 \
         AND r.held_until <= $1 AND c.state = 'on' AND c.sends_from <= $1 AND EXISTS (SELECT 1 FROM messages m WHERE {TO_SEND}) \
         ORDER BY r.due, r.topic LIMIT 1"
    );
    // Looking takes no lock; most of the time nothing is due.
    let is_due: Option<(String, String)> =
        query_of(due.clone()).bind(now).fetch_optional(db).await?;
    if is_due.is_none() {
        return Ok(None);
    }
    let mut tx = db.begin().await?;
    let locked = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE OF r SKIP LOCKED",
    };
    let row = query_of(format!(
        "UPDATE internal_rooms SET held_until = $2, attempts = attempts + 1 WHERE (connection, topic) = ({due}{locked}) RETURNING {ROOM}"
    ))
    .bind(now)
    .bind(until)
    .fetch_optional(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(row)
}

/// What is to be told there next.
pub async fn next(db: &Db, row: &RoomRow) -> sqlx::Result<Option<MessageRow>> {
    query_of(format!(
        "SELECT {MESSAGE} FROM messages m, internal_rooms r WHERE r.connection = $1 AND r.topic = $2 AND {TO_SEND} ORDER BY m.id LIMIT 1"
    ))
    .bind(&row.connection)
    .bind(&row.topic)
    .fetch_optional(db)
    .await
}

/// From now on the next one may be there.
pub async fn begin(tx: &mut Tx, row: &RoomRow, now: Micros) -> sqlx::Result<()> {
    query("UPDATE internal_rooms SET begun = COALESCE(begun, $3) WHERE connection = $1 AND topic = $2")
        .bind(&row.connection)
        .bind(&row.topic)
        .bind(now)
        .execute(tx)
        .await
}

/// All up to a message are there.
pub async fn told(tx: &mut Tx, row: &RoomRow, message: i64) -> sqlx::Result<()> {
    query("UPDATE internal_rooms SET sent = $3, begun = NULL, held_until = 0, attempts = 0, error = NULL WHERE connection = $1 AND topic = $2")
        .bind(&row.connection)
        .bind(&row.topic)
        .bind(message)
        .execute(tx)
        .await
}

/// It is not known to be there: tried again when it is due.
pub async fn not_told(tx: &mut Tx, row: &RoomRow, due: Micros, error: &str) -> sqlx::Result<()> {
    query("UPDATE internal_rooms SET due = $3, error = $4, held_until = 0 WHERE connection = $1 AND topic = $2")
        .bind(&row.connection)
        .bind(&row.topic)
        .bind(due)
        .bind(error)
        .execute(tx)
        .await
}

/// Who here is who there: her name there, and her id.
pub async fn people(db: &Db, connection: &str) -> sqlx::Result<Vec<(String, String)>> {
    query("SELECT told, person FROM source_people WHERE connection = $1 ORDER BY told")
        .bind(connection)
        .fetch_all(db)
        .await
}

/// Says who somebody there is, or that nobody knows.
pub async fn set_person(
    tx: &mut Tx,
    (connection, told): (&str, &str),
    person: Option<(&str, &str)>,
) -> sqlx::Result<()> {
    query("DELETE FROM source_people WHERE connection = $1 AND told = $2")
        .bind(connection)
        .bind(told)
        .execute(&mut *tx)
        .await?;
    let Some((person, name)) = person else {
        return Ok(());
    };
    query("INSERT INTO source_people (connection, told, person, name) VALUES ($1, $2, $3, $4)")
        .bind(connection)
        .bind(told)
        .bind(person)
        .bind(name)
        .execute(tx)
        .await
}

/// The colleague who is somebody there, if she still works here and is no guest.
pub async fn person_in(tx: &mut Tx, connection: &str, told: &str) -> sqlx::Result<Option<String>> {
    let found: Option<(String,)> = query(
        "SELECT p.id FROM source_people s JOIN people p ON p.id = s.person WHERE s.connection = $1 AND s.told = $2 AND p.state = 'active' \
         AND p.role <> 'guest'",
    )
    .bind(connection)
    .bind(told)
    .fetch_optional(tx)
    .await?;
    Ok(found.map(|(id,)| id))
}
