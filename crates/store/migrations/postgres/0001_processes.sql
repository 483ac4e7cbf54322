-- Everything that happens, once, in order. Never updated, never deleted from.
CREATE TABLE events (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  process TEXT,
  payload TEXT NOT NULL
);
CREATE INDEX events_by_process ON events (process, seq);

CREATE TABLE processes (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  created BIGINT NOT NULL,
  -- File beside the database that holds the log; null while there is only a model.
  columns_file TEXT,
  cases BIGINT NOT NULL,
  events BIGINT NOT NULL,
  version BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  team_column TEXT
);

-- What the process is said to be, each time that changed.
CREATE TABLE versions (
  process TEXT NOT NULL REFERENCES processes (id),
  number BIGINT NOT NULL,
  at BIGINT NOT NULL,
  definition TEXT NOT NULL,
  changes TEXT NOT NULL,
  PRIMARY KEY (process, number)
);

-- How the owner reads the process: names, grouping and order of steps.
CREATE TABLE steps (
  process TEXT NOT NULL REFERENCES processes (id),
  revision BIGINT NOT NULL,
  at BIGINT NOT NULL,
  steps TEXT NOT NULL,
  PRIMARY KEY (process, revision)
);

-- The model cases are held against.
CREATE TABLE models (
  process TEXT PRIMARY KEY REFERENCES processes (id),
  at BIGINT NOT NULL,
  origin TEXT NOT NULL,
  name TEXT NOT NULL,
  bpmn TEXT NOT NULL
);

CREATE TABLE imports (
  id TEXT PRIMARY KEY,
  process TEXT NOT NULL REFERENCES processes (id),
  at BIGINT NOT NULL,
  file_name TEXT NOT NULL,
  digest TEXT NOT NULL,
  kind TEXT NOT NULL,
  cases_added BIGINT NOT NULL,
  events_added BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  notes TEXT NOT NULL,
  skipped_rows TEXT NOT NULL,
  UNIQUE (process, digest)
);

-- How the columns of a table were understood, by the fingerprint of its header.
CREATE TABLE mappings (
  fingerprint TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  mapping TEXT NOT NULL
);
