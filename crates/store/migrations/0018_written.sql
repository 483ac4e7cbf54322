-- The same text for both engines.

-- Since when links to cases are written back to the system they are of; null: nothing is written.
ALTER TABLE connections ADD COLUMN writes_back BIGINT;

-- Links that are to be written or were: one for a case.
CREATE TABLE written (
  connection TEXT NOT NULL REFERENCES connections (id),
  process TEXT NOT NULL,
  case_ref TEXT NOT NULL,
  made BIGINT NOT NULL,
  due BIGINT NOT NULL,
  held_until BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  -- When it was written, and what the service calls it.
  written BIGINT,
  place TEXT,
  -- When it was given up, or what the last attempt was told.
  failed BIGINT,
  error TEXT,
  PRIMARY KEY (connection, case_ref)
);
CREATE INDEX written_due ON written (due) WHERE written IS NULL AND failed IS NULL;
