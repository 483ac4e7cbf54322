-- The same text for both engines. What leaves Tenon, and what comes back.

-- The job that carries a notification by mail; '' when it is not to leave by mail. Set once, so a mail that is tried again
-- says the same.
ALTER TABLE notifications ADD COLUMN job TEXT;
CREATE INDEX notifications_unplanned ON notifications (person, conversation, event)
  WHERE mailed IS NULL AND read IS NULL AND job IS NULL;
CREATE INDEX notifications_by_job ON notifications (job) WHERE job IS NOT NULL AND job <> '';
CREATE INDEX jobs_dead ON jobs (dead) WHERE dead IS NOT NULL;

-- Addresses outside that are told of what happens.
CREATE TABLE hooks (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  -- What signs; has to be known here, and is shown to a person once.
  secret TEXT NOT NULL,
  -- Kinds of events with blanks between them, or beginnings of kinds such as "question."; empty for all.
  kinds TEXT NOT NULL,
  -- on or off
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  -- The last event that was looked at for it.
  upto BIGINT NOT NULL
);
-- One a hook and event, so nothing is knowingly sent twice.
CREATE TABLE deliveries (
  hook TEXT NOT NULL REFERENCES hooks (id),
  seq BIGINT NOT NULL,
  kind TEXT NOT NULL,
  -- waiting, sent or failed
  status TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  at BIGINT NOT NULL,
  -- Of the last attempt.
  error TEXT,
  code BIGINT,
  ms BIGINT,
  PRIMARY KEY (hook, seq)
);
CREATE INDEX deliveries_waiting ON deliveries (hook) WHERE status = 'waiting';

-- Addresses here under which programs write notes.
CREATE TABLE incoming (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  person TEXT NOT NULL REFERENCES people (id),
  process TEXT NOT NULL REFERENCES processes (id),
  name TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT,
  revoked BIGINT
);

-- Reading one's own stream in a feed reader; one a person.
CREATE TABLE feed_tokens (
  person TEXT PRIMARY KEY REFERENCES people (id),
  digest TEXT NOT NULL UNIQUE,
  created BIGINT NOT NULL
);

-- Mail that came in: what became of it, counted by day.
CREATE TABLE mail_counts (
  day BIGINT NOT NULL,
  what TEXT NOT NULL,
  count BIGINT NOT NULL,
  PRIMARY KEY (day, what)
);
