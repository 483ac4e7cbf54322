//! How much a plugged-in tool was used, by team and day. Never by person.

use super::work::TOLD;
use super::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct UseRow {
    pub team: String,
    /// First moment of the UTC day.
    pub day: Micros,
    pub uses: i64,
    /// How many people used it that day.
    pub people: i64,
    /// In how many cases.
    pub cases: i64,
}

record!(UseRow {
    team,
    day,
    uses,
    people,
    cases
});

/// Oldest first.
pub async fn of_improvement(db: &Db, improvement: &str) -> sqlx::Result<Vec<UseRow>> {
    query(
        "SELECT team, day, uses, people, cases FROM uses WHERE improvement = $1 ORDER BY day, team",
    )
    .bind(improvement)
    .fetch_all(db)
    .await
}

/// What was counted of one of Tenon's own tools when it was last counted, oldest first.
pub async fn counted(db: &Db, improvement: &str) -> sqlx::Result<Vec<UseRow>> {
    query(
        "SELECT team, day, uses, people, cases FROM counted_uses WHERE improvement = $1 ORDER BY day, team"
    )
    .bind(improvement)
    .fetch_all(db)
    .await
}

/// Replaces all that was counted of an improvement.
pub async fn put_counted(tx: &mut Tx, improvement: &str, rows: &[UseRow]) -> sqlx::Result<()> {
    query("DELETE FROM counted_uses WHERE improvement = $1")
        .bind(improvement)
        .execute(tx)
        .await?;
    for row in rows {
        query(
            "INSERT INTO counted_uses (improvement, team, day, uses, people, cases) VALUES ($1, $2, $3, $4, $5, $6)"
        )
        .bind(improvement)
        .bind(&row.team)
        .bind(row.day)
        .bind(row.uses)
        .bind(row.people)
        .bind(row.cases)
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// Says how much a tool was used on a day; said again, the last word counts.
pub async fn put(tx: &mut Tx, improvement: &str, row: &UseRow) -> sqlx::Result<()> {
    query(
            "INSERT INTO uses (improvement, team, day, uses, people, cases) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (improvement, team, day) DO UPDATE SET uses = excluded.uses, people = excluded.people, cases = excluded.cases",
        )
        .bind(improvement)
        .bind(&row.team)
        .bind(row.day)
        .bind(row.uses)
        .bind(row.people)
        .bind(row.cases)
        .execute(tx)
        .await
}

/// Something done with a tool of Tenon's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub person: String,
    pub at: Micros,
    pub case_ref: Option<String>,
}

record!(Act {
    person,
    at,
    case_ref
});

/// Questions and answers at a step since a moment.
pub async fn asking(db: &Db, process: &str, step: &str, since: Micros) -> sqlx::Result<Vec<Act>> {
    query(
        "SELECT m.author AS person, m.at, c.case_ref FROM conversations c JOIN messages m ON m.conversation = c.id \
         WHERE c.process = $1 AND c.step = $2 AND c.kind = 'question' AND m.at >= $3 AND m.deleted IS NULL ORDER BY m.id"
    )
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(db)
    .await
}

/// Notes in the rooms of a process since a moment.
pub async fn noting(db: &Db, process: &str, since: Micros) -> sqlx::Result<Vec<Act>> {
    query(
        "SELECT m.author AS person, m.at, c.case_ref FROM conversations c JOIN messages m ON m.conversation = c.id \
         WHERE c.process = $1 AND c.kind = 'room' AND m.at >= $2 AND m.deleted IS NULL ORDER BY m.id"
    )
    .bind(process)
    .bind(since)
    .fetch_all(db)
    .await
}

/// Items of playbooks that were done at a step since a moment, by all the names it had.
pub async fn checking(
    db: &Db,
    process: &str,
    step: &[&str],
    since: Micros,
) -> sqlx::Result<Vec<Act>> {
    let sql = format!(
        "SELECT actor, at, payload FROM events WHERE process = $1 AND kind IN ({TOLD}) AND kind = 'playbook.item_done' \
         AND at >= $2 ORDER BY seq"
    );
    let rows: Vec<(String, Micros, String)> = query_of(sql)
        .bind(process)
        .bind(since)
        .fetch_all(db)
        .await?;
    let acts = rows.into_iter().filter_map(|(person, at, payload)| {
        let payload: serde_json::Value = serde_json::from_str(&payload).ok()?;
        let case_ref = payload["case"].as_str().map(String::from);
        let is_here = payload["step"].as_str().is_some_and(|s| step.contains(&s));
        is_here.then_some(Act {
            person,
            at,
            case_ref,
        })
    });
    Ok(acts.collect())
}

/// Replies to customers whose cases were at a step, since a moment; what was merged is at the step of what shows it.
pub async fn answering(
    db: &Db,
    process: &str,
    step: &str,
    since: Micros,
) -> sqlx::Result<Vec<Act>> {
    query(
        "WITH shown AS (SELECT id, case_ref FROM threads WHERE process = $1 AND step = $2 AND state <> 'merged'), \
         parts AS (SELECT id, case_ref FROM shown UNION ALL SELECT m.id, shown.case_ref FROM shown JOIN threads m ON m.merged_into = shown.id) \
         SELECT r.person, r.sent AS at, parts.case_ref FROM parts JOIN replies r ON r.thread = parts.id WHERE r.sent >= $3 ORDER BY r.sent, r.id",
    )
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(db)
    .await
}

/// Posts that were drafted, read for a colleague and scheduled at a step since a moment.
pub async fn sharing(db: &Db, process: &str, step: &str, since: Micros) -> sqlx::Result<Vec<Act>> {
    query_of(format!(
        "SELECT e.actor AS person, e.at, s.case_ref FROM events e JOIN shares s ON s.id = e.subject WHERE e.process = $1 AND s.step = $2 \
         AND e.kind IN ({SHARING}) AND e.at >= $3 ORDER BY e.seq"
    ))
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(db)
    .await
}

/// What listening found for a step and a person looked at, or answered, since a moment.
pub async fn listening(
    db: &Db,
    process: &str,
    step: &str,
    since: Micros,
) -> sqlx::Result<Vec<Act>> {
    query(
        "SELECT f.decided_by AS person, f.decided AS at, t.case_ref FROM finds f JOIN threads t ON t.id = f.thread \
         WHERE f.process = $1 AND f.step = $2 AND f.decided >= $3 UNION ALL \
         SELECT r.person, r.sent AS at, t.case_ref FROM finds f JOIN threads t ON t.id = f.thread JOIN replies r ON r.thread = t.id \
         WHERE f.process = $1 AND f.step = $2 AND r.sent >= $3 ORDER BY 2, 1",
    )
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(db)
    .await
}

/// What counts as using Share: what a person did, once for each post.
const SHARING: &str = "'share.drafted', 'share.reviewed', 'share.scheduled'";

/// A question, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedRow {
    pub asker: String,
    pub at: Micros,
    /// Its first answer by somebody else.
    pub answered: Option<Micros>,
    pub accepted: Option<Micros>,
    /// What the asker said when she accepted the answer that stands, as JSON.
    pub said: Option<String>,
}

