//! Posts of our own: drafts, what is to be read first, what waits for its time, what is on its way, and what came of it.

use crate::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct ShareRow {
    pub id: String,
    pub process: String,
    pub step: String,
    pub improvement: String,
    pub case_ref: Option<String>,
    pub conversation: Option<String>,
    pub person: String,
    pub created: Micros,
    pub changed: Micros,
    pub body: String,
    /// [`NOBODY`], [`SOMEBODY`] or empty.
    pub republishes: String,
    /// [`DRAFT`], [`REVIEW`], [`RETURNED`], [`APPROVED`], [`SCHEDULED`], [`PUBLISHED`] or [`DISCARDED`].
    pub state: String,
    pub reviewer: Option<String>,
    pub note: Option<String>,
    pub at: Option<Micros>,
    pub scheduled_by: Option<String>,
}

record!(ShareRow {
    id,
    process,
    step,
    improvement,
    case_ref,
    conversation,
    person,
    created,
    changed,
    body,
    republishes,
    state,
    reviewer,
    note,
    at,
    scheduled_by
});

pub const NOBODY: &str = "nobody";
pub const SOMEBODY: &str = "somebody";

pub const DRAFT: &str = "draft";
pub const REVIEW: &str = "review";
pub const RETURNED: &str = "returned";
pub const APPROVED: &str = "approved";
pub const SCHEDULED: &str = "scheduled";
pub const PUBLISHED: &str = "published";
pub const DISCARDED: &str = "discarded";

const SHARE: &str = "id, process, step, improvement, case_ref, conversation, person, created, changed, body, republishes, state, reviewer, note, at, scheduled_by";

/// Keeps a draft; `false` when one of this id is there.
pub async fn insert(tx: &mut Tx, row: &ShareRow) -> sqlx::Result<bool> {
    let kept = query_of(format!(
        "INSERT INTO shares ({SHARE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL, NULL, NULL) \
         ON CONFLICT (id) DO NOTHING"
    ))
    .bind(&row.id)
    .bind(&row.process)
    .bind(&row.step)
    .bind(&row.improvement)
    .bind(&row.case_ref)
    .bind(&row.conversation)
    .bind(&row.person)
    .bind(row.created)
    .bind(row.changed)
    .bind(&row.body)
    .bind(&row.republishes)
    .bind(&row.state)
    .affect(tx)
    .await?;
    Ok(kept > 0)
}

pub async fn find(db: &Db, id: &str) -> sqlx::Result<Option<ShareRow>> {
    query_of(format!("SELECT {SHARE} FROM shares WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Nobody else changes it until the transaction ends.
pub async fn find_in(tx: &mut Tx, id: &str) -> sqlx::Result<Option<ShareRow>> {
    let locked = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE",
    };
    query_of(format!("SELECT {SHARE} FROM shares WHERE id = $1{locked}"))
        .bind(id)
        .fetch_optional(&mut *tx)
        .await
}

/// Keeps all of a post that may change.
pub async fn update(tx: &mut Tx, row: &ShareRow) -> sqlx::Result<()> {
    query(
        "UPDATE shares SET changed = $2, body = $3, republishes = $4, state = $5, reviewer = $6, note = $7, at = $8, scheduled_by = $9 \
         WHERE id = $1",
    )
    .bind(&row.id)
    .bind(row.changed)
    .bind(&row.body)
    .bind(&row.republishes)
    .bind(&row.state)
    .bind(&row.reviewer)
    .bind(&row.note)
    .bind(row.at)
    .bind(&row.scheduled_by)
    .execute(tx)
    .await
}

/// Which of the posts are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Drafts and what was sent back.
    Drafts,
    ToReview,
    /// Let go by a colleague, with a time or still without one.
    Scheduled,
    Published,
    /// With a channel on which it failed.
    Failed,
    Discarded,
}

impl View {
    fn which(self) -> &'static str {
        match self {
            View::Drafts => "state IN ('draft', 'returned')",
            View::ToReview => "state = 'review'",
            View::Scheduled => "state IN ('approved', 'scheduled')",
            View::Published => "state = 'published'",
            View::Failed => {
                "state = 'published' AND id IN (SELECT share FROM publications WHERE state = 'failed')"
            }
            View::Discarded => "state = 'discarded'",
        }
    }
}

