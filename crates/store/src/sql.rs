//! Statements: one text for both engines, run by code that is compiled once and not anew for every row type.

use super::{Db, Tx};
use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Decode, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, Type,
};
use std::future::Future;
use std::pin::Pin;

/// A value that stands for a `$1` of a statement. PostgreSQL wants the type of what is missing, too.
#[derive(Debug)]
pub enum Value {
    Text(Option<String>),
    Whole(Option<i64>),
    Real(Option<f64>),
    Bool(bool),
    Bytes(Option<Vec<u8>>),
}

macro_rules! value {
    ($($from:ty => |$v:ident| $to:expr),+ $(,)?) => {
        $(impl From<$from> for Value {
            fn from($v: $from) -> Value {
                $to
            }
        })+
    };
}
value! {
    &str => |v| Value::Text(Some(v.into())),
    &&str => |v| Value::Text(Some((*v).into())),
    String => |v| Value::Text(Some(v)),
    &String => |v| Value::Text(Some(v.clone())),
    Option<&str> => |v| Value::Text(v.map(Into::into)),
    Option<String> => |v| Value::Text(v),
    &Option<String> => |v| Value::Text(v.clone()),
    Option<&String> => |v| Value::Text(v.cloned()),
    i64 => |v| Value::Whole(Some(v)),
    &i64 => |v| Value::Whole(Some(*v)),
    Option<i64> => |v| Value::Whole(v),
    f64 => |v| Value::Real(Some(v)),
    Option<f64> => |v| Value::Real(v),
    bool => |v| Value::Bool(v),
    &[u8] => |v| Value::Bytes(Some(v.into())),
    Vec<u8> => |v| Value::Bytes(Some(v)),
    &Vec<u8> => |v| Value::Bytes(Some(v.clone())),
    Option<&[u8]> => |v| Value::Bytes(v.map(Into::into)),
    Option<Vec<u8>> => |v| Value::Bytes(v),
}

