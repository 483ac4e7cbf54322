//! Rooms of cases and questions at steps: their messages, who follows, who has read and who is told.

/// Asks for rows of which one column is any of `ids`; `tail` may add conditions behind.
macro_rules! among {
    ($db:expr, $head:expr, $ids:expr, |$q:ident| $tail:expr) => {{
        macro_rules! ask {
            ($engine:ty, $on:expr) => {{
                let mut $q = sqlx::QueryBuilder::<$engine>::new($head);
                $q.push(" IN (");
                let mut list = $q.separated(", ");
                for id in $ids {
                    list.push_bind(id.clone());
                }
                $q.push(")");
                $tail;
                $q.build_query_as().fetch_all($on).await
            }};
        }
        match $db {
            $crate::store::Db::Sqlite { readers, .. } => ask!(sqlx::Sqlite, readers),
            $crate::store::Db::Postgres(pool) => ask!(sqlx::Postgres, pool),
        }
    }};
}

mod conversations;
mod drafts;
mod follows;
mod guests;
mod messages;
mod posts;
mod questions;
mod told;
mod updates;

pub use conversations::*;
pub use drafts::*;
pub use follows::*;
pub use guests::*;
pub use messages::*;
pub use posts::*;
pub use questions::*;
pub use told::*;
pub use updates::*;
