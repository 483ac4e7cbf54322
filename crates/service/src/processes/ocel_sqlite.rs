//! OCEL 2.0 in a SQLite file. Lives here because the mining crate never touches a database.
//!
//! Table and column names come from the file, so each is quoted as an identifier; values are bound, never spliced in.

use futures_util::TryStreamExt;
use mining::log::Cell;
use mining::readers::ocel::{ObjectLog, OcelTables};
use mining::{Place, ReadError};
use rustc_hash::FxHashMap;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use std::io::Read;
use std::path::Path;

/// Reads the file without changing it or writing beside it. Errors: `wrong_format`, `truncated`, `broken_sqlite`,
/// `empty_log`.
pub async fn read(path: &Path) -> Result<ObjectLog, ReadError> {
    whole(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true);
    let mut file = options.connect().await.map_err(|e| broken(&e))?;
    let tables = names(
        &mut file,
        "SELECT name FROM sqlite_master WHERE type = 'table'",
        None,
    )
    .await?;
    for needed in [
        "event",
        "object",
        "event_object",
        "event_map_type",
        "object_map_type",
    ] {
        if !tables.iter().any(|t| t == needed) {
            return Err(ReadError::new(
                "wrong_format",
                format!("This SQLite file has no table \"{needed}\", so it is no OCEL 2.0 log."),
                Place::default(),
                "Choose an OCEL 2.0 file.",
            ));
        }
    }
    let mut log = OcelTables::new();
    let mut details = event_details(&mut file, &tables).await?;
    each(
        &mut file,
        "SELECT ocel_id, ocel_type FROM event ORDER BY rowid",
        |row| {
            let (time, attributes) = details.remove(&row[0]).unwrap_or_default();
            log.event(&row[0], &row[1], &time);
            for (name, value) in attributes {
                log.event_attribute(&row[0], &name, value);
            }
        },
    )
    .await?;
    each(
        &mut file,
        "SELECT ocel_id, ocel_type FROM object ORDER BY rowid",
        |row| log.object(&row[0], &row[1]),
    )
    .await?;
    object_values(&mut file, &tables, &mut log).await?;
    let sql =
        "SELECT ocel_event_id, ocel_object_id, ocel_qualifier FROM event_object ORDER BY rowid";
    each(&mut file, sql, |row| {
        log.event_object(&row[0], &row[1], &row[2])
    })
    .await?;
    if tables.iter().any(|t| t == "object_object") {
        let sql = "SELECT ocel_source_id, ocel_target_id, ocel_qualifier FROM object_object ORDER BY rowid";
        each(&mut file, sql, |row| {
            log.object_object(&row[0], &row[1], &row[2])
        })
        .await?;
    }
    log.finish()
}

type Details = FxHashMap<String, (String, Vec<(String, Cell)>)>;

/// Event id to time and attributes, from one table for each type.
async fn event_details(
    file: &mut SqliteConnection,
    tables: &[String],
) -> Result<Details, ReadError> {
    let mut details = Details::default();
    for table in typed(file, "event", tables).await? {
        let (columns, sql) = select(file, &table).await?;
        each(file, &sql, |row| {
            let (mut id, mut time, mut attributes) = (String::new(), String::new(), Vec::new());
            for (column, value) in columns.iter().zip(row).filter(|(_, v)| !v.is_empty()) {
                match column.as_str() {
                    "ocel_id" => id = value.clone(),
                    "ocel_time" => time = value.clone(),
                    _ => attributes.push((column.clone(), guess(value))),
                }
            }
            details.insert(id, (time, attributes));
        })
        .await?;
    }
    Ok(details)
}

/// Values objects have from a moment on; `ocel_changed_field` names the one that changed then.
async fn object_values(
    file: &mut SqliteConnection,
    tables: &[String],
    log: &mut OcelTables,
) -> Result<(), ReadError> {
    for table in typed(file, "object", tables).await? {
        let (columns, sql) = select(file, &table).await?;
        each(file, &sql, |row| {
            let of = |name: &str| {
                columns
                    .iter()
                    .position(|c| c == name)
                    .map_or("", |at| row[at].as_str())
            };
            let (id, time, changed) = (of("ocel_id"), of("ocel_time"), of("ocel_changed_field"));
            for (column, value) in columns.iter().zip(row) {
                let own = !matches!(
                    column.as_str(),
                    "ocel_id" | "ocel_time" | "ocel_changed_field"
                );
                if own && !value.is_empty() && (changed.is_empty() || changed == column) {
                    log.object_attribute(id, column, time, guess(value));
                }
            }
        })
        .await?;
    }
    Ok(())
}

/// Tables of the types of events or objects that are there.
async fn typed(
    file: &mut SqliteConnection,
    what: &str,
    tables: &[String],
) -> Result<Vec<String>, ReadError> {
    let sql = format!(
        "SELECT ocel_type_map FROM {}",
        quoted(&format!("{what}_map_type"))
    );
    let maps = names(file, &sql, None).await?;
    let mut found: Vec<String> = maps
        .into_iter()
        .map(|map| format!("{what}_{map}"))
        .collect();
    found.retain(|table| tables.contains(table));
    found.dedup();
    Ok(found)
}

/// The columns of a table and a query for all of them as text.
async fn select(
    file: &mut SqliteConnection,
    table: &str,
) -> Result<(Vec<String>, String), ReadError> {
    let columns = names(file, "SELECT name FROM pragma_table_info($1)", Some(table)).await?;
    let list: Vec<String> = columns.iter().map(|c| quoted(c)).collect();
    let sql = format!(
        "SELECT {} FROM {} ORDER BY rowid",
        list.join(", "),
        quoted(table)
    );
    Ok((columns, sql))
}

