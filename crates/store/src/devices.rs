//! Browsers that are told by push. One counts only as long as the session it was switched on in: who signs out is told
//! nothing there any more.

use super::mail::{Carried, DIRECT};
use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct DeviceRow {
    /// Follows from the address.
    pub id: String,
    pub person: String,
    /// Digest of the session.
    pub session: String,
    /// Where its push service takes messages.
    pub address: String,
    /// The browser's public key, and a secret it shares with us; base64url.
    pub public: String,
    pub auth: String,
    pub agent: String,
    pub created: Micros,
    pub used: Option<Micros>,
    /// The last event that was looked at for it.
    pub upto: i64,
}

record!(DeviceRow {
    id,
    person,
    session,
    address,
    public,
    auth,
    agent,
    created,
    used,
    upto
});

/// Something its person was told that was not looked at for a device yet.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    pub device: String,
    pub upto: i64,
    pub event: i64,
    pub is_direct: bool,
    pub conversation: Option<String>,
    pub at: Micros,
    pub read: Option<Micros>,
}

record!(News {
    device,
    upto,
    event,
    is_direct,
    conversation,
    at,
    read
});

const DEVICE: &str = "id, person, session, address, public, auth, agent, created, used, upto";
const SIGNED_IN: &str = "EXISTS (SELECT 1 FROM sessions s WHERE s.digest = session AND s.person = d.person AND s.ends > $1)";

/// A browser that is switched on again, by whomever, is hers from then on.
pub async fn put(tx: &mut Tx, row: &DeviceRow) -> sqlx::Result<()> {
    let sql = format!(
        "INSERT INTO push_devices ({DEVICE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, $9) \
         ON CONFLICT (id) DO UPDATE SET person = excluded.person, session = excluded.session, address = excluded.address, \
         public = excluded.public, auth = excluded.auth, agent = excluded.agent, created = excluded.created, \
         used = NULL, upto = excluded.upto"
    );
    query_of(sql)
        .bind(&row.id)
        .bind(&row.person)
        .bind(&row.session)
        .bind(&row.address)
        .bind(&row.public)
        .bind(&row.auth)
        .bind(&row.agent)
        .bind(row.created)
        .bind(row.upto)
        .execute(tx)
        .await
}

/// Oldest first.
pub async fn of_person(db: &Db, person: &str, now: Micros) -> sqlx::Result<Vec<DeviceRow>> {
    let sql = format!(
        "SELECT {DEVICE} FROM push_devices d WHERE {SIGNED_IN} AND person = $2 ORDER BY created, id"
    );
    query_of(sql).bind(now).bind(person).fetch_all(db).await
}

pub async fn find(db: &Db, id: &str, now: Micros) -> sqlx::Result<Option<DeviceRow>> {
    let sql = format!("SELECT {DEVICE} FROM push_devices d WHERE {SIGNED_IN} AND id = $2");
    query_of(sql).bind(now).bind(id).fetch_optional(db).await
}

/// Whether that person had it.
pub async fn remove(tx: &mut Tx, person: &str, id: &str) -> sqlx::Result<bool> {
    query("DELETE FROM push_devices WHERE id = $2 AND person = $1")
        .bind(person)
        .bind(id)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Forgets those whose session is over.
pub async fn sweep(tx: &mut Tx, now: Micros) -> sqlx::Result<()> {
    let sql = format!(
        "DELETE FROM push_devices WHERE id IN (SELECT id FROM push_devices d WHERE NOT {SIGNED_IN})"
    );
    query_of(sql).bind(now).execute(tx).await
}

/// What was not looked at yet for any device, in order.
pub async fn news(db: &Db, now: Micros) -> sqlx::Result<Vec<News>> {
    let sql = format!(
        "SELECT d.id AS device, d.upto, n.event, n.kind IN {DIRECT} AS is_direct, n.conversation, n.at, n.read \
         FROM push_devices d JOIN notifications n ON n.person = d.person AND n.event > d.upto \
         WHERE {SIGNED_IN} ORDER BY n.event LIMIT 5000"
    );
    query_of(sql).bind(now).fetch_all(db).await
}

/// Takes note that events up to a number were looked at; whether nobody else did meanwhile.
pub async fn move_on(tx: &mut Tx, id: &str, from: i64, to: i64) -> sqlx::Result<bool> {
    query("UPDATE push_devices SET upto = $3 WHERE id = $1 AND upto = $2")
        .bind(id)
        .bind(from)
        .bind(to)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Something reached its push service.
pub async fn used(tx: &mut Tx, id: &str, at: Micros) -> sqlx::Result<()> {
    query("UPDATE push_devices SET used = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(tx)
        .await
}

/// What means a person in a conversation, after an event up to another, and is unread; in order.
pub async fn unread(
    db: &Db,
    (person, conversation): (&str, &str),
    after: i64,
    upto: i64,
) -> sqlx::Result<Vec<Carried>> {
    let sql = format!(
        "SELECT event, kind, conversation, at, read, doubt IS NOT NULL AS in_doubt FROM notifications WHERE person = $1 AND conversation = $2 \
         AND event > $3 AND event <= $4 AND read IS NULL AND kind IN {DIRECT} ORDER BY event"
    );
    query_of(sql)
        .bind(person)
        .bind(conversation)
        .bind(after)
        .bind(upto)
        .fetch_all(db)
        .await
}