/// Where a statement runs: on the database, to read its last committed state, or in a transaction.
pub enum On<'a> {
    SqlitePool(&'a SqlitePool),
    Sqlite(&'a mut sqlx::SqliteConnection),
    PostgresPool(&'a PgPool),
    Postgres(&'a mut sqlx::PgConnection),
}

impl<'a> From<&'a Db> for On<'a> {
    fn from(db: &'a Db) -> On<'a> {
        match db {
            Db::Sqlite { readers, .. } => On::SqlitePool(readers),
            Db::Postgres(pool) => On::PostgresPool(pool),
        }
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> On<'a> {
        match tx {
            Tx::Sqlite(tx) => On::Sqlite(tx),
            Tx::Postgres(tx) => On::Postgres(tx),
        }
    }
}

/// A row of either engine.
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What a column can hold, on both.
pub trait Held:
    Send + for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}
impl<T> Held for T where
    T: Send
        + for<'r> Decode<'r, Sqlite>
        + Type<Sqlite>
        + for<'r> Decode<'r, Postgres>
        + Type<Postgres>
{
}

impl Row {
    /// A column by its name.
    pub fn get<T: Held>(&self, name: &str) -> sqlx::Result<T> {
        match self {
            Row::Sqlite(row) => row.try_get(name),
            Row::Postgres(row) => row.try_get(name),
        }
    }

    fn at<T: Held>(&self, place: usize) -> sqlx::Result<T> {
        match self {
            Row::Sqlite(row) => row.try_get(place),
            Row::Postgres(row) => row.try_get(place),
        }
    }
}

/// What a row is read into: a struct by the names of its columns ([`record!`]), a tuple by their places.
pub trait Record: Sized + Send {
    fn of(row: &Row) -> sqlx::Result<Self>;
}

/// Reads a struct from the columns that have the names of its fields. (The derive of sqlx builds all of sqlx once more.)
macro_rules! record {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::sql::Record for $name {
            fn of(row: &$crate::sql::Row) -> sqlx::Result<$name> {
                Ok($name {
                    $($field: row.get(stringify!($field))?),+
                })
            }
        }
    };
}
pub(crate) use record;

macro_rules! tuple {
    ($($of:ident $place:literal),+) => {
        impl<$($of: Held),+> Record for ($($of,)+) {
            fn of(row: &Row) -> sqlx::Result<Self> {
                Ok(($(row.at::<$of>($place)?,)+))
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

/// A statement with its values.
pub struct Sql {
    text: SqlStr,
    values: Vec<Value>,
}

/// A statement that is written in the code.
pub fn query(text: &'static str) -> Sql {
    Sql {
        text: text.into_sql_str(),
        values: Vec::new(),
    }
}

/// One that is put together, of pieces that are written in the code: what comes from elsewhere is bound.
pub fn query_of(text: String) -> Sql {
    Sql {
        text: AssertSqlSafe(text).into_sql_str(),
        values: Vec::new(),
    }
}

type Each<'a> = &'a mut (dyn FnMut(&Row) -> sqlx::Result<()> + Send);
type Later<'a, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'a>>;

impl Sql {
    /// The next `$n`.
    pub fn bind(mut self, value: impl Into<Value>) -> Sql {
        self.values.push(value.into());
        self
    }

    pub fn bind_all(self, values: &[&str]) -> Sql {
        values.iter().fold(self, |sql, value| sql.bind(*value))
    }

    /// Writes `($4, $5, …)` behind the text, bound to these.
    pub fn list(self, values: &[String]) -> Sql {
        self.rows(std::iter::once(values.iter().map(Value::from)))
    }

    /// Writes such a bracket for each of the rows, as `VALUES` has them.
    pub fn rows(self, rows: impl Iterator<Item = impl Iterator<Item = Value>>) -> Sql {
        let Sql { text, mut values } = self;
        let mut text = text.as_str().to_string();
        for (n, row) in rows.enumerate() {
            text.push_str(if n == 0 { "(" } else { ", (" });
            for (n, value) in row.enumerate() {
                values.push(value);
                let comma = if n == 0 { "" } else { ", " };
                text.push_str(&format!("{comma}${}", values.len()));
            }
            text.push(')');
        }
        Sql {
            text: AssertSqlSafe(text).into_sql_str(),
            values,
        }
    }

    /// Writes the rest of the statement behind its rows.
    pub fn then(self, then: &'static str) -> Sql {
        let Sql { text, values } = self;
        Sql {
            text: AssertSqlSafe(format!("{}{then}", text.as_str())).into_sql_str(),
            values,
        }
    }

    pub async fn fetch_all<T: Record>(self, on: impl Into<On<'_>>) -> sqlx::Result<Vec<T>> {
        let mut found = Vec::new();
        let mut each = |row: &Row| T::of(row).map(|one| found.push(one));
        self.ask(on.into(), false, &mut each).await?;
        Ok(found)
    }

    pub async fn fetch_optional<T: Record>(self, on: impl Into<On<'_>>) -> sqlx::Result<Option<T>> {
        let mut found = None;
        let mut each = |row: &Row| T::of(row).map(|one| found = Some(one));
        self.ask(on.into(), true, &mut each).await?;
        Ok(found)
    }

    /// An error where there is no row.
    pub async fn fetch_one<T: Record>(self, on: impl Into<On<'_>>) -> sqlx::Result<T> {
        let row = self.fetch_optional(on).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }

    /// How many rows it concerned.
    pub async fn affect(self, tx: &mut Tx) -> sqlx::Result<u64> {
        self.run(tx).await
    }

    pub async fn execute(self, tx: &mut Tx) -> sqlx::Result<()> {
        self.run(tx).await.map(drop)
    }

    /// Hands on row after row: of many there are never all in memory beside what is read of them.
    fn ask<'a>(self, on: On<'a>, is_one: bool, each: Each<'a>) -> Later<'a, ()> {
        macro_rules! ask {
            ($values:ident, $on:expr, $row:expr) => {{
                let asked = sqlx::query_with(self.text, $values(self.values)?);
                if is_one {
                    return asked
                        .fetch_optional($on)
                        .await?
                        .map_or(Ok(()), |row| each(&$row(row)));
                }
                let mut rows = asked.fetch($on);
                while let Some(row) = rows.try_next().await? {
                    each(&$row(row))?;
                }
            }};
        }
        Box::pin(async move {
            match on {
                On::SqlitePool(pool) => ask!(sqlite, pool, Row::Sqlite),
                On::Sqlite(on) => ask!(sqlite, on, Row::Sqlite),
                On::PostgresPool(pool) => ask!(postgres, pool, Row::Postgres),
                On::Postgres(on) => ask!(postgres, on, Row::Postgres),
            }
            Ok(())
        })
    }

    fn run(self, tx: &mut Tx) -> Later<'_, u64> {
        Box::pin(async move {
            let (text, values) = (self.text, self.values);
            Ok(match tx {
                Tx::Sqlite(tx) => sqlx::query_with(text, sqlite(values)?)
                    .execute(&mut **tx)
                    .await?
                    .rows_affected(),
                Tx::Postgres(tx) => sqlx::query_with(text, postgres(values)?)
                    .execute(&mut **tx)
                    .await?
                    .rows_affected(),
            })
        })
    }
}

macro_rules! arguments {
    ($name:ident, $of:ty) => {
        fn $name(values: Vec<Value>) -> sqlx::Result<$of> {
            let mut all = <$of>::default();
            for value in values {
                let added = match value {
                    Value::Text(v) => all.add(v),
                    Value::Whole(v) => all.add(v),
                    Value::Real(v) => all.add(v),
                    Value::Bool(v) => all.add(v),
                    Value::Bytes(v) => all.add(v),
                };
                added.map_err(sqlx::Error::Encode)?;
            }
            Ok(all)
        }
    };
}
arguments!(sqlite, SqliteArguments);
arguments!(postgres, PgArguments);
