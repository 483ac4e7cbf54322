//! What happened, beside what was said, in what a person follows; and at which step the cases with a room stand.

use crate::store::events::Event;
use crate::store::{Db, Tx, read, write};
use mining::Micros;
use sqlx::AssertSqlSafe;

/// What is worth telling of a thing that is followed itself.
const OF_ONE: &str = "'answer.accepted', 'case.moved', 'case.guest_invited', 'playbook.item_done', 'improvement.planned', \
    'improvement.started', 'improvement.paused', 'improvement.resumed', 'improvement.extended', 'improvement.unplugged', \
    'improvement.decided'";
/// What is worth telling of a process as a whole.
const OF_ALL: &str = "'process.imported', 'process.version_made', 'process.steps_edited', 'process.reference_pinned', \
    'playbook.written', 'improvement.planned', 'improvement.started', 'improvement.paused', 'improvement.resumed', \
    'improvement.extended', 'improvement.unplugged', 'improvement.decided'";

/// Updates before a number in what a person follows and has not snoozed, newest first: of conversations, of improvements at
/// steps, of processes, and what people did.
pub async fn updates(
    db: &Db,
    person: &str,
    before: i64,
    limit: i64,
    now: Micros,
) -> sqlx::Result<Vec<Event>> {
    let of = |kind: &str, join: &str, kinds: &str| {
        format!(
            "SELECT x.seq FROM follows f {join} WHERE f.person = $1 AND f.kind = '{kind}' AND f.level = 'follow' \
             AND (f.until IS NULL OR f.until < $4) AND x.kind <> 'message.posted' AND x.kind IN ({kinds}) AND x.seq < $2"
        )
    };
    let parts = [
        of(
            "conversation",
            "JOIN events x ON x.subject = f.target",
            OF_ONE,
        ),
        of(
            "step",
            "JOIN improvements i ON f.target = i.process || '/' || i.step JOIN events x ON x.subject = i.id",
            OF_ONE,
        ),
        of("process", "JOIN events x ON x.process = f.target", OF_ALL),
        of("person", "JOIN events x ON x.actor = f.target", OF_ONE),
    ];
    let sql = format!(
        "SELECT e.seq, e.at, e.kind, e.actor, e.process, e.subject, e.payload FROM events e WHERE e.seq IN ({}) \
         AND NOT EXISTS (SELECT 1 FROM follows q WHERE q.person = $1 AND (q.level = 'mute' OR q.until >= $4) AND ((q.kind = 'conversation' \
           AND q.target = e.subject) OR (q.kind = 'person' AND q.target = e.actor) OR (q.kind = 'process' AND q.target = e.process))) \
         ORDER BY e.seq DESC LIMIT $3",
        parts.join(" UNION ")
    );
    read!(db, |on| sqlx::query_as(AssertSqlSafe(sql))
        .bind(person)
        .bind(before)
        .bind(limit)
        .bind(now)
        .fetch_all(on)
        .await)
}

/// The cases of a process that have a room: its id, the case, and the step it was last seen at.
pub async fn rooms_of(
    db: &Db,
    process: &str,
) -> sqlx::Result<Vec<(String, String, Option<String>)>> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT id, case_ref, step FROM conversations WHERE process = $1 AND kind = 'room' AND case_ref IS NOT NULL ORDER BY id"
    )
    .bind(process)
    .fetch_all(on)
    .await
    })
}

/// Notes at which step the case of a room stands; whether it stood at `was` until now.
pub async fn moved(
    tx: &mut Tx,
    room: &str,
    was: Option<&str>,
    step: Option<&str>,
) -> sqlx::Result<bool> {
    write!(tx, |on| sqlx::query(
        "UPDATE conversations SET step = $3 WHERE id = $1 AND COALESCE(step, '') = $2"
    )
    .bind(room)
    .bind(was.unwrap_or_default())
    .bind(step)
    .execute(on)
    .await
    .map(|done| done.rows_affected() > 0))
}

/// Marks all that a person follows as read up to a number, and what she was told.
pub async fn mark_all_read(tx: &mut Tx, person: &str, upto: i64, at: Micros) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
        "INSERT INTO reads (person, conversation, upto) \
         SELECT f.person, c.id, $2 FROM follows f JOIN conversations c ON c.id = f.target \
         WHERE f.person = $1 AND f.kind = 'conversation' AND f.level = 'follow' \
         UNION SELECT $1, m.conversation, $2 FROM follows f JOIN messages m ON m.author = f.target \
         WHERE f.person = $1 AND f.kind = 'person' AND f.level = 'follow' \
         ON CONFLICT (person, conversation) DO UPDATE SET upto = excluded.upto WHERE reads.upto < excluded.upto"
    )
    .bind(person)
    .bind(upto)
    .execute(on)
    .await
    .map(drop)
    })?;
    write!(tx, |on| sqlx::query(
        "UPDATE notifications SET read = $3 WHERE person = $1 AND event <= $2 AND read IS NULL"
    )
    .bind(person)
    .bind(upto)
    .bind(at)
    .execute(on)
    .await
    .map(drop))
}
