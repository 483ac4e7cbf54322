//! Whole tables carried out of a database and into another, whichever engines they are.
//!
//! What there is to carry is asked of the database itself, so a table that a later step of the schema adds is carried
//! without a line here. Not carried is what is made anew: the words of the search, and the files of columns, which travel
//! as files.

use super::{Db, SCHEMA, Tx, query, query_of, tables_in_order};
use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::TryStreamExt;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Row as _};

/// A row: its columns by name, in their order. Bytes are Base64.
pub type Row = Map<String, Value>;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Holds {
    Whole,
    Real,
    Text,
    Bytes,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: &'static str,
    columns: Vec<(String, Holds)>,
}

/// Made anew, not carried.
const DERIVED: [&str; 2] = ["words", "column_files"];
/// Up to which event the words are known: nothing where they are made anew.
const UPTO: &str = "search.upto";
/// At most so many rows, and about so many bytes of them, are held at once.
const ROWS: usize = 500;
const BYTES: usize = 4 << 20;

/// How many rows, and the sum of their digests, which does not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    pub rows: u64,
    digests: u128,
}

impl Sum {
    pub fn add(&mut self, row: &Row) -> anyhow::Result<()> {
        let digest = Sha256::digest(serde_json::to_vec(row)?);
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        self.rows += 1;
        self.digests = self.digests.wrapping_add(u128::from_be_bytes(first));
        Ok(())
    }

    pub fn text(&self) -> String {
        format!("{:032x}", self.digests)
    }
}

/// How many steps of the schema were done.
pub async fn schema(tx: &mut Tx) -> sqlx::Result<i64> {
    let (done,): (i64,) = query("SELECT COUNT(*) FROM schema_steps")
        .fetch_one(tx)
        .await?;
    Ok(done)
}

/// The tables to carry, each after those it points to.
pub async fn tables(tx: &mut Tx) -> anyhow::Result<Vec<Table>> {
    let mut all = Vec::new();
    for name in tables_in_order() {
        if DERIVED.contains(&name) {
            continue;
        }
        let asked = match tx {
            Tx::Sqlite(_) => "SELECT name, lower(type) FROM pragma_table_info($1)",
            Tx::Postgres(_) => {
                "SELECT column_name::text, data_type::text FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = $1"
            }
        };
        let found: Vec<(String, String)> = query(asked).bind(name).fetch_all(&mut *tx).await?;
        let mut columns = Vec::new();
        for (column, kind) in found {
            let holds = match kind.as_str() {
                "bigint" | "integer" => Holds::Whole,
                "double precision" => Holds::Real,
                "text" => Holds::Text,
                "bytea" | "blob" => Holds::Bytes,
                other => anyhow::bail!("{name}.{column}: what is {other}?"),
            };
            columns.push((column, holds));
        }
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        if !columns.is_empty() {
            all.push(Table { name, columns });
        }
    }
    Ok(all)
}

/// Whether nothing is kept yet.
pub async fn is_empty(tx: &mut Tx) -> anyhow::Result<bool> {
    for table in tables(tx).await? {
        let asked = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT 1) t",
            table.name
        );
        let (n,): (i64,) = query_of(asked).fetch_one(&mut *tx).await?;
        if n > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

macro_rules! decoded {
    ($table:expr, $row:expr) => {{
        let mut out = Row::new();
        for (at, (name, holds)) in $table.columns.iter().enumerate() {
            let value = match holds {
                Holds::Whole => $row
                    .try_get_unchecked::<Option<i64>, _>(at)?
                    .map(Value::from),
                Holds::Real => $row
                    .try_get_unchecked::<Option<f64>, _>(at)?
                    .map(Value::from),
                Holds::Text => $row
                    .try_get_unchecked::<Option<String>, _>(at)?
                    .map(Value::from),
                Holds::Bytes => $row
                    .try_get_unchecked::<Option<Vec<u8>>, _>(at)?
                    .map(|bytes| Value::from(BASE64_STANDARD.encode(bytes))),
            };
            out.insert(name.clone(), value.unwrap_or(Value::Null));
        }
        out
    }};
}

/// Hands on all rows of a table, some at a time.
pub async fn each(
    tx: &mut Tx,
    table: &Table,
    mut to: impl AsyncFnMut(Vec<Row>) -> anyhow::Result<()>,
) -> anyhow::Result<Sum> {
    let names: Vec<&str> = table.columns.iter().map(|c| c.0.as_str()).collect();
    let sql = format!("SELECT {} FROM {}", names.join(", "), table.name);
    let (mut sum, mut held, mut bytes) = (Sum::default(), Vec::new(), 0);
    macro_rules! walk {
        ($tx:expr) => {{
            let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut **$tx);
            while let Some(row) = rows.try_next().await? {
                let row = decoded!(table, row);
                if table.name == "settings" && row.get("name").is_some_and(|n| n == UPTO) {
                    continue;
                }
                sum.add(&row)?;
                bytes += weight(&row);
                held.push(row);
                if held.len() >= ROWS || bytes >= BYTES {
                    to(std::mem::take(&mut held)).await?;
                    bytes = 0;
                }
            }
        }};
    }
    match tx {
        Tx::Sqlite(tx) => walk!(tx),
        Tx::Postgres(tx) => walk!(tx),
    }
    if !held.is_empty() {
        to(held).await?;
    }
    Ok(sum)
}

