-- The same text for both engines.

-- What is listened to at a step, on a channel.
CREATE TABLE wishes (
  id TEXT PRIMARY KEY,
  process TEXT NOT NULL REFERENCES processes (id),
  step TEXT NOT NULL,
  connection TEXT NOT NULL REFERENCES connections (id),
  -- mention, account, tag or phrase
  what TEXT NOT NULL,
  -- Without # or @; empty for mentions.
  words TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  removed BIGINT
);
CREATE INDEX wishes_by_connection ON wishes (connection) WHERE removed IS NULL;
CREATE INDEX wishes_by_step ON wishes (process, step);

-- Threads that listening found, by the step whose wish it was; of no step where the connection itself listens.
CREATE TABLE finds (
  thread TEXT NOT NULL REFERENCES threads (id),
  process TEXT NOT NULL,
  step TEXT NOT NULL,
  connection TEXT NOT NULL,
  what TEXT NOT NULL,
  words TEXT NOT NULL,
  at BIGINT NOT NULL,
  -- The service's id of who said it.
  author TEXT NOT NULL,
  -- What a person made of it: let_in or dismissed.
  outcome TEXT,
  decided BIGINT,
  decided_by TEXT,
  PRIMARY KEY (thread, process, step)
);
CREATE INDEX finds_by_step ON finds (process, step, at);
CREATE INDEX finds_by_words ON finds (connection, words, at);
CREATE INDEX threads_found ON threads (last, id) WHERE state = 'found';

-- Digests of what was said in public of late, so that the same text from another account is known.
CREATE TABLE heard (
  print TEXT NOT NULL,
  connection TEXT NOT NULL,
  author TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (print, connection, author)
);
CREATE INDEX heard_by_time ON heard (at);

-- Many accounts at once where few are usual. The owners are told of it: a notification of the kind piled_on, without a conversation.
CREATE TABLE pile_ons (
  id TEXT PRIMARY KEY,
  connection TEXT NOT NULL REFERENCES connections (id),
  words TEXT NOT NULL,
  began BIGINT NOT NULL,
  last BIGINT NOT NULL,
  authors BIGINT NOT NULL,
  -- held, let_in or dismissed
  state TEXT NOT NULL,
  decided_by TEXT
);
CREATE INDEX pile_ons_by_words ON pile_ons (connection, words, last);

-- Whom the filter lets through on a channel, and whom it holds.
CREATE TABLE voices (
  connection TEXT NOT NULL REFERENCES connections (id),
  -- The service's id.
  author TEXT NOT NULL,
  -- allowed, blocked or ours (a colleague's own account)
  mark TEXT NOT NULL,
  handle TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  PRIMARY KEY (connection, author)
);

-- What a customer said of being kept and answered, as a colleague noted it.
CREATE TABLE consents (
  id TEXT PRIMARY KEY,
  contact TEXT NOT NULL REFERENCES contacts (id),
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  -- consented, withdrawn, objected or lifted
  what TEXT NOT NULL,
  -- How she said it.
  how TEXT NOT NULL
);
CREATE INDEX consents_by_contact ON consents (contact, at);
