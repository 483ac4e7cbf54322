//! Customers and what they are called where they write.

use crate::{Db, Tx, query, query_of, record};
use mining::Micros;

#[derive(Debug, Clone, PartialEq)]
pub struct ContactRow {
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    pub created: Micros,
    pub process: Option<String>,
    pub case_ref: Option<String>,
    pub matched_by: Option<String>,
    pub merged_into: Option<String>,
    pub objected: Option<Micros>,
}

record!(ContactRow {
    id,
    name,
    email,
    created,
    process,
    case_ref,
    matched_by,
    merged_into,
    objected
});

#[derive(Debug, Clone, PartialEq)]
pub struct HandleRow {
    pub kind: String,
    /// The service's own id of her.
    pub author: String,
    pub contact: String,
    pub handle: String,
    pub name: String,
    pub url: Option<String>,
}

record!(HandleRow {
    kind,
    author,
    contact,
    handle,
    name,
    url
});

const CONTACT: &str =
    "id, name, email, created, process, case_ref, matched_by, merged_into, objected";

pub async fn insert_contact(tx: &mut Tx, row: &ContactRow) -> sqlx::Result<()> {
    query("INSERT INTO contacts (id, name, email, created, process, case_ref, matched_by) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(&row.id)
        .bind(&row.name)
        .bind(&row.email)
        .bind(row.created)
        .bind(&row.process)
        .bind(&row.case_ref)
        .bind(&row.matched_by)
        .execute(tx)
        .await
}

pub async fn contact(db: &Db, id: &str) -> sqlx::Result<Option<ContactRow>> {
    query_of(format!("SELECT {CONTACT} FROM contacts WHERE id = $1"))
        .bind(id)
        .fetch_optional(db)
        .await
}

pub async fn contact_in(tx: &mut Tx, id: &str) -> sqlx::Result<Option<ContactRow>> {
    query_of(format!("SELECT {CONTACT} FROM contacts WHERE id = $1"))
        .bind(id)
        .fetch_optional(&mut *tx)
        .await
}

/// Whose handle that is.
pub async fn handle_in(tx: &mut Tx, kind: &str, author: &str) -> sqlx::Result<Option<HandleRow>> {
    query("SELECT kind, author, contact, handle, name, url FROM handles WHERE kind = $1 AND author = $2")
        .bind(kind)
        .bind(author)
        .fetch_optional(&mut *tx)
        .await
}

/// Keeps what she is called by now.
pub async fn put_handle(tx: &mut Tx, row: &HandleRow) -> sqlx::Result<()> {
    query(
        "INSERT INTO handles (kind, author, contact, handle, name, url) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (kind, author) DO UPDATE SET handle = excluded.handle, name = excluded.name, url = excluded.url",
    )
    .bind(&row.kind)
    .bind(&row.author)
    .bind(&row.contact)
    .bind(&row.handle)
    .bind(&row.name)
    .bind(&row.url)
    .execute(tx)
    .await
}

pub async fn handles(db: &Db, contact: &str) -> sqlx::Result<Vec<HandleRow>> {
    query("SELECT kind, author, contact, handle, name, url FROM handles WHERE contact = $1 ORDER BY kind, handle")
        .bind(contact)
        .fetch_all(db)
        .await
}

/// Which case is hers; `by` is nobody where Tenon found it.
pub async fn set_case(
    tx: &mut Tx,
    contact: &str,
    (process, case_ref): (Option<&str>, Option<&str>),
    by: Option<&str>,
) -> sqlx::Result<()> {
    query("UPDATE contacts SET process = $2, case_ref = $3, matched_by = $4 WHERE id = $1")
        .bind(contact)
        .bind(process)
        .bind(case_ref)
        .bind(by)
        .execute(tx)
        .await
}

/// Moves a handle to another contact, with those of its customer's threads in which she wrote under it first: what others began, and what
/// nobody is known to have written, stays.
pub async fn move_handle(tx: &mut Tx, kind: &str, author: &str, contact: &str) -> sqlx::Result<()> {
    query(
        "UPDATE threads SET contact = $3 WHERE connection IN (SELECT id FROM connections WHERE kind = $1) \
         AND contact = (SELECT contact FROM handles WHERE kind = $1 AND author = $2) AND $2 = (SELECT s.author FROM said s \
         JOIN handles h ON h.kind = $1 AND h.author = s.author WHERE s.thread = threads.id AND s.is_ours = 0 \
         AND h.contact = threads.contact ORDER BY s.at, s.received, s.source LIMIT 1)",
    )
    .bind(kind)
    .bind(author)
    .bind(contact)
    .execute(&mut *tx)
    .await?;
    query("UPDATE handles SET contact = $3 WHERE kind = $1 AND author = $2")
        .bind(kind)
        .bind(author)
        .bind(contact)
        .execute(tx)
        .await
}

pub async fn set_objected(tx: &mut Tx, contact: &str, at: Option<Micros>) -> sqlx::Result<()> {
    query("UPDATE contacts SET objected = $2 WHERE id = $1")
        .bind(contact)
        .bind(at)
        .execute(tx)
        .await
}

/// Contacts by name, behind one, with a text in their name, address or a handle, or among those that are named.
pub async fn contacts(
    db: &Db,
    text: &str,
    named: &[String],
    behind: &str,
    limit: i64,
) -> sqlx::Result<Vec<ContactRow>> {
    let nobody = [String::new()];
    // As it is written too: SQLite knows small letters of ASCII only.
    query_of(format!(
        "SELECT {CONTACT} FROM contacts WHERE merged_into IS NULL \
         AND ($3 = '' OR (lower(name), id) > (SELECT lower(b.name), b.id FROM contacts b WHERE b.id = $3)) \
         AND ($1 = '%%' OR lower(name) LIKE $1 ESCAPE '\\' OR name LIKE $2 ESCAPE '\\' OR lower(email) LIKE $1 ESCAPE '\\' \
         OR id IN (SELECT contact FROM handles WHERE lower(handle) LIKE $1 ESCAPE '\\' OR lower(name) LIKE $1 ESCAPE '\\') \
         OR id IN (SELECT id FROM contacts WHERE CAST($4 AS BIGINT) > 0 AND id IN "
    ))
    .bind(format!("%{}%", crate::like(&text.to_lowercase())))
    .bind(format!("%{}%", crate::like(text)))
    .bind(behind)
    .bind(limit)
    .list(if named.is_empty() { &nobody } else { named })
    .then(")) ORDER BY lower(name), id LIMIT $4")
    .fetch_all(db)
    .await
}

/// Contacts whose case is one of these, by name.
pub async fn contacts_of_cases(
    db: &Db,
    process: &str,
    cases: &[String],
) -> sqlx::Result<Vec<ContactRow>> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    query_of(format!(
        "SELECT {CONTACT} FROM contacts WHERE merged_into IS NULL AND process = $1 AND case_ref IN "
    ))
    .bind(process)
    .list(cases)
    .then(" ORDER BY lower(name), id LIMIT 500")
    .fetch_all(db)
    .await
}

