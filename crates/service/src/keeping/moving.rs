//! An installation is carried over to another database, of the same engine or the other.

use super::Installation;
use base::activity::{self, Kind};
use mining::Micros;
use serde_json::json;
use store::{Db, SCHEMA, carry};

/// What was carried over of one table, counted and digested on both sides and found the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    pub table: &'static str,
    pub rows: u64,
    pub digest: String,
}

/// Carries everything over into what is empty, in one transaction there.
///
/// An SQLite database is locked for writing meanwhile; of a PostgreSQL one that goes on being used, what is written after
/// the beginning stays behind.
pub async fn carry_over(
    from: &Installation,
    to: &Installation,
    at: Micros,
    by: &str,
) -> anyhow::Result<Vec<Carried>> {
    from.db.migrate(None).await?;
    carry::prepare(&to.db, SCHEMA as i64).await?;
    let mut source = match &from.db {
        Db::Sqlite { .. } => from.db.begin().await?,
        Db::Postgres(_) => from.db.begin_reading().await?,
    };
    let mut target = to.db.begin().await?;
    let (mut carried, mut columns) = (Vec::new(), Vec::new());
    let there = carry::tables(&mut target).await?;
    for (table, twin) in carry::tables(&mut source).await?.iter().zip(&there) {
        anyhow::ensure!(
            table.name == twin.name,
            "the schemas differ at {}",
            table.name
        );
        let sent = carry::each(&mut source, table, async |rows| {
            if table.name == "processes" {
                let names = rows.iter().filter_map(|r| r.get("columns_file")?.as_str());
                columns.extend(names.map(String::from));
            }
            carry::add(&mut target, twin, &rows).await
        })
        .await?;
        let came = carry::each(&mut target, twin, async |_| Ok(())).await?;
        anyhow::ensure!(
            sent == came,
            "{}: what came is not what was sent ({} rows of {}); nothing was moved",
            table.name,
            came.rows,
            sent.rows
        );
        carried.push(Carried {
            table: table.name,
            rows: sent.rows,
            digest: sent.text(),
        });
    }
    // The name of a column file is its digest, which is looked at where it is kept.
    columns.sort();
    columns.dedup();
    for name in &columns {
        let bytes = from.columns(&mut source, name).await?;
        to.keep_columns(&mut target, name, at, &bytes).await?;
    }
    let last = carry::last_given(&mut source).await?;
    carry::continue_after(&mut target, last).await?;
    let rows: u64 = carried.iter().map(|c| c.rows).sum();
    let payload = json!({ "rows": rows, "column_files": columns.len() });
    let kind = Kind::InstallationMoved;
    activity::record_installation(&mut target, at, kind, by, &payload).await?;
    target.commit().await?;
    Ok(carried)
}
