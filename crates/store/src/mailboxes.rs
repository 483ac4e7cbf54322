//! Mailboxes that answers are fetched from: who fetches, how far, and how it goes.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct MailboxRow {
    /// user@host/folder, without the password.
    pub name: String,
    /// UIDVALIDITY, which names the numbering; 0 before the first look.
    pub validity: i64,
    /// The last UID that was taken in.
    pub upto: i64,
    /// Up to this UID only what nobody has read is taken in: it was there before Tenon was.
    pub old: i64,
    /// When it was looked into last.
    pub looked: Option<Micros>,
    /// The node that fetches, and until when nobody else does.
    pub holder: String,
    pub held_until: Micros,
    pub connected: Option<Micros>,
    pub last_mail: Option<Micros>,
    pub error: Option<String>,
    pub error_at: Option<Micros>,
}

record!(MailboxRow {
    name,
    validity,
    upto,
    old,
    looked,
    holder,
    held_until,
    connected,
    last_mail,
    error,
    error_at
});

const MAILBOX: &str =
    "name, validity, upto, old, looked, holder, held_until, connected, last_mail, error, error_at";

/// A mail that was fetched and not let in.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedRow {
    pub at: Micros,
    /// The address it says it is from; may be empty.
    pub sender: String,
    pub why: String,
}

record!(RefusedRow { at, sender, why });

/// Which mail of a mailbox it is, and who fetched it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    pub mailbox: String,
    pub holder: String,
    pub validity: i64,
    pub uid: i64,
}

/// What became of a mail that came in; kept in the transaction of its effect.
#[derive(Debug, Clone)]
pub struct Taken {
    pub at: Micros,
    /// What it is counted as.
    pub word: &'static str,
    /// From a mailbox, if it did not come by a pipe.
    pub fetched: Option<Fetched>,
    pub refused: Option<RefusedRow>,
}