/// At a step or anywhere: the newest first, those that wait for their time by it.
pub async fn list(
    db: &Db,
    view: View,
    at: Option<(&str, &str)>,
    limit: i64,
) -> sqlx::Result<Vec<ShareRow>> {
    let order = match view {
        View::Scheduled => "CASE WHEN at IS NULL THEN 0 ELSE 1 END, at, id",
        View::ToReview => "changed, id",
        _ => "changed DESC, id DESC",
    };
    let which = view.which();
    let (process, step) = at.unzip();
    query_of(format!(
        "SELECT {SHARE} FROM shares WHERE {which} AND ($1 = '' OR (process = $1 AND step = $2)) ORDER BY {order} LIMIT $3"
    ))
    .bind(process.unwrap_or_default())
    .bind(step.unwrap_or_default())
    .bind(limit)
    .fetch_all(db)
    .await
}

/// How many there are in each state, at a step or anywhere; those that failed somewhere as `failed`.
pub async fn counts(db: &Db, at: Option<(&str, &str)>) -> sqlx::Result<Vec<(String, i64)>> {
    let (process, step) = at.unzip();
    let of = "($1 = '' OR (process = $1 AND step = $2))";
    query_of(format!(
        "SELECT state, COUNT(*) FROM shares WHERE {of} GROUP BY state UNION ALL \
         SELECT 'failed', COUNT(*) FROM shares WHERE {of} AND state = 'published' AND \
         id IN (SELECT share FROM publications WHERE state = 'failed')"
    ))
    .bind(process.unwrap_or_default())
    .bind(step.unwrap_or_default())
    .fetch_all(db)
    .await
}

/// Whether there is a post to let go, to send or to read the echo of.
pub async fn is_anything_due(db: &Db, now: Micros) -> sqlx::Result<bool> {
    let found: Option<(i64,)> = query(
        "SELECT CAST(1 AS BIGINT) FROM shares WHERE state = 'scheduled' AND at <= $1 UNION ALL \
         SELECT CAST(1 AS BIGINT) FROM publications WHERE state = 'queued' AND due <= $1 AND held_until <= $1 UNION ALL \
         SELECT CAST(1 AS BIGINT) FROM publications WHERE echo_due <= $1 LIMIT 1",
    )
    .bind(now)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Takes one whose time has come out of those that wait, and sets its channels on their way.
pub async fn release(tx: &mut Tx, now: Micros) -> sqlx::Result<Option<ShareRow>> {
    let locked = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE SKIP LOCKED",
    };
    let row: Option<ShareRow> = query_of(format!(
        "UPDATE shares SET state = 'published', changed = $1 WHERE id = (SELECT id FROM shares WHERE state = 'scheduled' AND at <= $1 \
         ORDER BY at, id LIMIT 1{locked}) RETURNING {SHARE}"
    ))
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = &row {
        query("UPDATE publications SET state = 'queued', due = $2 WHERE share = $1 AND state = 'chosen'")
            .bind(&row.id)
            .bind(now)
            .execute(tx)
            .await?;
    }
    Ok(row)
}

/// Whose words or pictures a post republishes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CreditRow {
    pub share: String,
    pub number: i64,
    pub whose: String,
    /// `words` or `picture`.
    pub what: String,
    pub given_by: String,
    /// First moment of the day in UTC.
    pub given_on: Option<Micros>,
    pub given_how: String,
}

record!(CreditRow {
    share,
    number,
    whose,
    what,
    given_by,
    given_on,
    given_how
});