async fn names(
    file: &mut SqliteConnection,
    sql: &str,
    bind: Option<&str>,
) -> Result<Vec<String>, ReadError> {
    let mut query = sqlx::query(AssertSqlSafe(sql.to_string()));
    if let Some(bind) = bind {
        query = query.bind(bind.to_string());
    }
    let rows = query.fetch_all(file).await.map_err(|e| broken(&e))?;
    Ok(rows.iter().map(|row| text(row, 0)).collect())
}

/// Calls `put` with each row, values as text, empty where NULL.
async fn each(
    file: &mut SqliteConnection,
    sql: &str,
    mut put: impl FnMut(&[String]),
) -> Result<(), ReadError> {
    let mut rows = sqlx::query(AssertSqlSafe(sql.to_string())).fetch(file);
    while let Some(row) = rows.try_next().await.map_err(|e| broken(&e))? {
        let values: Vec<String> = (0..row.len()).map(|at| text(&row, at)).collect();
        put(&values);
    }
    Ok(())
}

/// Whatever a column holds, as text.
fn text(row: &sqlx::sqlite::SqliteRow, at: usize) -> String {
    let string = row.try_get_unchecked::<Option<String>, _>(at);
    string.ok().flatten().unwrap_or_default()
}

fn guess(text: &str) -> Cell {
    match (text.parse(), text.parse::<f64>()) {
        (Ok(n), _) => Cell::Int(n),
        (_, Ok(n)) if n.is_finite() => Cell::Float(n),
        _ => Cell::Text(text.to_string()),
    }
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// A database says in its first hundred bytes how long it is: pages at 28, their size at 16
/// (https://www.sqlite.org/fileformat.html#the_database_header).
fn whole(path: &Path) -> Result<(), ReadError> {
    let mut head = [0; 100];
    let read = std::fs::File::open(path).and_then(|mut f| {
        let length = f.metadata()?.len();
        f.read_exact(&mut head).map(|()| length)
    });
    let Ok(length) = read else {
        return Err(damaged("The file is too short to be a SQLite database."));
    };
    let size = match u64::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => 65_536,
        size => size,
    };
    let pages = u32::from_be_bytes([head[28], head[29], head[30], head[31]]);
    let expected = u64::from(pages) * size;
    // An old writer leaves the number of pages out: then the change counters differ.
    if head.starts_with(b"SQLite format 3\0") && head[24..28] == head[92..96] && length < expected {
        return Err(ReadError::new(
            "truncated",
            format!(
                "The file ends too early: it has {length} of the {expected} bytes that it says it has."
            ),
            Place::byte(length),
            "Copy or export the file again.",
        ));
    }
    Ok(())
}

fn damaged(what: &str) -> ReadError {
    ReadError::new(
        "broken_sqlite",
        what,
        Place::default(),
        "Copy or export the file again, as an OCEL 2.0 SQLite file.",
    )
}

/// What the driver says is for programmers; a person needs to know that the file is not whole.
fn broken(e: &sqlx::Error) -> ReadError {
    tracing::debug!(error = %e, "a SQLite file cannot be read");
    damaged("The file is no SQLite database, or it is damaged.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[tokio::test]
    async fn the_example_has_the_counts_that_python_counts() {
        let root = std::env::var("TENON_SHARED").unwrap_or_else(|_| {
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_string()
        });
        let path = PathBuf::from(root).join("data/ocel/ocel20_example.sqlite");
        if !path.exists() {
            println!("skipped: shared data absent");
            return;
        }
        let log = read(&path).await.unwrap();
        let types = log.preview().types;
        let counts: Vec<_> = types
            .iter()
            .map(|t| (t.name.as_str(), t.objects, t.events, t.flattened))
            .collect();
        let expected = [
            ("Purchase Requisition", 1, 3, 3),
            ("Purchase Order", 2, 5, 5),
            ("Invoice", 3, 9, 9),
            ("Payment", 3, 3, 3),
        ];
        let mut sorted = counts.clone();
        sorted.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(sorted, expected);
        assert_eq!(
            (log.events.len(), log.objects.len(), log.skipped.count),
            (13, 9, 0)
        );
        let orders = log.flatten("Purchase Order").log;
        let quantity = orders.case_column("po_quantity").unwrap();
        assert_eq!(
            [quantity.display(0), quantity.display(1)],
            [Some("600".into()), Some("1".into())]
        );
    }

    #[tokio::test]
    async fn another_file_is_refused() {
        let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        assert_eq!(read(here).await.unwrap_err().code, "broken_sqlite");
    }

    #[tokio::test]
    async fn a_file_cut_short_or_damaged_is_told_without_the_words_of_the_driver() {
        let id = base::clock::Clock::id(&base::clock::SystemClock)
            .simple()
            .to_string();
        let path = std::env::temp_dir().join(format!("tenon-cut-{id}.sqlite"));
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        let mut file = options.connect().await.unwrap();
        for table in 0..40 {
            let sql = format!("CREATE TABLE t{table} (a TEXT)");
            sqlx::query(AssertSqlSafe(sql))
                .execute(&mut file)
                .await
                .unwrap();
        }
        sqlx::Connection::close(file).await.unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let mut told = Vec::new();
        let mut damaged = bytes.clone();
        damaged[100..4096].fill(0xff);
        for text in [&bytes[..bytes.len() / 2], &bytes[..40], &damaged] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).await.unwrap_err();
            assert!(error.remedy.contains("Copy or export"), "{error}");
            assert!(!error.what.contains("code:"), "{error}");
            told.push(error.code);
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(told, ["truncated", "broken_sqlite", "broken_sqlite"]);
    }
}
