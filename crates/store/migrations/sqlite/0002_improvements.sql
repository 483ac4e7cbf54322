-- What an event is about beside its process: an improvement, say.
ALTER TABLE events ADD COLUMN subject TEXT;
CREATE INDEX events_by_subject ON events (subject, seq);

-- What the business wants; each improvement serves one, or none.
CREATE TABLE goals (
  id TEXT PRIMARY KEY,
  process TEXT NOT NULL REFERENCES processes (id),
  at BIGINT NOT NULL,
  name TEXT NOT NULL,
  -- What it is measured by: days from start to end, share won, and so on.
  measure TEXT NOT NULL,
  target DOUBLE PRECISION,
  UNIQUE (process, name)
);

-- One tool plugged into one step.
CREATE TABLE improvements (
  id TEXT PRIMARY KEY,
  process TEXT NOT NULL REFERENCES processes (id),
  goal TEXT REFERENCES goals (id),
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  tool TEXT NOT NULL,
  name TEXT NOT NULL,
  link TEXT,
  step TEXT NOT NULL,
  measure TEXT NOT NULL,
  state TEXT NOT NULL,
  -- JSON: the lot, the horizon, the zone, the planned end, pauses, cost.
  plan TEXT NOT NULL,
  ended BIGINT
);
CREATE INDEX improvements_by_process ON improvements (process, created);

-- When each team is to have the tool, and when it has.
CREATE TABLE rollouts (
  improvement TEXT NOT NULL REFERENCES improvements (id),
  team TEXT NOT NULL,
  -- Place in the order that was drawn.
  turn BIGINT NOT NULL,
  -- Null: by the plan this team never starts while it is measured.
  planned BIGINT,
  -- Null: not by the plan but at this moment, a departure from it.
  moved BIGINT,
  PRIMARY KEY (improvement, team)
);

-- What was said on which day. Kept, never changed.
CREATE TABLE verdicts (
  improvement TEXT NOT NULL REFERENCES improvements (id),
  -- First moment of the UTC day up to which the record was read.
  day BIGINT NOT NULL,
  at BIGINT NOT NULL,
  -- What it was computed from; another fingerprint, another verdict.
  source TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (improvement, day, source)
);

-- How much a tool was used, a row a team and day.
CREATE TABLE uses (
  improvement TEXT NOT NULL REFERENCES improvements (id),
  team TEXT NOT NULL,
  day BIGINT NOT NULL,
  uses BIGINT NOT NULL,
  people BIGINT NOT NULL,
  cases BIGINT NOT NULL,
  PRIMARY KEY (improvement, team, day)
);

-- What holds for the whole installation.
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
