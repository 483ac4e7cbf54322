//! What is taken away for good: of a person, of a case, of what is too old.

use super::desk::{self, ANSWERED, CLOSED, HELD, OPEN};
use super::{Db, Tx, like, query, query_of};
use mining::Micros;

/// How many rows of each kind were taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Removed {
    pub messages: u64,
    pub attachments: u64,
    pub conversations: u64,
    pub events: u64,
    /// What was said on channels.
    pub said: u64,
    /// What came with it as it came.
    pub raw: u64,
}

async fn run(tx: &mut Tx, sql: &str, values: &[&str]) -> sqlx::Result<u64> {
    query_of(sql.into()).bind_all(values).affect(tx).await
}

/// SQLite overwrites what is deleted from here on, so that it is not to be read in the file either.
pub(crate) async fn thoroughly(tx: &mut Tx) -> sqlx::Result<()> {
    if let Tx::Sqlite(tx) = tx {
        sqlx::query("PRAGMA secure_delete = ON")
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Everything that is hers alone: what opens doors, what she follows, read, was told and has begun to write.
pub async fn hers(tx: &mut Tx, person: &str) -> sqlx::Result<()> {
    thoroughly(tx).await?;
    let sent = "DELETE FROM deliveries WHERE hook IN (SELECT id FROM hooks WHERE person = $1)";
    run(tx, sent, &[person]).await?;
    for table in [
        "sessions",
        "tokens",
        "passkeys",
        "push_devices",
        "one_time",
        "members",
        "case_guests",
        "follows",
        "reads",
        "drafts",
        "notifications",
        "reactions",
        "asked",
        "feed_tokens",
        "incoming",
        "hooks",
        "share_people",
        "source_people",
    ] {
        let sql = format!("DELETE FROM {table} WHERE person = $1");
        run(tx, &sql, &[person]).await?;
    }
    let followed = "DELETE FROM follows WHERE kind = 'person' AND target = $1";
    run(tx, followed, &[person]).await?;
    let signed =
        "UPDATE replies SET signed = '' WHERE person = $1 AND state NOT IN ('queued', 'failed')";
    run(tx, signed, &[person]).await?;
    attachments(tx, "person = $1 AND message IS NULL", &[person]).await?;
    Ok(())
}

/// Takes attachments away, and their contents where nothing else has them.
async fn attachments(tx: &mut Tx, which: &str, values: &[&str]) -> sqlx::Result<u64> {
    // Nobody attaches the same content meanwhile: who does appends to the record.
    super::events::in_order(tx).await?;
    let asked = format!("SELECT DISTINCT digest FROM attachments WHERE {which}");
    let digests: Vec<(String,)> = query_of(asked).bind_all(values).fetch_all(&mut *tx).await?;
    let removed = run(
        tx,
        &format!("DELETE FROM attachments WHERE {which}"),
        values,
    )
    .await?;
    for (digest,) in &digests {
        let orphan = "DELETE FROM blobs WHERE digest = $1 AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.digest = $1)";
        run(tx, orphan, &[digest]).await?;
    }
    Ok(removed)
}

/// The words of messages that a query names.
async fn words(tx: &mut Tx, messages: &str, values: &[&str]) -> sqlx::Result<()> {
    let key = match tx {
        Tx::Sqlite(_) => "rowid",
        Tx::Postgres(_) => "message",
    };
    let sql = format!("DELETE FROM words WHERE {key} IN ({messages})");
    run(tx, &sql, values).await.map(drop)
}

/// Empties all she wrote, with what it said before and what was attached.
pub async fn her_messages(tx: &mut Tx, person: &str, at: Micros) -> sqlx::Result<Removed> {
    let hers = "SELECT id FROM messages WHERE author = $1";
    words(tx, hers, &[person]).await?;
    let versions = format!("DELETE FROM message_versions WHERE message IN ({hers})");
    run(tx, &versions, &[person]).await?;
    let which = format!("person = $1 OR message IN ({hers})");
    let attachments = attachments(tx, &which, &[person]).await?;
    let emptied = format!(
        "UPDATE messages SET body = '', edited = NULL, deleted = COALESCE(deleted, {at}) WHERE author = $1"
    );
    let messages = run(tx, &emptied, &[person]).await?;
    let titles =
        "UPDATE conversations SET title = 'Erased' WHERE created_by = $1 AND kind = 'question'";
    run(tx, titles, &[person]).await?;
    Ok(Removed {
        messages,
        attachments,
        ..Removed::default()
    })
}

/// Where texts of colleagues stand: table, the columns that name a row, and the text.
const TEXTS: [(&str, &[&str], &str); 12] = [
    ("messages", &["id"], "body"),
    ("message_versions", &["message", "at"], "body"),
    ("conversations", &["id"], "title"),
    ("playbooks", &["process", "step", "version"], "body"),
    ("playbooks", &["process", "step", "version"], "title"),
    ("drafts", &["person", "place"], "body"),
    ("shares", &["id"], "body"),
    ("shares", &["id"], "note"),
    ("publications", &["id"], "body"),
    ("share_credits", &["share", "number"], "whose"),
    ("share_credits", &["share", "number"], "given_by"),
    ("share_credits", &["share", "number"], "given_how"),
];

/// Changes every text in which something stands; returns how many were changed.
pub async fn in_texts(
    tx: &mut Tx,
    what: &str,
    change: impl Fn(&str) -> String,
) -> sqlx::Result<u64> {
    let mut changed = 0;
    for (table, keys, text) in TEXTS {
        let named: Vec<String> = keys.iter().map(|k| format!("CAST({k} AS TEXT)")).collect();
        let named = named.join(" || '/' || ");
        for (key, before) in holding(tx, table, &named, text, what).await? {
            let after = change(&before);
            if after == before {
                continue;
            }
            let sql = format!("UPDATE {table} SET {text} = $2 WHERE {named} = $1");
            run(tx, &sql, &[&key, &after]).await?;
            if table == "messages"
                && let Ok(id) = key.parse()
            {
                super::search::put_text(tx, id, Some(&after)).await?;
            }
            changed += 1;
        }
    }
    Ok(changed)
}

/// Key and text of the rows in whose text something stands, in whatever letters.
async fn holding(
    tx: &mut Tx,
    table: &str,
    key: &str,
    text: &str,
    what: &str,
) -> sqlx::Result<Vec<(String, String)>> {
    let escaped = like(what);
    // As it is written too: SQLite knows small letters of ASCII only.
    let sql = format!(
        "SELECT {key}, {text} FROM {table} WHERE lower({text}) LIKE $1 ESCAPE '\\' OR {text} LIKE $2 ESCAPE '\\'"
    );
    query_of(sql)
        .bind(format!("%{}%", escaped.to_lowercase()))
        .bind(format!("%{escaped}%"))
        .fetch_all(&mut *tx)
        .await
}

/// Changes what the record says of something, where it says it. The one place where the record is touched.
pub async fn in_record(
    tx: &mut Tx,
    what: &str,
    change: impl Fn(&mut serde_json::Value),
) -> sqlx::Result<u64> {
    let quoted = serde_json::Value::from(what).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    let mut changed = 0;
    for (seq, before) in holding(tx, "events", "CAST(seq AS TEXT)", "payload", inner).await? {
        let Ok(mut payload) = serde_json::from_str(&before) else {
            continue;
        };
        change(&mut payload);
        let after = payload.to_string();
        if after != before {
            let sql = "UPDATE events SET payload = $2 WHERE CAST(seq AS TEXT) = $1";
            changed += run(tx, sql, &[&seq, &after]).await?;
        }
    }
    Ok(changed)
}

/// Takes away all that was said, asked, attached and checked off on a case.
pub async fn case(tx: &mut Tx, process: &str, case: &str) -> sqlx::Result<Removed> {
    thoroughly(tx).await?;
    let of = [process, case];
    let places = "SELECT id FROM conversations WHERE process = $1 AND case_ref = $2";
    let removed = conversations(tx, places, &of).await?;
    // What was merged into them and has no case of its own is about this one, too.
    let threads = "SELECT id FROM threads WHERE process = $1 AND case_ref = $2 UNION SELECT id FROM threads WHERE case_ref IS NULL \
         AND merged_into IN (SELECT id FROM threads WHERE process = $1 AND case_ref = $2)";
    talk(tx, threads, &of).await?;
    let hers =
        "UPDATE contacts SET process = NULL, case_ref = NULL WHERE process = $1 AND case_ref = $2";
    run(tx, hers, &of).await?;
    let posts = "UPDATE shares SET case_ref = NULL WHERE process = $1 AND case_ref = $2";
    run(tx, posts, &of).await?;
    let rooms = "UPDATE internal_rooms SET case_ref = NULL, conversation = NULL WHERE process = $1 AND case_ref = $2";
    run(tx, rooms, &of).await?;
    for table in ["checks", "case_guests", "pushed", "written"] {
        let sql = format!("DELETE FROM {table} WHERE process = $1 AND case_ref = $2");
        run(tx, &sql, &of).await?;
    }
    Ok(removed)
}

/// Everything of a customer: what she said and was answered, as it came too, and what she is called.
pub async fn contact(tx: &mut Tx, contact: &str) -> sqlx::Result<()> {
    thoroughly(tx).await?;
    // Where colleagues of hers and ours talked before, she is known by her address.
    let addresses: Vec<(String,)> = query(
        "SELECT email FROM contacts WHERE email IS NOT NULL AND (id = $1 OR merged_into = $1) UNION \
         SELECT author FROM handles WHERE contact = $1 AND kind = 'mail'",
    )
    .bind(contact)
    .fetch_all(&mut *tx)
    .await?;
    for (address,) in addresses {
        super::networks::forget(tx, &address).await?;
    }
    talk(tx, "SELECT id FROM threads WHERE contact = $1", &[contact]).await?;
    // What she said in threads that others began.
    let hers = "(SELECT h.author FROM handles h JOIN connections c ON c.kind = h.kind WHERE h.contact = $1 AND c.id = said.connection)";
    let said = format!("DELETE FROM said WHERE is_ours = 0 AND author IN {hers}");
    run(tx, &said, &[contact]).await?;
    let by_her = "author IN (SELECT h.author FROM handles h JOIN connections c ON c.kind = h.kind WHERE h.contact = $1 AND c.id = connection)";
    for table in ["heard", "voices"] {
        let sql = format!("DELETE FROM {table} WHERE {by_her}");
        run(tx, &sql, &[contact]).await?;
    }
    let noted = "DELETE FROM consents WHERE contact = $1 OR contact IN (SELECT id FROM contacts WHERE merged_into = $1)";
    run(tx, noted, &[contact]).await?;
    run(tx, "DELETE FROM handles WHERE contact = $1", &[contact]).await?;
    let all = "(SELECT id FROM contacts WHERE id = $1 OR merged_into = $1)";
    let merges =
        format!("DELETE FROM contact_merges WHERE contact IN {all} OR into_contact IN {all}");
    run(tx, &merges, &[contact]).await?;
    let merged = "DELETE FROM contacts WHERE id = $1 OR merged_into = $1";
    run(tx, merged, &[contact]).await?;
    Ok(())
}

/// Takes whole threads with customers away.
async fn talk(tx: &mut Tx, threads: &str, values: &[&str]) -> sqlx::Result<()> {
    for table in ["said", "replies", "thread_notes", "share_threads", "finds"] {
        let sql = format!("DELETE FROM {table} WHERE thread IN ({threads})");
        run(tx, &sql, values).await?;
    }
    let drafts =
        format!("DELETE FROM drafts WHERE place IN (SELECT '/desk/' || t.id FROM ({threads}) t)");
    run(tx, &drafts, values).await?;
    let shown = format!(
        "SELECT DISTINCT merged_into FROM threads WHERE id IN ({threads}) AND merged_into IS NOT NULL AND merged_into NOT IN ({threads})"
    );
    let shown: Vec<(String,)> = query_of(shown).bind_all(values).fetch_all(&mut *tx).await?;
    part(tx, threads, values).await?;
    let told = format!("DELETE FROM notifications WHERE conversation IN ({threads})");
    run(tx, &told, values).await?;
    let sql = format!("DELETE FROM threads WHERE id IN ({threads})");
    run(tx, &sql, values).await?;
    for (id,) in &shown {
        desk::settle(tx, id).await?;
    }
    Ok(())
}

/// Takes a thread out of the one that shows it and goes.
async fn stand_alone(tx: &mut Tx, id: &str, shown: &str) -> sqlx::Result<()> {
    let merge: Option<(String, Micros)> =
        query("DELETE FROM thread_merges WHERE thread = $1 RETURNING state, at")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
    let (before, at) = merge.unwrap_or((OPEN.into(), 0));
    run(
        tx,
        "UPDATE threads SET merged_into = NULL WHERE id = $1",
        &[id],
    )
    .await?;
    desk::tell_of(tx, id, id).await?;
    let (Some(own), Some(shown)) = (
        desk::thread_in(tx, id).await?,
        desk::thread_in(tx, shown).await?,
    ) else {
        return Ok(());
    };
    let waiting = match shown.state == OPEN {
        true => desk::waits_since(tx, id, before == OPEN, at).await?,
        false => None,
    };
    let state = match shown.state.as_str() {
        _ if own.title.is_empty() => CLOSED,
        _ if waiting.is_some() => OPEN,
        // What a person decided of all of it stands.
        HELD => HELD,
        CLOSED => CLOSED,
        _ if own.replied.is_some() => ANSWERED,
        _ => CLOSED,
    };
    let held = shown.held.as_deref().filter(|_| state == HELD);
    desk::set_apart(tx, id, (state, held), waiting, own.snoozed).await
}

/// Takes threads out of what was merged. What stays of somebody else by now stands alone where what showed it goes, and stays where it is
/// shown where only what it went in by goes.
async fn part(tx: &mut Tx, threads: &str, values: &[&str]) -> sqlx::Result<()> {
    let left = format!(
        "SELECT t.id, r.id FROM threads t JOIN threads r ON r.id = t.merged_into WHERE t.merged_into IN ({threads}) AND t.id NOT IN ({threads})"
    );
    let left: Vec<(String, String)> = query_of(left).bind_all(values).fetch_all(&mut *tx).await?;
    for (id, shown) in &left {
        stand_alone(tx, id, shown).await?;
    }
    let passed_on = format!(
        "UPDATE thread_merges SET (into_thread, into_state, into_snoozed) = (SELECT m.into_thread, m.into_state, m.into_snoozed \
         FROM thread_merges m WHERE m.thread = thread_merges.into_thread) \
         WHERE into_thread IN ({threads}) AND thread NOT IN ({threads}) AND into_thread IN (SELECT m.thread FROM thread_merges m)"
    );
    while run(tx, &passed_on, values).await? > 0 {}
    let merges = format!(
        "DELETE FROM thread_merges WHERE thread IN ({threads}) OR into_thread IN ({threads})"
    );
    run(tx, &merges, values).await?;
    Ok(())
}

/// Takes whole conversations away.
async fn conversations(tx: &mut Tx, places: &str, values: &[&str]) -> sqlx::Result<Removed> {
    let said = format!("SELECT id FROM messages WHERE conversation IN ({places})");
    let mut removed = messages(tx, &said, values).await?;
    for (table, column) in [
        ("notifications", "conversation"),
        ("reads", "conversation"),
        ("asked", "conversation"),
        ("follows", "kind = 'conversation' AND target"),
    ] {
        let sql = format!("DELETE FROM {table} WHERE {column} IN ({places})");
        run(tx, &sql, values).await?;
    }
    let drafts =
        format!("DELETE FROM drafts WHERE place IN (SELECT '/q/' || c.id FROM ({places}) c)");
    run(tx, &drafts, values).await?;
    let sql = format!("DELETE FROM conversations WHERE id IN ({places})");
    removed.conversations = run(tx, &sql, values).await?;
    Ok(removed)
}

/// Takes messages away that a query names.
async fn messages(tx: &mut Tx, which: &str, values: &[&str]) -> sqlx::Result<Removed> {
    words(tx, which, values).await?;
    for (table, column) in [
        ("message_versions", "message"),
        ("reactions", "message"),
        ("notifications", "event"),
    ] {
        let sql = format!("DELETE FROM {table} WHERE {column} IN ({which})");
        run(tx, &sql, values).await?;
    }
    let attached = format!("message IN ({which})");
    let attachments = attachments(tx, &attached, values).await?;
    let accepted = format!(
        "UPDATE conversations SET accepted = NULL, accepted_at = NULL WHERE accepted IN ({which})"
    );
    run(tx, &accepted, values).await?;
    let sql = format!("DELETE FROM messages WHERE id IN ({which})");
    Ok(Removed {
        messages: run(tx, &sql, values).await?,
        attachments,
        ..Removed::default()
    })
}

/// Takes away up to `most` of the messages written before a moment, oldest first.
pub async fn old_messages(tx: &mut Tx, before: Micros, most: i64) -> sqlx::Result<Removed> {
    thoroughly(tx).await?;
    let (upto,): (Option<i64>,) =
        query("SELECT MAX(id) FROM (SELECT id FROM messages WHERE at < $1 ORDER BY id LIMIT $2) t")
            .bind(before)
            .bind(most)
            .fetch_one(&mut *tx)
            .await?;
    let Some(upto) = upto else {
        return Ok(Removed::default());
    };
    let which = format!("SELECT id FROM messages WHERE at < {before} AND id <= {upto}");
    messages(tx, &which, &[]).await
}

/// Takes away conversations opened before a moment in which nothing is said any more.
pub async fn empty_conversations(tx: &mut Tx, before: Micros) -> sqlx::Result<u64> {
    let places = format!(
        "SELECT id FROM conversations k WHERE k.created < {before} AND k.last > 0 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation = k.id)"
    );
    Ok(conversations(tx, &places, &[]).await?.conversations)
}

/// Takes away what was said in threads of a channel that ended before a moment, up to so many threads, with drafts, notes and who it was
/// with. When they began and were answered stays, without words: verdicts are read from it.
pub async fn old_threads(
    tx: &mut Tx,
    channel: &str,
    before: Micros,
    most: i64,
) -> sqlx::Result<u64> {
    thoroughly(tx).await?;
    let ended = format!(
        "SELECT id FROM threads WHERE connection = $1 AND last < {before} AND state <> 'open' AND title <> '' AND (merged_into IS NULL OR \
         EXISTS (SELECT 1 FROM threads r WHERE r.id = threads.merged_into AND r.last < {before} AND r.state <> 'open')) ORDER BY last, id LIMIT {most}"
    );
    let ended: Vec<(String,)> = query_of(ended).bind(channel).fetch_all(&mut *tx).await?;
    for (thread,) in &ended {
        let values = [thread.as_str()];
        for table in ["said", "replies", "thread_notes"] {
            run(
                tx,
                &format!("DELETE FROM {table} WHERE thread = $1"),
                &values,
            )
            .await?;
        }
        run(
            tx,
            "DELETE FROM drafts WHERE place = '/desk/' || $1",
            &values,
        )
        .await?;
        // What a thread is called at the service may hold the name of who began it.
        let emptied = "UPDATE threads SET title = '', topic = id, reason = '', held = NULL, contact = NULL, waiting = NULL WHERE id = $1";
        run(tx, emptied, &values).await?;
        let found = "UPDATE finds SET author = '' WHERE thread = $1";
        run(tx, found, &values).await?;
    }
    // Whom nothing is known of any more but a name.
    let nobody = format!(
        "SELECT c.id FROM contacts c WHERE c.created < {before} AND c.matched_by IS NULL AND c.objected IS NULL \
         AND c.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM threads t WHERE t.contact = c.id) \
         AND NOT EXISTS (SELECT 1 FROM contacts m WHERE m.merged_into = c.id) \
         AND NOT EXISTS (SELECT 1 FROM consents n WHERE n.contact = c.id)"
    );
    if !ended.is_empty() {
        let handles = format!("DELETE FROM handles WHERE contact IN ({nobody})");
        run(tx, &handles, &[]).await?;
        run(
            tx,
            &format!("DELETE FROM contacts WHERE id IN ({nobody})"),
            &[],
        )
        .await?;
    }
    Ok(ended.len() as u64)
}

/// Takes away what came with the messages of a channel as it came.
pub async fn old_raw(tx: &mut Tx, channel: &str, before: Micros) -> sqlx::Result<u64> {
    thoroughly(tx).await?;
    let sql = format!(
        "UPDATE said SET raw = '' WHERE connection = $1 AND received < {before} AND raw <> ''"
    );
    run(tx, &sql, &[channel]).await
}

/// Takes away lines of the record older than a moment that tell of no process: who signed in, tokens, people, settings.
/// Those of processes stay: figures, verdicts and the search are read from them.
pub async fn old_events(tx: &mut Tx, before: Micros) -> sqlx::Result<u64> {
    let sql = format!(
        "DELETE FROM events WHERE at < {before} AND process IS NULL AND seq < (SELECT MAX(seq) FROM events)"
    );
    run(tx, &sql, &[]).await
}

/// Only one node at a time.
pub async fn alone(db: &Db) -> sqlx::Result<Tx> {
    let mut tx = db.begin().await?;
    if let Tx::Postgres(tx) = &mut tx {
        sqlx::query("SELECT pg_advisory_xact_lock(7073)")
            .execute(&mut **tx)
            .await?;
    }
    Ok(tx)
}

#[cfg(test)]
mod tests {
    use crate::query;
    use crate::testing::on_both;

    /// Whoever adds a table that names cases is told that erasing a case has to know it.
    #[test]
    fn every_table_that_names_a_case_is_known_to_erasing_one() {
        let here = include_str!("erase.rs");
        let begin = here.find("pub async fn case(").unwrap();
        let end = begin + here[begin..].find("/// Everything of a customer").unwrap();
        let known = &here[begin..end];
        on_both(|db| async move {
            let sql = match db {
                crate::Db::Sqlite { .. } => {
                    "SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'case_ref' WHERE m.type = 'table'"
                }
                crate::Db::Postgres(_) => {
                    "SELECT table_name::text FROM information_schema.columns WHERE column_name = 'case_ref' AND table_schema = 'public'"
                }
            };
            let tables: Vec<(String,)> = query(sql).fetch_all(&db).await.unwrap();
            assert!(tables.len() >= 7, "{tables:?}");
            for (table,) in tables {
                let is_known = known.contains(&format!("\"{table}\""))
                    || known.contains(&format!(" {table} "));
                assert!(
                    is_known,
                    "{table} names cases, and erase::case leaves them there"
                );
            }
        });
    }
}