/// How many there are of so many cases.
pub async fn count_of_cases(db: &Db, process: &str, cases: &[String]) -> sqlx::Result<i64> {
    let (n,): (i64,) = query_of(
        "SELECT COUNT(*) FROM contacts WHERE merged_into IS NULL AND process = $1 AND case_ref IN "
            .into(),
    )
    .bind(process)
    .list(cases)
    .fetch_one(db)
    .await?;
    Ok(n)
}

pub async fn handles_of(db: &Db, contacts: &[String]) -> sqlx::Result<Vec<HandleRow>> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    query_of(
        "SELECT kind, author, contact, handle, name, url FROM handles WHERE contact IN ".into(),
    )
    .list(contacts)
    .then(" ORDER BY kind, handle")
    .fetch_all(db)
    .await
}

/// Threads with each of these contacts: how many, how many of them wait for an answer, and when something was said last.
pub async fn threads_by_contact(
    db: &Db,
    contacts: &[String],
) -> sqlx::Result<Vec<(String, i64, i64, Micros)>> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    query_of(
        "SELECT contact, COUNT(*), COALESCE(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0), MAX(last) FROM threads \
         WHERE state <> 'merged' AND contact IN "
            .into(),
    )
    .list(contacts)
    .then(" GROUP BY contact")
    .fetch_all(db)
    .await
}

