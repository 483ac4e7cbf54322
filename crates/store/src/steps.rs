//! Revisions of how the owner reads a process.

use super::{On, Tx, query, query_of};
use mining::Micros;

/// The JSON of a revision.
pub async fn find(
    on: impl Into<On<'_>>,
    process: &str,
    revision: i64,
) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> =
        query("SELECT steps FROM steps WHERE process = $1 AND revision = $2")
            .bind(process)
            .bind(revision)
            .fetch_optional(on)
            .await?;
    Ok(row.map(|(steps,)| steps))
}

pub async fn insert(
    tx: &mut Tx,
    process: &str,
    revision: i64,
    at: Micros,
    steps: &str,
) -> sqlx::Result<()> {
    query("INSERT INTO steps (process, revision, at, steps) VALUES ($1, $2, $3, $4)")
        .bind(process)
        .bind(revision)
        .bind(at)
        .bind(steps)
        .execute(tx)
        .await
}

/// What is at steps is at them under their new names, all at once: a name may pass from one to another.
pub async fn rename(tx: &mut Tx, process: &str, names: &[(String, String)]) -> sqlx::Result<()> {
    // No step is called so.
    let between = |n: usize| format!("\u{1}{n}");
    for (n, (old, _)) in names.iter().enumerate() {
        rename_one(tx, process, old, &between(n)).await?;
    }
    for (n, (_, new)) in names.iter().enumerate() {
        rename_one(tx, process, &between(n), new).await?;
    }
    Ok(())
}

/// What is at a step is at it under its new name, unless another was called so before and has the same there.
async fn rename_one(tx: &mut Tx, process: &str, old: &str, new: &str) -> sqlx::Result<()> {
    const PLAIN: [&str; 5] = [
        "improvements",
        "conversations",
        "threads",
        "wishes",
        "shares",
    ];
    const ONE_EACH: [&str; 4] = ["playbooks", "checks", "finds", "network_places"];
    let all = PLAIN.iter().map(|table| (table, String::new()));
    let one_each = ONE_EACH.iter().map(|table| {
        let taken = format!(
            " AND NOT EXISTS (SELECT 1 FROM {table} o WHERE o.process = $1 AND o.step = $3)"
        );
        (table, taken)
    });
    for (table, unless) in all.chain(one_each) {
        query_of(format!(
            "UPDATE {table} SET step = $3 WHERE process = $1 AND step = $2{unless}"
        ))
        .bind(process)
        .bind(old)
        .bind(new)
        .execute(&mut *tx)
        .await?;
    }
    query(
        "UPDATE follows SET target = $2 WHERE kind = 'step' AND target = $1 \
         AND NOT EXISTS (SELECT 1 FROM follows o WHERE o.kind = 'step' AND o.target = $2 AND o.person = follows.person)",
    )
    .bind(format!("{process}/{old}"))
    .bind(format!("{process}/{new}"))
    .execute(tx)
    .await
}