/// Replaces all of a post.
pub async fn put_credits(tx: &mut Tx, share: &str, rows: &[CreditRow]) -> sqlx::Result<()> {
    query("DELETE FROM share_credits WHERE share = $1")
        .bind(share)
        .execute(tx)
        .await?;
    for (number, row) in rows.iter().enumerate() {
        query(
            "INSERT INTO share_credits (share, number, whose, what, given_by, given_on, given_how) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(share)
        .bind(number as i64)
        .bind(&row.whose)
        .bind(&row.what)
        .bind(&row.given_by)
        .bind(row.given_on)
        .bind(&row.given_how)
        .execute(tx)
        .await?;
    }
    Ok(())
}

const CREDITS: &str = "SELECT share, number, whose, what, given_by, given_on, given_how FROM share_credits WHERE share = $1 ORDER BY number";

pub async fn credits(db: &Db, share: &str) -> sqlx::Result<Vec<CreditRow>> {
    query(CREDITS).bind(share).fetch_all(db).await
}

pub async fn credits_in(tx: &mut Tx, share: &str) -> sqlx::Result<Vec<CreditRow>> {
    query(CREDITS).bind(share).fetch_all(&mut *tx).await
}

/// A post on one channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublicationRow {
    pub id: String,
    pub share: String,
    pub connection: String,
    pub body: Option<String>,
    /// [`CHOSEN`], [`QUEUED`], [`SENT`], [`FAILED`] or [`DROPPED`].
    pub state: String,
    pub begun: Option<Micros>,
    pub due: Micros,
    pub attempts: i64,
    pub sent: Option<Micros>,
    pub source: Option<String>,
    pub url: Option<String>,
    pub error: Option<String>,
    pub likes: Option<i64>,
    pub reposts: Option<i64>,
    pub replies: Option<i64>,
    pub views: Option<i64>,
    pub echoed: Option<Micros>,
    pub echo_due: Option<Micros>,
    pub echo_error: Option<String>,
}

record!(PublicationRow {
    id,
    share,
    connection,
    body,
    state,
    begun,
    due,
    attempts,
    sent,
    source,
    url,
    error,
    likes,
    reposts,
    replies,
    views,
    echoed,
    echo_due,
    echo_error
});

pub const CHOSEN: &str = "chosen";
pub const QUEUED: &str = "queued";
pub const SENT: &str = "sent";
pub const FAILED: &str = "failed";
pub const DROPPED: &str = "dropped";

const PUBLICATION: &str = "id, share, connection, body, state, begun, due, attempts, sent, source, url, error, likes, reposts, replies, views, echoed, echo_due, echo_error";

/// Replaces the channels that were chosen for a post that is not on its way.
pub async fn choose(tx: &mut Tx, share: &str, rows: &[PublicationRow]) -> sqlx::Result<()> {
    query("DELETE FROM publications WHERE share = $1 AND state = 'chosen' AND begun IS NULL")
        .bind(share)
        .execute(tx)
        .await?;
    for row in rows {
        query(
            "INSERT INTO publications (id, share, connection, body, state, due, held_until, attempts) VALUES ($1, $2, $3, $4, 'chosen', 0, 0, 0)",
        )
        .bind(&row.id)
        .bind(share)
        .bind(&row.connection)
        .bind(&row.body)
        .execute(tx)
        .await?;
    }
    Ok(())
}

pub async fn publications(db: &Db, share: &str) -> sqlx::Result<Vec<PublicationRow>> {
    query_of(format!(
        "SELECT {PUBLICATION} FROM publications WHERE share = $1 ORDER BY connection"
    ))
    .bind(share)
    .fetch_all(db)
    .await
}

pub async fn publications_in(tx: &mut Tx, share: &str) -> sqlx::Result<Vec<PublicationRow>> {
    query_of(format!(
        "SELECT {PUBLICATION} FROM publications WHERE share = $1 ORDER BY connection"
    ))
    .bind(share)
    .fetch_all(&mut *tx)
    .await
}

