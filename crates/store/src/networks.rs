//! Places of networks that are plugged in at steps, and what was asked and answered there.

use super::{Db, Tx, query, query_of, record};
use mining::Micros;
use sha2::{Digest, Sha256};

/// A place that is plugged in at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceRow {
    pub id: String,
    pub connection: String,
    /// The service's id of it.
    pub place: String,
    pub name: String,
    pub url: Option<String>,
    pub process: String,
    pub step: String,
    pub plugged: Micros,
    pub plugged_by: String,
    /// Which time it is read.
    pub pass: i64,
    /// How far, as JSON; `None`: this time is over, or has not begun.
    pub cursor: Option<String>,
    /// When it was read whole last.
    pub looked: Option<Micros>,
    pub due: Micros,
    pub error: Option<String>,
    pub error_at: Option<Micros>,
}

record!(PlaceRow {
    id,
    connection,
    place,
    name,
    url,
    process,
    step,
    plugged,
    plugged_by,
    pass,
    cursor,
    looked,
    due,
    error,
    error_at
});

const PLACE: &str = "id, connection, place, name, url, process, step, plugged, plugged_by, pass, cursor, looked, due, error, error_at";

/// A question there with a marked answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QuestionRow {
    pub plug: String,
    /// The service's id of it.
    pub question: String,
    pub title: String,
    pub body: String,
    pub at: Option<Micros>,
    /// The service's id of who asked.
    pub author: String,
    pub name: String,
    /// Of her e-mail address ([`email`]).
    pub email: Option<String>,
    pub url: Option<String>,
    pub version: String,
    /// JSON
    pub marks: String,
    /// When its answers are read next.
    pub due: Micros,
    /// The last pass that saw it.
    pub seen: i64,
}

record!(QuestionRow {
    plug,
    question,
    title,
    body,
    at,
    author,
    name,
    email,
    url,
    version,
    marks,
    due,
    seen
});

const QUESTION: &str =
    "plug, question, title, body, at, author, name, email, url, version, marks, due, seen";

/// An answer that was marked there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnswerRow {
    pub id: String,
    pub plug: String,
    pub question: String,
    /// The service's id of it.
    pub answer: String,
    pub author: String,
    pub name: String,
    pub email: Option<String>,
    pub at: Option<Micros>,
    pub body: String,
    pub url: Option<String>,
    pub is_correct: i64,
}

record!(AnswerRow {
    id,
    plug,
    question,
    answer,
    author,
    name,
    email,
    at,
    body,
    url,
    is_correct
});

