//! Contacts that turned out to be one. All that was of them is of the one that is left; whose it was is kept, so that it can be undone.

use super::contacts::ConsentRow;
use super::move_handle;
use crate::{Db, Tx, query, query_of, record};
use mining::Micros;

/// That a contact was merged into another.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactMergeRow {
    pub contact: String,
    pub into_contact: String,
    pub at: Micros,
    pub by_person: String,
    pub took_case: i64,
}

record!(ContactMergeRow {
    contact,
    into_contact,
    at,
    by_person,
    took_case
});

const ALL: &str = "SELECT g.contact, g.into_contact, g.at, g.by_person, g.took_case FROM contact_merges g \
     JOIN contacts c ON c.id = g.contact WHERE c.merged_into = $1 ORDER BY g.at, g.contact";

/// What a contact is made of, as it was merged.
pub async fn contact_merges(db: &Db, contact: &str) -> sqlx::Result<Vec<ContactMergeRow>> {
    query(ALL).bind(contact).fetch_all(db).await
}

pub async fn contact_merges_in(tx: &mut Tx, contact: &str) -> sqlx::Result<Vec<ContactMergeRow>> {
    query(ALL).bind(contact).fetch_all(&mut *tx).await
}

/// Makes a contact, with what was merged into it, part of another one; that is known not to be part of any.
pub async fn merge_contact(tx: &mut Tx, row: &ContactMergeRow) -> sqlx::Result<()> {
    query(
        "INSERT INTO contact_merges (contact, into_contact, at, by_person, took_case) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&row.contact)
    .bind(&row.into_contact)
    .bind(row.at)
    .bind(&row.by_person)
    .bind(row.took_case)
    .execute(tx)
    .await?;
    for table in ["handles", "consents", "threads"] {
        query_of(format!(
            "UPDATE {table} SET own_contact = COALESCE(own_contact, contact), contact = $2 WHERE contact = $1"
        ))
        .bind(&row.contact)
        .bind(&row.into_contact)
        .execute(tx)
        .await?;
    }
    query("UPDATE contacts SET merged_into = $2 WHERE id = $1 OR merged_into = $1")
        .bind(&row.contact)
        .bind(&row.into_contact)
        .execute(tx)
        .await
}

/// Takes a contact out of the one that it is part of, with those that were merged into it before, and with what came since under handles of
/// theirs.
pub async fn part_contact(
    tx: &mut Tx,
    (contact, out_of): (&str, &str),
    with: &[String],
) -> sqlx::Result<()> {
    query("DELETE FROM contact_merges WHERE contact = $1")
        .bind(contact)
        .execute(tx)
        .await?;
    query("UPDATE contacts SET merged_into = NULL WHERE id = $1")
        .bind(contact)
        .execute(tx)
        .await?;
    for own in [contact].into_iter().chain(with.iter().map(String::as_str)) {
        let handles: Vec<(String, String)> =
            query("SELECT kind, author FROM handles WHERE contact = $1 AND own_contact = $2")
                .bind(out_of)
                .bind(own)
                .fetch_all(&mut *tx)
                .await?;
        for (kind, author) in handles {
            move_handle(tx, &kind, &author, contact).await?;
        }
        for table in ["handles", "consents", "threads"] {
            query_of(format!(
                "UPDATE {table} SET contact = $1, own_contact = CASE WHEN own_contact <> $1 THEN own_contact END \
                 WHERE contact IN ($1, $2) AND own_contact = $3"
            ))
            .bind(contact)
            .bind(out_of)
            .bind(own)
            .execute(tx)
            .await?;
        }
        query("UPDATE contacts SET merged_into = $2 WHERE id = $1 AND id <> $2")
            .bind(own)
            .bind(contact)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// What was noted of a contact and of those it is made of, oldest first.
pub async fn consents_in(tx: &mut Tx, contact: &str) -> sqlx::Result<Vec<ConsentRow>> {
    query(
        "SELECT id, contact, at, by_person, what, how, own_contact FROM consents WHERE contact = $1 \
         ORDER BY at, CASE WHEN what = 'objected' THEN 1 ELSE 0 END, id",
    )
    .bind(contact)
    .fetch_all(&mut *tx)
    .await
}

/// Whose a handle was before it was merged, if it was.
pub async fn own_contact(tx: &mut Tx, kind: &str, author: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(Option<String>,)> =
        query("SELECT own_contact FROM handles WHERE kind = $1 AND author = $2")
            .bind(kind)
            .bind(author)
            .fetch_optional(&mut *tx)
            .await?;
    Ok(row.and_then(|(own,)| own))
}

/// How many handles a contact has that did not come by a merge.
pub async fn own_handles(tx: &mut Tx, contact: &str) -> sqlx::Result<i64> {
    let (n,): (i64,) =
        query("SELECT COUNT(*) FROM handles WHERE contact = $1 AND own_contact IS NULL")
            .bind(contact)
            .fetch_one(&mut *tx)
            .await?;
    Ok(n)
}

#[cfg(test)]
mod tests {
    use crate::testing::{all_text, folder, postgres_database};
    use crate::{Db, query};

    /// The number of the step of the schema that keeps merges.
    /// The steps before contacts that are one came to have a record.
    const STEP: usize = 25;

    #[tokio::test]
    async fn what_customers_are_called_goes_out_of_the_record_and_merges_lead_to_who_is_left() {
        let file = folder().join("old.db");
        let mut all = vec![Db::sqlite_as_it_is(&file).await.unwrap()];
        if let Some(url) = postgres_database().await {
            all.push(Db::postgres_as_it_is(&url).await.unwrap());
        }
        for db in all {
            db.migrate(Some(STEP)).await.unwrap();
            let mut tx = db.begin().await.unwrap();
            query("INSERT INTO events (at, kind, actor, payload) VALUES (1, 'customer.merged', 'p', $1)")
                .bind(r#"{"contact":"a","handles":[["mail","vera@one.example"]],"into":"b"}"#)
                .execute(&mut tx)
                .await
                .unwrap();
            for (id, into) in [("a", Some("b")), ("b", Some("c")), ("c", None)] {
                query("INSERT INTO contacts (id, name, created, merged_into) VALUES ($1, 'Vera', 1, $2)")
                    .bind(id)
                    .bind(into)
                    .execute(&mut tx)
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
            db.migrate(None).await.unwrap();
            let text = all_text(&db).await;
            assert!(!text.contains("vera@one"), "{text}");
            assert!(text.contains("customer.merged"));
            let contact = super::super::contact(&db, "a").await.unwrap().unwrap();
            assert_eq!(contact.merged_into.as_deref(), Some("c"));
        }
    }
}