/// Of several posts.
pub async fn publications_of(db: &Db, shares: &[String]) -> sqlx::Result<Vec<PublicationRow>> {
    if shares.is_empty() {
        return Ok(Vec::new());
    }
    query_of(format!(
        "SELECT {PUBLICATION} FROM publications WHERE share IN "
    ))
    .list(shares)
    .fetch_all(db)
    .await
}

pub async fn publication_in(tx: &mut Tx, id: &str) -> sqlx::Result<Option<PublicationRow>> {
    query_of(format!(
        "SELECT {PUBLICATION} FROM publications WHERE id = $1"
    ))
    .bind(id)
    .fetch_optional(&mut *tx)
    .await
}

/// Takes one that is due, so that no other node sends it until then.
pub async fn claim(
    tx: &mut Tx,
    now: Micros,
    until: Micros,
) -> sqlx::Result<Option<PublicationRow>> {
    let locked = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE SKIP LOCKED",
    };
    query_of(format!(
        "UPDATE publications SET held_until = $2, attempts = attempts + 1 WHERE id = (SELECT id FROM publications \
         WHERE state = 'queued' AND due <= $1 AND held_until <= $1 ORDER BY due, id LIMIT 1{locked}) RETURNING {PUBLICATION}"
    ))
    .bind(now)
    .bind(until)
    .fetch_optional(&mut *tx)
    .await
}

/// Notes that from now on it may be there.
pub async fn begin(tx: &mut Tx, id: &str, now: Micros) -> sqlx::Result<()> {
    query("UPDATE publications SET begun = COALESCE(begun, $2) WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await
}

/// It is there, under the id of the service; what came of it is read from then on.
pub async fn sent(
    tx: &mut Tx,
    id: &str,
    at: Micros,
    (source, url): (&str, Option<&str>),
    echo_due: Micros,
) -> sqlx::Result<()> {
    query(
        "UPDATE publications SET state = 'sent', sent = $2, source = $3, url = $4, echo_due = $5, held_until = 0, error = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(at)
    .bind(source)
    .bind(url)
    .bind(echo_due)
    .execute(tx)
    .await
}

/// It did not go: in `state` from now on, tried again then.
pub async fn unsent(
    tx: &mut Tx,
    id: &str,
    state: &str,
    due: Micros,
    error: &str,
) -> sqlx::Result<()> {
    query("UPDATE publications SET state = $2, due = $3, error = $4, held_until = 0 WHERE id = $1 AND state = 'queued'")
        .bind(id)
        .bind(state)
        .bind(due)
        .bind(error)
        .execute(tx)
        .await
}

/// Changes the state of one that is in another; `false` when it is not any more.
pub async fn step_on(
    tx: &mut Tx,
    id: &str,
    (from, to): (&str, &str),
    due: Micros,
) -> sqlx::Result<bool> {
    let moved = query(
        "UPDATE publications SET state = $3, due = $4, held_until = 0, attempts = 0 WHERE id = $1 AND state = $2",
    )
    .bind(id)
    .bind(from)
    .bind(to)
    .bind(due)
    .affect(tx)
    .await?;
    Ok(moved > 0)
}

/// The post that is there under an id of the service.
pub async fn by_source(
    tx: &mut Tx,
    connection: &str,
    source: &str,
) -> sqlx::Result<Option<PublicationRow>> {
    query_of(format!(
        "SELECT {PUBLICATION} FROM publications WHERE connection = $1 AND source = $2 LIMIT 1"
    ))
    .bind(connection)
    .bind(source)
    .fetch_optional(&mut *tx)
    .await
}

/// Takes those of one connection of which it is due to be read what came of them, up to so many; no other node does until then.
pub async fn claim_echoes(
    tx: &mut Tx,
    now: Micros,
    until: Micros,
    most: i64,
) -> sqlx::Result<Vec<PublicationRow>> {
    let locked = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE SKIP LOCKED",
    };
    query_of(format!(
        "UPDATE publications SET echo_due = $2 WHERE id IN (SELECT id FROM publications WHERE echo_due <= $1 AND connection = \
         (SELECT connection FROM publications WHERE echo_due <= $1 ORDER BY echo_due, id LIMIT 1) \
         ORDER BY echo_due, id LIMIT $3{locked}) RETURNING {PUBLICATION}"
    ))
    .bind(now)
    .bind(until)
    .bind(most)
    .fetch_all(&mut *tx)
    .await
}

/// What a service told of a post, figures it does not tell as none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub likes: Option<i64>,
    pub reposts: Option<i64>,
    pub replies: Option<i64>,
    pub views: Option<i64>,
}

