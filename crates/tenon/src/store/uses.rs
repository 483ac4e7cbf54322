//! How much a plugged-in tool was used, by team and day. Never by person.

use super::{Db, Tx, read, write};
use mining::Micros;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Serialize, utoipa::ToSchema)]
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

/// Oldest first.
pub async fn of_improvement(db: &Db, improvement: &str) -> sqlx::Result<Vec<UseRow>> {
    read!(db, |on| sqlx::query_as(
        "SELECT team, day, uses, people, cases FROM uses WHERE improvement = $1 ORDER BY day, team"
    )
    .bind(improvement)
    .fetch_all(on)
    .await)
}

/// Says how much a tool was used on a day; said again, the last word counts.
pub async fn put(tx: &mut Tx, improvement: &str, row: &UseRow) -> sqlx::Result<()> {
    write!(tx, |on| {
        sqlx::query(
            "INSERT INTO uses (improvement, team, day, uses, people, cases) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (improvement, team, day) DO UPDATE SET uses = excluded.uses, people = excluded.people, cases = excluded.cases",
        )
        .bind(improvement)
        .bind(&row.team)
        .bind(row.day)
        .bind(row.uses)
        .bind(row.people)
        .bind(row.cases)
        .execute(on)
        .await
        .map(drop)
    })
}

/// Something done with a tool of Tenon's own.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Act {
    pub person: String,
    pub at: Micros,
    #[sqlx(rename = "case_ref")]
    pub case: Option<String>,
}

/// Questions and answers at a step since a moment.
pub async fn asking(db: &Db, process: &str, step: &str, since: Micros) -> sqlx::Result<Vec<Act>> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT m.author AS person, m.at, c.case_ref FROM conversations c JOIN messages m ON m.conversation = c.id \
         WHERE c.process = $1 AND c.step = $2 AND c.kind = 'question' AND m.at >= $3 AND m.deleted IS NULL ORDER BY m.id"
    )
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(on)
    .await
    })
}

/// Notes in the rooms of a process since a moment.
pub async fn noting(db: &Db, process: &str, since: Micros) -> sqlx::Result<Vec<Act>> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT m.author AS person, m.at, c.case_ref FROM conversations c JOIN messages m ON m.conversation = c.id \
         WHERE c.process = $1 AND c.kind = 'room' AND m.at >= $2 AND m.deleted IS NULL ORDER BY m.id"
    )
    .bind(process)
    .bind(since)
    .fetch_all(on)
    .await
    })
}

/// Items of playbooks that were done at a step since a moment.
pub async fn checking(db: &Db, process: &str, step: &str, since: Micros) -> sqlx::Result<Vec<Act>> {
    let rows: Vec<(String, Micros, String)> = read!(db, |on| sqlx::query_as(
        "SELECT actor, at, payload FROM events WHERE process = $1 AND kind <> 'message.posted' \
         AND kind = 'playbook.item_done' AND at >= $2 ORDER BY seq"
    )
    .bind(process)
    .bind(since)
    .fetch_all(on)
    .await)?;
    let acts = rows.into_iter().filter_map(|(person, at, payload)| {
        let payload: serde_json::Value = serde_json::from_str(&payload).ok()?;
        let case = payload["case"].as_str().map(String::from);
        (payload["step"] == step).then_some(Act { person, at, case })
    });
    Ok(acts.collect())
}

/// A question, and what became of it.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AskedRow {
    pub at: Micros,
    /// Its first answer by somebody else.
    pub answered: Option<Micros>,
    pub accepted: Option<Micros>,
}

/// Questions at a step since a moment.
pub async fn questions(
    db: &Db,
    process: &str,
    step: &str,
    since: Micros,
) -> sqlx::Result<Vec<AskedRow>> {
    read!(db, |on| {
        sqlx::query_as(
        "SELECT c.created AS at, c.accepted_at AS accepted, (SELECT MIN(m.at) FROM messages m WHERE m.conversation = c.id \
         AND m.kind = 'answer' AND m.author <> c.created_by AND m.deleted IS NULL) AS answered \
         FROM conversations c WHERE c.process = $1 AND c.step = $2 AND c.kind = 'question' AND c.created >= $3 ORDER BY c.id"
    )
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(on)
    .await
    })
}

/// What those who accepted an answer at a step say it saved them, minutes each.
pub async fn saved(db: &Db, process: &str, step: &str, since: Micros) -> sqlx::Result<Vec<i64>> {
    let rows: Vec<(String,)> = read!(db, |on| {
        sqlx::query_as(
        "SELECT e.payload FROM events e JOIN conversations c ON c.id = e.subject WHERE e.process = $1 \
         AND e.kind <> 'message.posted' AND e.kind = 'answer.accepted' AND e.at >= $3 AND c.step = $2 ORDER BY e.seq"
    )
    .bind(process)
    .bind(step)
    .bind(since)
    .fetch_all(on)
    .await
    })?;
    let minutes = rows.iter().filter_map(|(payload,)| {
        let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
        payload["saved_minutes"].as_i64()
    });
    Ok(minutes.collect())
}

/// What a person got by asking since a moment: answers others gave her, and the minutes she says they saved.
pub async fn received(db: &Db, person: &str, since: Micros) -> sqlx::Result<(i64, i64)> {
    let (answers,): (i64,) = read!(db, |on| {
        sqlx::query_as(
        "SELECT COUNT(*) FROM conversations c JOIN messages m ON m.conversation = c.id WHERE c.created_by = $1 \
         AND c.kind = 'question' AND m.kind = 'answer' AND m.author <> $1 AND m.at >= $2 AND m.deleted IS NULL"
    )
    .bind(person)
    .bind(since)
    .fetch_one(on)
    .await
    })?;
    let rows: Vec<(String,)> = read!(db, |on| {
        sqlx::query_as(
        "SELECT payload FROM events WHERE actor = $1 AND kind <> 'message.posted' AND kind = 'answer.accepted' AND at >= $2"
    )
    .bind(person)
    .bind(since)
    .fetch_all(on)
    .await
    })?;
    let minutes = rows.iter().filter_map(|(payload,)| {
        let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
        payload["saved_minutes"].as_i64()
    });
    Ok((answers, minutes.sum()))
}
