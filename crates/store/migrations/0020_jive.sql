-- The same text for both engines.

-- Places of networks that colleagues had before, plugged in at steps: what was answered there is known at the step.
CREATE TABLE network_places (
  id TEXT PRIMARY KEY,
  connection TEXT NOT NULL REFERENCES connections (id),
  -- The service's id of it, what it is called there, and where.
  place TEXT NOT NULL,
  name TEXT NOT NULL,
  url TEXT,
  process TEXT NOT NULL REFERENCES processes (id),
  step TEXT NOT NULL,
  plugged BIGINT NOT NULL,
  plugged_by TEXT NOT NULL,
  -- It is read whole again and again: which time this is, how far it came (null: not begun), and when it was read whole last.
  pass BIGINT NOT NULL,
  cursor TEXT,
  looked BIGINT,
  due BIGINT NOT NULL,
  -- What went wrong with this place last.
  error TEXT,
  error_at BIGINT,
  UNIQUE (connection, place, process, step)
);
CREATE INDEX network_places_by_step ON network_places (process, step);

-- What was asked there and has a marked answer.
CREATE TABLE network_questions (
  plug TEXT NOT NULL REFERENCES network_places (id),
  -- The service's id of it.
  question TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  at BIGINT,
  -- Who asked: the service's id, the name there, and a digest of the e-mail address where it is told.
  author TEXT NOT NULL,
  name TEXT NOT NULL,
  email TEXT,
  url TEXT,
  -- Another one whenever something about it changed there, and what was marked, as JSON.
  version TEXT NOT NULL,
  marks TEXT NOT NULL,
  -- When its answers are read next, and the last pass that saw it.
  due BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  PRIMARY KEY (plug, question)
);
CREATE INDEX network_questions_due ON network_questions (plug, due);
CREATE INDEX network_questions_by_email ON network_questions (email) WHERE email IS NOT NULL;

-- Answers that were marked there.
CREATE TABLE network_answers (
  id TEXT PRIMARY KEY,
  plug TEXT NOT NULL,
  question TEXT NOT NULL,
  -- The service's id of it.
  answer TEXT NOT NULL,
  author TEXT NOT NULL,
  name TEXT NOT NULL,
  email TEXT,
  at BIGINT,
  body TEXT NOT NULL,
  url TEXT,
  -- Marked as the answer, not only as helpful.
  is_correct BIGINT NOT NULL,
  UNIQUE (plug, question, answer),
  FOREIGN KEY (plug, question) REFERENCES network_questions (plug, question)
);
CREATE INDEX network_answers_by_email ON network_answers (email) WHERE email IS NOT NULL;

-- What the receiving mail server found of who sent something (passed, failed or none), and what that rests on; null: nobody was asked.
ALTER TABLE said ADD COLUMN proof TEXT;
ALTER TABLE said ADD COLUMN proof_by TEXT;

-- Digests of people who were erased: what they wrote there is not taken in again.
CREATE TABLE network_forgotten (
  digest TEXT PRIMARY KEY
);
