//! A backup is taken while the server runs: one transaction sees one moment of everything.

use super::Installation;
use super::archive::{Counted, Manifest, Writer};
use mining::Micros;
use std::path::Path;
use store::{carry, processes};

/// Rows are put together to parts of about this many bytes.
const PART: usize = 8 << 20;

/// Writes everything that is kept into a file that is not there yet.
pub async fn backup(of: &Installation, to: &Path, at: Micros) -> anyhow::Result<Manifest> {
    let mut writer = Writer::create(to, at)?;
    let mut tx = of.db.begin_reading().await?;
    let schema = carry::schema(&mut tx).await?;
    let last_event = carry::last_given(&mut tx).await?;
    // First of all: what is replaced meanwhile is removed some minutes later.
    let mut columns = processes::columns_files(&mut tx).await?;
    columns.sort();
    columns.dedup();
    for name in &columns {
        let bytes = of.columns(&mut tx, name).await?;
        writer.add(&format!("columns/{name}"), &bytes)?;
    }
    let mut counted = Vec::new();
    for table in carry::tables(&mut tx).await? {
        let (mut held, mut number) = (Vec::new(), 0);
        let sum = carry::each(&mut tx, &table, async |rows| {
            for row in &rows {
                serde_json::to_writer(&mut held, row)?;
                held.push(b'\n');
            }
            if held.len() >= PART {
                writer.add(&path(table.name, number), &held)?;
                held.clear();
                number += 1;
            }
            Ok(())
        })
        .await?;
        if !held.is_empty() {
            writer.add(&path(table.name, number), &held)?;
        }
        counted.push(Counted {
            table: table.name.into(),
            rows: sum.rows,
        });
    }
    writer.finish(schema, last_event, counted)
}

fn path(table: &str, number: usize) -> String {
    format!("tables/{table}/{number:06}.jsonl")
}