record!(AskedRow {
    asker,
    at,
    answered,
    accepted,
    said
});

impl AskedRow {
    /// Minutes the accepted answer saved, as the asker says.
    pub fn saved(&self) -> Option<i64> {
        let said: serde_json::Value = serde_json::from_str(self.said.as_ref()?).ok()?;
        said["saved_minutes"].as_i64()
    }
}

/// The question that stands, its first answer, and the last word of its asker on the answer that is accepted.
const ASKED: &str = "SELECT c.created_by AS asker, c.created AS at, c.accepted_at AS accepted, \
    (SELECT MIN(m.at) FROM messages m WHERE m.conversation = c.id AND m.kind = 'answer' AND m.author <> c.created_by AND m.deleted IS NULL) AS answered, \
    (SELECT e.payload FROM events e WHERE e.subject = c.id AND e.kind IN (TOLD) AND e.kind = 'answer.accepted' AND e.actor = c.created_by \
     ORDER BY e.seq DESC LIMIT 1) AS said \
    FROM conversations c WHERE c.kind = 'question' AND EXISTS (SELECT 1 FROM messages q WHERE q.conversation = c.id AND q.kind = 'question' AND q.deleted IS NULL)";

fn asked(rest: &str) -> String {
    format!("{} {rest}", ASKED.replace("TOLD", TOLD))
}

/// Questions asked at a step from a moment until another.
pub async fn questions(
    db: &Db,
    (process, step): (&str, &str),
    since: Micros,
    until: Micros,
) -> sqlx::Result<Vec<AskedRow>> {
    query_of(asked(
        "AND c.process = $1 AND c.step = $2 AND c.created >= $3 AND c.created < $4 ORDER BY c.id",
    ))
    .bind(process)
    .bind(step)
    .bind(since)
    .bind(until)
    .fetch_all(db)
    .await
}

/// What a person got by what she asked since a moment: answers others gave her, and the minutes she says they saved.
pub async fn received(db: &Db, person: &str, since: Micros) -> sqlx::Result<(i64, i64)> {
    let rows: Vec<AskedRow> = query_of(asked(
        "AND c.created_by = $1 AND c.created >= $2 ORDER BY c.id",
    ))
    .bind(person)
    .bind(since)
    .fetch_all(db)
    .await?;
    let answered = rows.iter().filter(|r| r.answered.is_some()).count() as i64;
    Ok((answered, rows.iter().filter_map(AskedRow::saved).sum()))
}