impl PublicationRow {
    pub fn figures(&self) -> Figures {
        Figures {
            likes: self.likes,
            reposts: self.reposts,
            replies: self.replies,
            views: self.views,
        }
    }
}

/// Keeps what came of a post, and when it is read next, if it is.
pub async fn echoed(
    tx: &mut Tx,
    id: &str,
    now: Micros,
    next: Option<Micros>,
    told: &Figures,
) -> sqlx::Result<()> {
    query(
        "UPDATE publications SET likes = COALESCE($2, likes), reposts = COALESCE($3, reposts), replies = COALESCE($4, replies), \
         views = COALESCE($5, views), echoed = $6, echo_due = $7, echo_error = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(told.likes)
    .bind(told.reposts)
    .bind(told.replies)
    .bind(told.views)
    .bind(now)
    .bind(next)
    .execute(tx)
    .await
}

/// It could not be read what came of a post.
pub async fn not_echoed(
    tx: &mut Tx,
    id: &str,
    next: Option<Micros>,
    error: Option<&str>,
) -> sqlx::Result<()> {
    query("UPDATE publications SET echo_due = $2, echo_error = $3 WHERE id = $1")
        .bind(id)
        .bind(next)
        .bind(error)
        .execute(tx)
        .await
}

/// Notes that a conversation began as an answer to a post.
pub async fn tie_thread(tx: &mut Tx, thread: &str, publication: &str) -> sqlx::Result<()> {
    query("INSERT INTO share_threads (thread, publication) VALUES ($1, $2) ON CONFLICT (thread) DO NOTHING")
        .bind(thread)
        .bind(publication)
        .execute(tx)
        .await
}

/// Conversations under this topic of a channel that nobody tied to a post or a case, from before it was known that the post is there.
pub async fn untied(
    tx: &mut Tx,
    connection: &str,
    topic: &str,
) -> sqlx::Result<Vec<(String, Option<String>)>> {
    query(
        "SELECT id, case_ref FROM threads WHERE connection = $1 AND topic = $2 AND id NOT IN (SELECT thread FROM share_threads)",
    )
    .bind(connection)
    .bind(topic)
    .fetch_all(&mut *tx)
    .await
}

/// The step of a conversation is that of the post it answers.
pub async fn set_step(
    tx: &mut Tx,
    thread: &str,
    (process, step): (&str, &str),
    reason: &str,
) -> sqlx::Result<()> {
    query("UPDATE threads SET process = $2, step = $3, reason = $4 WHERE id = $1")
        .bind(thread)
        .bind(process)
        .bind(step)
        .bind(reason)
        .execute(tx)
        .await
}

/// Conversations that began as answers to a post: id, title and state, the newest first.
pub async fn threads(db: &Db, share: &str) -> sqlx::Result<Vec<(String, String, String)>> {
    query(
        "SELECT t.id, t.title, t.state FROM share_threads s JOIN publications p ON p.id = s.publication JOIN threads t ON t.id = s.thread \
         WHERE p.share = $1 ORDER BY t.last DESC, t.id LIMIT 100",
    )
    .bind(share)
    .fetch_all(db)
    .await
}

/// The post that a conversation answers.
pub async fn of_thread(db: &Db, thread: &str) -> sqlx::Result<Option<String>> {
    let found: Option<(String,)> = query(
        "SELECT p.share FROM share_threads s JOIN publications p ON p.id = s.publication WHERE s.thread = $1",
    )
    .bind(thread)
    .fetch_optional(db)
    .await?;
    Ok(found.map(|(share,)| share))
}

/// What came of all posts at a step since a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CameOf {
    /// Posts, and on how many channels in all.
    pub posts: i64,
    pub publications: i64,
    pub likes: i64,
    pub reposts: i64,
    pub replies: i64,
    pub views: i64,
}

