//! The database: SQLite by default, PostgreSQL when one machine is not enough. One file a table group.