fn digest(said: &str) -> String {
    let digest = Sha256::digest(said.as_bytes());
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// By what somebody is known whose e-mail address is told.
pub fn email(address: &str) -> String {
    digest(&format!(
        "e-mail of the network\0{}",
        address.trim().to_lowercase()
    ))
}

/// By what an account of a connection is known once it was forgotten.
pub fn account(connection: &str, author: &str) -> String {
    digest(&format!("account of a network\0{connection}\0{author}"))
}

/// What an answer is called here: the same however often it is read.
pub fn answer_id(plug: &str, question: &str, answer: &str) -> String {
    let digest = digest(&format!("answer\0{plug}\0{question}\0{answer}"));
    format!("kno_{}", &digest[..24])
}

/// Plugs a place in; `false` when it is there already.
pub async fn insert(tx: &mut Tx, row: &PlaceRow) -> sqlx::Result<bool> {
    let added = query(
        "INSERT INTO network_places (id, connection, place, name, url, process, step, plugged, plugged_by, pass, due) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $8) ON CONFLICT (connection, place, process, step) DO NOTHING",
    )
    .bind(&row.id)
    .bind(&row.connection)
    .bind(&row.place)
    .bind(&row.name)
    .bind(&row.url)
    .bind(&row.process)
    .bind(&row.step)
    .bind(row.plugged)
    .bind(&row.plugged_by)
    .affect(tx)
    .await?;
    Ok(added > 0)
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<PlaceRow>> {
    query_of(format!("SELECT {PLACE} FROM network_places WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

pub async fn of_connection(db: &Db, connection: &str) -> sqlx::Result<Vec<PlaceRow>> {
    query_of(format!(
        "SELECT {PLACE} FROM network_places WHERE connection = $1 ORDER BY name, step, id"
    ))
    .bind(connection)
    .fetch_all(db)
    .await
}

/// The place of a connection that is looked at next.
pub async fn next(db: &Db, connection: &str) -> sqlx::Result<Option<PlaceRow>> {
    query_of(format!(
        "SELECT {PLACE} FROM network_places WHERE connection = $1 ORDER BY due, id LIMIT 1"
    ))
    .bind(connection)
    .fetch_optional(db)
    .await
}

/// How far a place was read; `false` when it was unplugged meanwhile, and nothing of the look counts.
pub async fn move_on(
    tx: &mut Tx,
    id: &str,
    (pass, cursor): (i64, Option<&str>),
    due: Micros,
    looked: Option<Micros>,
) -> sqlx::Result<bool> {
    let moved = query(
        "UPDATE network_places SET pass = $2, cursor = $3, due = $4, looked = COALESCE($5, looked), error = NULL, error_at = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(pass)
    .bind(cursor)
    .bind(due)
    .bind(looked)
    .affect(tx)
    .await?;
    Ok(moved > 0)
}

/// All places of a connection are read from now on, with all answers.
pub async fn read_again(tx: &mut Tx, connection: &str, now: Micros) -> sqlx::Result<()> {
    query("UPDATE network_places SET due = $2 WHERE connection = $1 AND due > $2")
        .bind(connection)
        .bind(now)
        .execute(tx)
        .await?;
    query("UPDATE network_questions SET due = $2 WHERE due > $2 AND plug IN (SELECT id FROM network_places WHERE connection = $1)")
        .bind(connection)
        .bind(now)
        .execute(tx)
        .await
}

/// What went wrong with a place, and when it is tried again.
pub async fn failed(
    tx: &mut Tx,
    id: &str,
    now: Micros,
    due: Micros,
    error: &str,
) -> sqlx::Result<()> {
    query("UPDATE network_places SET due = $3, error = $4, error_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .bind(due)
        .bind(error)
        .execute(tx)
        .await
}

/// Nobody else changes what came of a place until this transaction ends.
pub async fn hold(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    query("UPDATE network_places SET due = due WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await
}

/// Unplugs a place, with all that came of it. Returns how many answers that were.
pub async fn remove(tx: &mut Tx, id: &str) -> sqlx::Result<u64> {
    let answers = query("DELETE FROM network_answers WHERE plug = $1")
        .bind(id)
        .affect(tx)
        .await?;
    query("DELETE FROM network_questions WHERE plug = $1")
        .bind(id)
        .execute(tx)
        .await?;
    query("DELETE FROM network_places WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(answers)
}

/// How many questions and answers there are of a place.
pub async fn counts(db: &Db, id: &str) -> sqlx::Result<(i64, i64)> {
    query("SELECT COUNT(DISTINCT question), COUNT(*) FROM network_answers WHERE plug = $1")
        .bind(id)
        .fetch_one(db)
        .await
}

/// The questions that are kept of a place.
pub async fn known(db: &Db, id: &str) -> sqlx::Result<Vec<String>> {
    let all: Vec<(String,)> = query("SELECT question FROM network_questions WHERE plug = $1")
        .bind(id)
        .fetch_all(db)
        .await?;
    Ok(all.into_iter().map(|(question,)| question).collect())
}

/// Keeps a question as it is now. Where it is new or another version, its answers are read from `due` on.
pub async fn put_question(tx: &mut Tx, row: &QuestionRow) -> sqlx::Result<()> {
    query_of(format!(
        "INSERT INTO network_questions ({QUESTION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (plug, question) DO UPDATE SET title = excluded.title, body = excluded.body, at = excluded.at, \
         email = CASE WHEN network_questions.author = excluded.author THEN COALESCE(excluded.email, network_questions.email) ELSE excluded.email END, \
         author = excluded.author, name = excluded.name, url = excluded.url, marks = excluded.marks, seen = excluded.seen, \
         due = CASE WHEN network_questions.version = excluded.version THEN network_questions.due ELSE excluded.due END, version = excluded.version"
    ))
    .bind(&row.plug)
    .bind(&row.question)
    .bind(&row.title)
    .bind(&row.body)
    .bind(row.at)
    .bind(&row.author)
    .bind(&row.name)
    .bind(&row.email)
    .bind(&row.url)
    .bind(&row.version)
    .bind(&row.marks)
    .bind(row.due)
    .bind(row.seen)
    .execute(tx)
    .await
}

/// Takes a question away with its answers; returns how many those were.
pub async fn drop_question(tx: &mut Tx, plug: &str, question: &str) -> sqlx::Result<u64> {
    let answers = query("DELETE FROM network_answers WHERE plug = $1 AND question = $2")
        .bind(plug)
        .bind(question)
        .affect(tx)
        .await?;
    query("DELETE FROM network_questions WHERE plug = $1 AND question = $2")
        .bind(plug)
        .bind(question)
        .execute(tx)
        .await?;
    Ok(answers)
}

/// Questions of a place whose answers are to be read.
pub async fn unread(db: &Db, plug: &str, now: Micros, most: i64) -> sqlx::Result<Vec<QuestionRow>> {
    query_of(format!(
        "SELECT {QUESTION} FROM network_questions WHERE plug = $1 AND due <= $2 ORDER BY due, question LIMIT $3"
    ))
    .bind(plug)
    .bind(now)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Questions of a place that a pass did not see.
pub async fn unseen(db: &Db, plug: &str, pass: i64, most: i64) -> sqlx::Result<Vec<QuestionRow>> {
    query_of(format!(
        "SELECT {QUESTION} FROM network_questions WHERE plug = $1 AND seen < $2 ORDER BY question LIMIT $3"
    ))
    .bind(plug)
    .bind(pass)
    .bind(most)
    .fetch_all(db)
    .await
}

/// A question that cannot be read just now is read later, and was seen in this pass: it holds up no other.
pub async fn put_off(
    tx: &mut Tx,
    (plug, question): (&str, &str),
    pass: i64,
    due: Micros,
) -> sqlx::Result<()> {
    query("UPDATE network_questions SET due = $4, seen = CASE WHEN seen < $3 THEN $3 ELSE seen END WHERE plug = $1 AND question = $2")
        .bind(plug)
        .bind(question)
        .bind(pass)
        .bind(due)
        .execute(tx)
        .await
}

/// Keeps the answers of a question as they are now, others go; they are read again when due. The question's `email` is kept, too. Returns how many are new.
pub async fn put_answers(
    tx: &mut Tx,
    question: &QuestionRow,
    answers: &[AnswerRow],
    due: Micros,
) -> sqlx::Result<u64> {
    let place = "plug = $1 AND question = $2";
    let before: Vec<(String,)> = query_of(format!("SELECT id FROM network_answers WHERE {place}"))
        .bind(&question.plug)
        .bind(&question.question)
        .fetch_all(&mut *tx)
        .await?;
    for (id,) in &before {
        if !answers.iter().any(|a| a.id == *id) {
            query("DELETE FROM network_answers WHERE id = $1")
                .bind(id)
                .execute(tx)
                .await?;
        }
    }
    for row in answers {
        query(
            "INSERT INTO network_answers (id, plug, question, answer, author, name, email, at, body, url, is_correct) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET author = excluded.author, \
             name = excluded.name, email = COALESCE(excluded.email, network_answers.email), at = excluded.at, body = excluded.body, url = excluded.url, is_correct = excluded.is_correct",
        )
        .bind(&row.id)
        .bind(&row.plug)
        .bind(&row.question)
        .bind(&row.answer)
        .bind(&row.author)
        .bind(&row.name)
        .bind(&row.email)
        .bind(row.at)
        .bind(&row.body)
        .bind(&row.url)
        .bind(row.is_correct)
        .execute(tx)
        .await?;
    }
    query_of(format!(
        "UPDATE network_questions SET due = $3, email = COALESCE($4, email) WHERE {place}"
    ))
    .bind(&question.plug)
    .bind(&question.question)
    .bind(due)
    .bind(&question.email)
    .execute(tx)
    .await?;
    let is_new = |a: &&AnswerRow| !before.iter().any(|(id,)| *id == a.id);
    Ok(answers.iter().filter(is_new).count() as u64)
}

/// What there is at a step: answer, its question's id and title, whether it is the answer; the newest first.
pub async fn at_step(
    db: &Db,
    process: &str,
    step: &str,
    most: i64,
) -> sqlx::Result<Vec<(String, String, String, i64)>> {
    query(
        "SELECT a.id, q.plug || '/' || q.question, q.title, a.is_correct FROM network_places p JOIN network_questions q ON q.plug = p.id \
         JOIN network_answers a ON a.plug = q.plug AND a.question = q.question WHERE p.process = $1 AND p.step = $2 \
         ORDER BY COALESCE(q.at, 0) DESC, a.is_correct DESC, COALESCE(a.at, 0), a.id LIMIT $3",
    )
    .bind(process)
    .bind(step)
    .bind(most)
    .fetch_all(db)
    .await
}

/// An answer with its question and place, and the kind of its connection.
pub async fn answer(
    db: &Db,
    id: &str,
) -> sqlx::Result<Option<(AnswerRow, QuestionRow, PlaceRow, String)>> {
    let found: Option<AnswerRow> = query("SELECT id, plug, question, answer, author, name, email, at, body, url, is_correct FROM network_answers WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?;
    let Some(answer) = found else {
        return Ok(None);
    };
    let question: Option<QuestionRow> = query_of(format!(
        "SELECT {QUESTION} FROM network_questions WHERE plug = $1 AND question = $2"
    ))
    .bind(&answer.plug)
    .bind(&answer.question)
    .fetch_optional(db)
    .await?;
    let Some((question, place)) = question.zip(find(db, &answer.plug).await?) else {
        return Ok(None);
    };
    let kind: Option<(String,)> = query("SELECT kind FROM connections WHERE id = $1")
        .bind(&place.connection)
        .fetch_optional(db)
        .await?;
    Ok(kind.map(|(kind,)| (answer, question, place, kind)))
}

/// What people whose address is told answered at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Of the address ([`email`]).
    pub email: String,
    /// Of the connection.
    pub kind: String,
    pub answers: i64,
    pub correct: i64,
    /// Whether all of them were given before the place was plugged in.
    pub is_before: i64,
}

record!(Given {
    email,
    kind,
    answers,
    correct,
    is_before
});

pub async fn given_at(db: &Db, process: &str, step: &str) -> sqlx::Result<Vec<Given>> {
    query(
        "SELECT a.email AS email, c.kind AS kind, COUNT(*) AS answers, COUNT(CASE WHEN a.is_correct = 1 THEN 1 END) AS correct, \
         CAST(MIN(CASE WHEN a.at < p.plugged THEN 1 ELSE 0 END) AS BIGINT) AS is_before \
         FROM network_places p JOIN connections c ON c.id = p.connection JOIN network_answers a ON a.plug = p.id \
         WHERE p.process = $1 AND p.step = $2 AND a.email IS NOT NULL GROUP BY a.email, c.kind ORDER BY a.email, c.kind",
    )
    .bind(process)
    .bind(step)
    .fetch_all(db)
    .await
}

/// Whether one of these was forgotten ([`email`], [`account`]).
pub async fn is_forgotten(tx: &mut Tx, digests: &[String]) -> sqlx::Result<bool> {
    for digest in digests {
        let found: Option<(String,)> =
            query("SELECT digest FROM network_forgotten WHERE digest = $1")
                .bind(digest)
                .fetch_optional(&mut *tx)
                .await?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Forgets whose address that is: what she answered, and what she asked with what was answered to it. It is not taken in again. Returns how
/// many answers went.
pub async fn forget(tx: &mut Tx, address: &str) -> sqlx::Result<u64> {
    let hers = email(address);
    let accounts: Vec<(String, String)> = query(
        "SELECT p.connection, a.author FROM network_answers a JOIN network_places p ON p.id = a.plug WHERE a.email = $1 UNION \
         SELECT p.connection, q.author FROM network_questions q JOIN network_places p ON p.id = q.plug WHERE q.email = $1",
    )
    .bind(&hers)
    .fetch_all(&mut *tx)
    .await?;
    let digests = accounts.iter().map(|(c, a)| account(c, a));
    for digest in std::iter::once(hers.clone()).chain(digests) {
        query("INSERT INTO network_forgotten (digest) VALUES ($1) ON CONFLICT (digest) DO NOTHING")
            .bind(digest)
            .execute(tx)
            .await?;
    }
    let mut gone = forget_where(tx, "email = $1", &[&hers]).await?;
    for (connection, author) in &accounts {
        let which = "author = $2 AND plug IN (SELECT id FROM network_places WHERE connection = $1)";
        gone += forget_where(tx, which, &[connection, author]).await?;
    }
    Ok(gone)
}

async fn forget_where(tx: &mut Tx, which: &str, values: &[&str]) -> sqlx::Result<u64> {
    let asked = format!("SELECT plug, question FROM network_questions WHERE {which}");
    let asked: Vec<(String, String)> = query_of(asked).bind_all(values).fetch_all(&mut *tx).await?;
    let answers = format!("DELETE FROM network_answers WHERE {which}");
    let mut gone = query_of(answers).bind_all(values).affect(tx).await?;
    for (plug, question) in asked {
        gone += drop_question(tx, &plug, &question).await?;
    }
    Ok(gone)
}
