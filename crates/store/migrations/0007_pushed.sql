-- The same text for both engines. What other programs told us of cases, as they told it: a fact each, and the source of what
-- the columns are made of. An event is told once under its id; the attributes of a case count as told last.
CREATE TABLE pushed (
  process TEXT NOT NULL REFERENCES processes (id),
  -- event or case
  kind TEXT NOT NULL,
  case_ref TEXT NOT NULL,
  -- What the other program calls the event; '' for the attributes of a case.
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  -- The place in its list.
  place BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  -- JSON
  body TEXT NOT NULL,
  -- The import that took it into the columns.
  folded TEXT,
  PRIMARY KEY (process, case_ref, kind, id)
);
CREATE INDEX pushed_waiting ON pushed (process, at, place) WHERE folded IS NULL;
