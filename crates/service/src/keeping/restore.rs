//! A backup is restored into what is empty, all of it or nothing.

use super::Installation;
use super::archive::{self, Manifest};
use anyhow::Context;
use base::activity::{self, Kind};
use mining::Micros;
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use store::carry::{self, Row, Sum};

/// Fills an empty installation from a backup. Every digest is looked at before anything is written.
pub async fn restore(
    from: &Path,
    into: &Installation,
    at: Micros,
    by: &str,
) -> anyhow::Result<Manifest> {
    let manifest = archive::verified(from).await?;
    carry::prepare(&into.db, manifest.schema).await?;
    let mut tx = into.db.begin().await?;
    let tables = carry::tables(&mut tx).await?;
    let mut sums: HashMap<String, Sum> = HashMap::new();
    archive::parts(from, &manifest, async |path, content| {
        if let Some(name) = path.strip_prefix("columns/") {
            return into.keep_columns(&mut tx, name, at, &content).await;
        }
        let name = path
            .strip_prefix("tables/")
            .and_then(|p| p.split('/').next());
        let table = tables
            .iter()
            .find(|t| Some(t.name) == name)
            .with_context(|| format!("{path}: this Tenon does not know what that is"))?;
        let mut rows = Vec::new();
        let sum = sums.entry(table.name.into()).or_default();
        for line in content.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            let row: Row = serde_json::from_slice(line)?;
            sum.add(&row)?;
            rows.push(row);
        }
        carry::add(&mut tx, table, &rows).await
    })
    .await?;
    for counted in &manifest.tables {
        let found = sums.get(&counted.table).map_or(0, |s| s.rows);
        anyhow::ensure!(
            found == counted.rows,
            "{}: {found} rows were restored of {}",
            counted.table,
            counted.rows
        );
    }
    for table in &tables {
        let there = carry::each(&mut tx, table, async |_| Ok(())).await?;
        let came = sums.get(table.name).copied().unwrap_or_default();
        anyhow::ensure!(
            there == came,
            "{}: what was restored is not what was in the backup",
            table.name
        );
    }
    carry::continue_after(&mut tx, manifest.last_event).await?;
    let payload = json!({ "taken": manifest.at, "rows": manifest.rows() });
    let kind = Kind::InstallationRestored;
    activity::record_installation(&mut tx, at, kind, by, &payload).await?;
    tx.commit().await?;
    into.db.migrate(None).await?;
    Ok(manifest)
}