fn weight(row: &Row) -> usize {
    let texts = row.values().filter_map(Value::as_str);
    texts.map(str::len).sum::<usize>() + 16 * row.len()
}

/// A column of a row as it is bound, with the type of its column also where it is nothing.
fn bound(row: &Row, (name, holds): &(String, Holds)) -> super::Value {
    let value = row.get(name).unwrap_or(&Value::Null);
    let text = value.as_str();
    match holds {
        Holds::Whole => value.as_i64().into(),
        Holds::Real => value.as_f64().into(),
        Holds::Text => text.into(),
        Holds::Bytes => text.and_then(|t| BASE64_STANDARD.decode(t).ok()).into(),
    }
}

/// Adds rows to a table.
pub async fn add(tx: &mut Tx, table: &Table, rows: &[Row]) -> anyhow::Result<()> {
    let Some(first) = rows.first() else {
        return Ok(());
    };
    if let Some(unknown) = first
        .keys()
        .find(|k| !table.columns.iter().any(|c| c.0 == **k))
    {
        anyhow::bail!(
            "{} has no column {unknown}: it was written by another Tenon",
            table.name
        );
    }
    let there: Vec<(String, Holds)> = table
        .columns
        .iter()
        .filter(|c| first.contains_key(&c.0))
        .cloned()
        .collect();
    let names: Vec<&str> = there.iter().map(|c| c.0.as_str()).collect();
    let middle = match tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => "OVERRIDING SYSTEM VALUE ",
    };
    let head = format!(
        "INSERT INTO {} ({}) {middle}VALUES ",
        table.name,
        names.join(", ")
    );
    // SQLite takes 32,766 values in a statement.
    for rows in rows.chunks((32_000 / there.len().max(1)).min(ROWS)) {
        let rows = rows.iter().map(|row| there.iter().map(|c| bound(row, c)));
        let added = query_of(head.clone()).rows(rows).execute(tx).await;
        added.with_context(|| format!("the table {} could not be filled", table.name))?;
    }
    Ok(())
}

/// The number of the last event that was ever given, so that none is given twice.
pub async fn last_given(tx: &mut Tx) -> sqlx::Result<i64> {
    let asked = match tx {
        Tx::Sqlite(_) => {
            "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)"
        }
        Tx::Postgres(_) => "SELECT COALESCE(MAX(seq), 0) FROM events",
    };
    let (last,): (i64,) = query(asked).fetch_one(tx).await?;
    Ok(last)
}

/// The next event has a number after this.
pub async fn continue_after(tx: &mut Tx, last: i64) -> sqlx::Result<()> {
    if last == 0 {
        return Ok(());
    }
    match tx {
        Tx::Sqlite(tx) => {
            for sql in [
                "INSERT INTO sqlite_sequence (name, seq) SELECT 'events', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'events')",
                "UPDATE sqlite_sequence SET seq = MAX(seq, $1) WHERE name = 'events'",
            ] {
                let query = sqlx::query(sql);
                match sql.contains("$1") {
                    true => query.bind(last).execute(&mut **tx).await?,
                    false => query.execute(&mut **tx).await?,
                };
            }
        }
        Tx::Postgres(tx) => {
            sqlx::query("SELECT setval(pg_get_serial_sequence('events', 'seq'), $1)")
                .bind(last)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// Brings an empty database to a step of the schema; says so when it is not empty.
pub async fn prepare(db: &Db, step: i64) -> anyhow::Result<()> {
    anyhow::ensure!(
        step <= SCHEMA as i64,
        "this was written by a newer Tenon ({step} schema steps, {SCHEMA} known); use that one"
    );
    db.migrate(Some(step as usize)).await?;
    let mut tx = db.begin_reading().await?;
    anyhow::ensure!(
        is_empty(&mut tx).await?,
        "something is kept there already; name an empty database or a folder that is not there yet"
    );
    let there = schema(&mut tx).await?;
    anyhow::ensure!(
        there == step,
        "the empty database was made by a newer Tenon than what is to go in ({there} schema steps, {step}); \
         name a database, or a folder, in which nothing was opened yet"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_both;

    #[test]
    fn every_table_of_the_schema_is_carried_or_made_anew() {
        on_both(|db| async move {
            let mut tx = db.begin_reading().await.unwrap();
            let asked = match &tx {
                Tx::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table'",
                Tx::Postgres(_) => {
                    "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
                }
            };
            let there: Vec<(String,)> = query(asked).fetch_all(&mut tx).await.unwrap();
            let carried: Vec<&str> = tables(&mut tx)
                .await
                .unwrap()
                .iter()
                .map(|t| t.name)
                .collect();
            for (name,) in there {
                let is_made_anew = DERIVED.contains(&name.as_str()) || name.starts_with("words_");
                let is_of_the_engine = name.starts_with("sqlite_") || name == "schema_steps";
                let is_carried = carried.contains(&name.as_str());
                assert!(
                    is_carried || is_made_anew || is_of_the_engine,
                    "{name} would be lost"
                );
            }
        });
    }
}