record!(CameOf {
    posts,
    publications,
    likes,
    reposts,
    replies,
    views
});

/// What came of the posts of a step that were published from a moment until another.
pub async fn came_of(
    db: &Db,
    (process, step): (&str, &str),
    since: Micros,
    until: Micros,
) -> sqlx::Result<CameOf> {
    // Sums are of another type on PostgreSQL.
    let sum = |column: &str| format!("CAST(COALESCE(SUM(p.{column}), 0) AS BIGINT) AS {column}");
    let sums = ["likes", "reposts", "replies", "views"].map(sum).join(", ");
    query_of(format!(
        "SELECT COUNT(DISTINCT s.id) AS posts, COUNT(p.id) AS publications, {sums} FROM shares s JOIN publications p ON p.share = s.id \
         WHERE s.process = $1 AND s.step = $2 AND p.state = 'sent' AND p.sent >= $3 AND p.sent < $4"
    ))
    .bind(process)
    .bind(step)
    .bind(since)
    .bind(until)
    .fetch_one(db)
    .await
}

/// How many conversations began as answers to posts of a step in that time.
pub async fn answers(
    db: &Db,
    (process, step): (&str, &str),
    since: Micros,
    until: Micros,
) -> sqlx::Result<i64> {
    let (n,): (i64,) = query(
        "SELECT COUNT(DISTINCT COALESCE(t.merged_into, t.id)) FROM share_threads a JOIN threads t ON t.id = a.thread \
         JOIN publications p ON p.id = a.publication JOIN shares s ON s.id = p.share \
         WHERE s.process = $1 AND s.step = $2 AND p.sent >= $3 AND p.sent < $4",
    )
    .bind(process)
    .bind(step)
    .bind(since)
    .bind(until)
    .fetch_one(db)
    .await?;
    Ok(n)
}

/// What customers said on a case, newest first: name, handle and words.
pub async fn said_on_case(
    db: &Db,
    process: &str,
    case: &str,
    limit: i64,
) -> sqlx::Result<Vec<(String, String, String)>> {
    query(
        "WITH shown AS (SELECT id FROM threads WHERE process = $1 AND case_ref = $2 AND state NOT IN ('held', 'merged')) \
         SELECT s.name, s.handle, s.body FROM said s WHERE s.thread IN \
         (SELECT id FROM shown UNION ALL SELECT m.id FROM shown JOIN threads m ON m.merged_into = shown.id) \
         AND s.is_ours = 0 AND s.deleted IS NULL AND s.held IS NULL ORDER BY s.at DESC, s.source DESC LIMIT $3",
    )
    .bind(process)
    .bind(case)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Whose posts nobody reads first.
pub async fn free_people(db: &Db) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = query("SELECT person FROM share_people ORDER BY person")
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|(person,)| person).collect())
}

pub async fn set_free(
    tx: &mut Tx,
    person: &str,
    is_free: bool,
    at: Micros,
    by: &str,
) -> sqlx::Result<()> {
    match is_free {
        true => query("INSERT INTO share_people (person, at, by_person) VALUES ($1, $2, $3) ON CONFLICT (person) DO NOTHING")
            .bind(person)
            .bind(at)
            .bind(by),
        false => query("DELETE FROM share_people WHERE person = $1").bind(person),
    }
    .execute(tx)
    .await
}

#[cfg(test)]
mod tests;