/// Makes fetching from a mailbox this node's alone for a while; the mailbox, if no other node has it.
pub async fn hold(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    now: Micros,
    until: Micros,
) -> sqlx::Result<Option<MailboxRow>> {
    query(
            "INSERT INTO mailboxes (name, validity, upto, old, holder, held_until) VALUES ($1, 0, 0, 0, '', 0) \
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .execute(tx)
        .await?;
    let sql = format!(
        "UPDATE mailboxes SET holder = $2, held_until = $4 WHERE name = $1 AND (holder = $2 OR held_until <= $3) RETURNING {MAILBOX}"
    );
    query_of(sql)
        .bind(name)
        .bind(holder)
        .bind(now)
        .bind(until)
        .fetch_optional(&mut *tx)
        .await
}

/// Leaves the mailbox to whoever comes next, and says what went wrong, if anything did.
pub async fn let_go(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    at: Micros,
    error: Option<&str>,
) -> sqlx::Result<()> {
    query(
        "UPDATE mailboxes SET held_until = 0, connected = NULL, error = COALESCE($4, error), \
         error_at = CASE WHEN $4 IS NULL THEN error_at ELSE $3 END WHERE name = $1 AND holder = $2",
    )
    .bind(name)
    .bind(holder)
    .bind(at)
    .bind(error)
    .execute(tx)
    .await
}

/// Says what went wrong and does not end the connection.
pub async fn note(tx: &mut Tx, name: &str, at: Micros, error: &str) -> sqlx::Result<()> {
    query("UPDATE mailboxes SET error = $3, error_at = $2 WHERE name = $1")
        .bind(name)
        .bind(at)
        .bind(error)
        .execute(tx)
        .await
}

/// A server over SQLite is the only one: who had a mailbox when it starts is dead.
pub async fn release(tx: &mut Tx) -> sqlx::Result<()> {
    let Tx::Sqlite(tx) = tx else {
        return Ok(());
    };
    sqlx::query("UPDATE mailboxes SET held_until = 0, connected = NULL")
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Notes since when it is connected; whether this node still has it.
pub async fn connected(tx: &mut Tx, name: &str, holder: &str, at: Micros) -> sqlx::Result<bool> {
    query("UPDATE mailboxes SET connected = $3 WHERE name = $1 AND holder = $2")
        .bind(name)
        .bind(holder)
        .bind(at)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Notes that everything there was is taken in. While mails are left that were there before, when that was stays as it is:
/// by it is told what may have been read since.
pub async fn looked(tx: &mut Tx, name: &str, holder: &str, at: Micros) -> sqlx::Result<()> {
    query("UPDATE mailboxes SET looked = $3 WHERE name = $1 AND holder = $2 AND upto >= old")
        .bind(name)
        .bind(holder)
        .bind(at)
        .execute(tx)
        .await
}

/// Mails are numbered anew. Up to `old` they were there before.
pub async fn renumber(
    tx: &mut Tx,
    (name, holder): (&str, &str),
    validity: i64,
    old: i64,
) -> sqlx::Result<()> {
    query("UPDATE mailboxes SET validity = $3, upto = 0, old = $4 WHERE name = $1 AND holder = $2")
        .bind(name)
        .bind(holder)
        .bind(validity)
        .bind(old)
        .execute(tx)
        .await
}

/// Counts a mail and moves on behind it; false when another node has the mailbox now, or the mail was taken in before.
pub async fn take_in(tx: &mut Tx, taken: &Taken) -> sqlx::Result<bool> {
    super::mail::count(tx, taken.at / mining::time::DAY, taken.word).await?;
    let Some(fetched) = &taken.fetched else {
        return Ok(true);
    };
    let moved = query(
        "UPDATE mailboxes SET upto = $4, last_mail = $5 WHERE name = $1 AND holder = $2 AND validity = $3 AND upto < $4"
    )
    .bind(&fetched.mailbox)
    .bind(&fetched.holder)
    .bind(fetched.validity)
    .bind(fetched.uid)
    .bind(taken.at)
    .affect(tx)
    .await.map(|rows| rows > 0)?;
    if let (true, Some(refused)) = (moved, &taken.refused) {
        query(
            "INSERT INTO mail_refused (mailbox, validity, uid, at, sender, why) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
        )
        .bind(&fetched.mailbox)
        .bind(fetched.validity)
        .bind(fetched.uid)
        .bind(refused.at)
        .bind(&refused.sender)
        .bind(&refused.why)
        .execute(tx)
        .await?;
    }
    Ok(moved)
}

/// Whether a mail was fetched and not let in.
pub async fn was_refused(db: &Db, fetched: &Fetched) -> sqlx::Result<bool> {
    let (n,): (i64,) = query(
        "SELECT COUNT(*) FROM mail_refused WHERE mailbox = $1 AND validity = $2 AND uid = $3",
    )
    .bind(&fetched.mailbox)
    .bind(fetched.validity)
    .bind(fetched.uid)
    .fetch_one(db)
    .await?;
    Ok(n > 0)
}

pub async fn find(db: &Db, name: &str) -> sqlx::Result<Option<MailboxRow>> {
    let sql = format!("SELECT {MAILBOX} FROM mailboxes WHERE name = $1");
    query_of(sql).bind(name).fetch_optional(db).await
}

/// What was not let in, the newest first.
pub async fn refusals(db: &Db, most: i64) -> sqlx::Result<Vec<RefusedRow>> {
    query("SELECT at, sender, why FROM mail_refused ORDER BY at DESC, uid DESC LIMIT $1")
        .bind(most)
        .fetch_all(db)
        .await
}

/// Forgets refusals from before a moment.
pub async fn sweep(tx: &mut Tx, before: Micros) -> sqlx::Result<()> {
    query("DELETE FROM mail_refused WHERE at < $1")
        .bind(before)
        .execute(tx)
        .await
}

/// Forgets what an address sent.
pub async fn forget_sender(tx: &mut Tx, sender: &str) -> sqlx::Result<()> {
    query("DELETE FROM mail_refused WHERE sender = $1")
        .bind(sender)
        .execute(tx)
        .await
}