/// What a customer said of being kept and answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentRow {
    pub id: String,
    pub contact: String,
    pub at: Micros,
    pub by_person: String,
    /// `consented`, `withdrawn`, `objected` or `lifted`.
    pub what: String,
    pub how: String,
    /// Whom it was noted of before she was merged; nobody where it was noted of who is left.
    pub own_contact: Option<String>,
}

record!(ConsentRow {
    id,
    contact,
    at,
    by_person,
    what,
    how,
    own_contact
});

pub async fn insert_consent(tx: &mut Tx, row: &ConsentRow) -> sqlx::Result<()> {
    query("INSERT INTO consents (id, contact, at, by_person, what, how, own_contact) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(&row.id)
        .bind(&row.contact)
        .bind(row.at)
        .bind(&row.by_person)
        .bind(&row.what)
        .bind(&row.how)
        .bind(&row.own_contact)
        .execute(tx)
        .await
}

/// Newest first.
pub async fn consents(db: &Db, contact: &str) -> sqlx::Result<Vec<ConsentRow>> {
    query("SELECT id, contact, at, by_person, what, how, own_contact FROM consents WHERE contact = $1 ORDER BY at DESC, id DESC LIMIT 50")
        .bind(contact)
        .fetch_all(db)
        .await
}

/// Who would get an answer to a thread, if she objected: who said what is answered, or whoever began the thread.
pub async fn objector(
    db: &Db,
    thread: &str,
    answered: Option<&str>,
) -> sqlx::Result<Option<ContactRow>> {
    let found = query_of(format!(
        "SELECT {CONTACT} FROM contacts WHERE objected IS NOT NULL AND id = COALESCE((SELECT h.contact FROM said s \
         JOIN threads t ON t.id = s.thread JOIN connections c ON c.id = s.connection JOIN handles h ON h.kind = c.kind AND h.author = s.author \
         WHERE s.thread = $1 AND s.is_ours = 0 AND s.source = $2), (SELECT contact FROM threads WHERE id = $1))"
    ));
    found
        .bind(thread)
        .bind(answered.unwrap_or_default())
        .fetch_optional(db)
        .await
}

/// What was said with a customer, newest first: when, whether by us, and on which kind of channel.
pub async fn talk_with(
    db: &Db,
    contact: &str,
    limit: i64,
) -> sqlx::Result<Vec<(Micros, i64, String)>> {
    query(
        "SELECT s.at, s.is_ours, c.kind FROM said s JOIN threads t ON t.id = s.thread JOIN connections c ON c.id = s.connection \
         WHERE t.contact = $1 AND s.deleted IS NULL AND s.held IS NULL AND (s.is_ours = 1 OR EXISTS \
         (SELECT 1 FROM handles h WHERE h.contact = $1 AND h.kind = c.kind AND h.author = s.author)) ORDER BY s.at DESC LIMIT $2",
    )
    .bind(contact)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Who of us answered these customers: person, when, and how long after what she answered; newest first.
pub async fn answers(
    db: &Db,
    contacts: &[String],
) -> sqlx::Result<Vec<(String, Micros, Option<Micros>)>> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    query_of(
        "SELECT r.person, r.sent, r.sent - s.at FROM replies r JOIN threads t ON t.id = r.thread \
         LEFT JOIN said s ON s.connection = t.connection AND s.source = r.reply_to WHERE r.sent IS NOT NULL AND t.contact IN "
            .into(),
    )
    .list(contacts)
    .then(" ORDER BY r.sent DESC, r.id")
    .fetch_all(db)
    .await
}
