-- The same text for both engines.

-- Files of columns, in parts of a few megabytes. Only on PostgreSQL, where each node fetches what it has not; with SQLite the
-- files beside the database are all there is, and this stays empty.
CREATE TABLE column_files (
  -- SHA-256 of the content, with an ending.
  name TEXT NOT NULL,
  part BIGINT NOT NULL,
  at BIGINT NOT NULL,
  content BYTEA NOT NULL,
  PRIMARY KEY (name, part)
);
