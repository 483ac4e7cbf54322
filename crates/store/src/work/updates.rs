//! What happened, beside what was said, in what a person follows; and at which step the cases with a room stand.

use crate::events::Event;
use crate::{Db, Tx, query, query_of};
use mining::Micros;

/// All that is told as an update, as it stands in the indexes.
pub const TOLD: &str = "'answer.accepted', 'case.moved', 'case.guest_invited', 'playbook.item_done', 'playbook.written', 'process.imported', 'process.version_made', 'process.steps_edited', 'process.reference_pinned', 'improvement.planned', 'improvement.started', 'improvement.paused', 'improvement.resumed', 'improvement.extended', 'improvement.unplugged', 'improvement.decided'";
/// Whether events of a kind are told as updates.
pub fn is_update(kind: &str) -> bool {
    TOLD.split(", ").any(|told| told.trim_matches('\'') == kind)
}

/// Of a thing that is followed itself; who brought in a file moved no case.
const OF_ONE: &str = "'answer.accepted', 'case.moved', 'case.guest_invited', 'playbook.item_done', 'improvement.planned', \
    'improvement.started', 'improvement.paused', 'improvement.resumed', 'improvement.extended', 'improvement.unplugged', \
    'improvement.decided'";
const OF_PERSON: &str = "'answer.accepted', 'case.guest_invited', 'playbook.item_done', 'improvement.planned', \
    'improvement.started', 'improvement.paused', 'improvement.resumed', 'improvement.extended', 'improvement.unplugged', \
    'improvement.decided'";
/// Of a process as a whole.
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
    let sql = updates_sql();
    query_of(sql)
        .bind(person)
        .bind(before)
        .bind(limit)
        .bind(now)
        .fetch_all(db)
        .await
}

/// Each way of following gives no more than a page, so that a long history costs no more than a short one.
fn updates_sql() -> String {
    let of = |kind: &str, join: &str, kinds: &str| {
        format!(
            "SELECT seq FROM (SELECT x.seq FROM follows f {join} WHERE f.person = $1 AND f.kind = '{kind}' AND f.level = 'follow' \
             AND (f.until IS NULL OR f.until < $4) AND x.kind IN ({TOLD}) AND x.kind IN ({kinds}) AND x.seq < $2 \
             AND NOT EXISTS (SELECT 1 FROM follows q WHERE q.person = $1 AND (q.until >= $4 OR (q.level = 'mute' AND q.until IS NULL)) \
             AND ((q.kind = 'conversation' AND q.target = x.subject) OR (q.kind = 'process' AND q.target = x.process) \
             OR (q.kind = 'person' AND q.target = x.actor AND x.kind <> 'case.moved'))) \
             ORDER BY x.seq DESC LIMIT $3) AS by_{kind}"
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
        of("person", "JOIN events x ON x.actor = f.target", OF_PERSON),
    ];
    format!(
        "SELECT e.seq, e.at, e.kind, e.actor, e.process, e.subject, e.payload FROM events e WHERE e.seq IN ({}) \
         ORDER BY e.seq DESC LIMIT $3",
        parts.join(" UNION ")
    )
}

/// The cases of a process that have a room: its id, the case, and the step it was last seen at.
pub async fn rooms_of(
    db: &Db,
    process: &str,
) -> sqlx::Result<Vec<(String, String, Option<String>)>> {
    query(
        "SELECT id, case_ref, step FROM conversations WHERE process = $1 AND kind = 'room' AND case_ref IS NOT NULL ORDER BY id"
    )
    .bind(process)
    .fetch_all(db)
    .await
}

/// Notes at which step the case of a room stands; whether it stood at `was` until now.
pub async fn moved(
    tx: &mut Tx,
    room: &str,
    was: Option<&str>,
    step: Option<&str>,
) -> sqlx::Result<bool> {
    query("UPDATE conversations SET step = $3 WHERE id = $1 AND COALESCE(step, '') = $2")
        .bind(room)
        .bind(was.unwrap_or_default())
        .bind(step)
        .affect(tx)
        .await
        .map(|rows| rows > 0)
}

/// Marks all that a person follows as read up to a number, and what she was told.
pub async fn mark_all_read(tx: &mut Tx, person: &str, upto: i64, at: Micros) -> sqlx::Result<()> {
    query(
        "INSERT INTO reads (person, conversation, upto) \
         SELECT f.person, c.id, $2 FROM follows f JOIN conversations c ON c.id = f.target \
         WHERE f.person = $1 AND f.kind = 'conversation' AND f.level = 'follow' \
         UNION SELECT $1, m.conversation, $2 FROM follows f JOIN messages m ON m.author = f.target \
         WHERE f.person = $1 AND f.kind = 'person' AND f.level = 'follow' \
         ON CONFLICT (person, conversation) DO UPDATE SET upto = excluded.upto WHERE reads.upto < excluded.upto"
    )
    .bind(person)
    .bind(upto)
    .execute(tx)
    .await?;
    query("UPDATE notifications SET read = $3 WHERE person = $1 AND event <= $2 AND read IS NULL")
        .bind(person)
        .bind(upto)
        .bind(at)
        .execute(tx)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_both;

    #[test]
    fn updates_are_looked_up_in_their_own_indexes() {
        on_both(|db| async move {
            if matches!(db, Db::Postgres(_)) {
                // What PostgreSQL chooses depends on how much there is.
                return;
            }
            let sql = format!("EXPLAIN QUERY PLAN {}", updates_sql());
            let plan: Vec<(i64, i64, i64, String)> = query_of(sql)
                .bind("per_1")
                .bind(i64::MAX)
                .bind(20i64)
                .bind(0i64)
                .fetch_all(&db)
                .await
                .unwrap();
            let plan: Vec<String> = plan.into_iter().map(|step| step.3).collect();
            for index in [
                "updates_by_subject",
                "updates_by_process",
                "updates_by_actor",
            ] {
                assert!(
                    plan.iter().any(|step| step.contains(index)),
                    "{index}: {plan:?}"
                );
            }
            assert!(
                !plan.iter().any(|step| step.starts_with("SCAN x")),
                "{plan:?}"
            );
        });
    }
}
