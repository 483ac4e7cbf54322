-- The same text for both engines.

-- Posts of our own, from their draft to what became of them.
CREATE TABLE shares (
  id TEXT PRIMARY KEY,
  -- Where it was written, and the improvement by which Share is plugged in there.
  process TEXT NOT NULL REFERENCES processes (id),
  step TEXT NOT NULL,
  improvement TEXT NOT NULL,
  -- What it was made of, if of something: a case, or a question with an accepted answer.
  case_ref TEXT,
  conversation TEXT,
  person TEXT NOT NULL,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  body TEXT NOT NULL,
  -- Whether it republishes words or pictures of somebody: nobody, somebody, or empty while that is not said.
  republishes TEXT NOT NULL,
  -- draft, review, returned, approved, scheduled, published or discarded
  state TEXT NOT NULL,
  -- Who let it go, or sent it back, and why.
  reviewer TEXT,
  note TEXT,
  -- When it goes, or went.
  at BIGINT,
  scheduled_by TEXT
);
CREATE INDEX shares_by_state ON shares (state, changed);
CREATE INDEX shares_by_step ON shares (process, step, changed);
CREATE INDEX shares_due ON shares (at) WHERE state = 'scheduled';

-- Whose words or pictures a post republishes, and who said that it may.
CREATE TABLE share_credits (
  share TEXT NOT NULL REFERENCES shares (id),
  number BIGINT NOT NULL,
  whose TEXT NOT NULL,
  -- words or picture
  what TEXT NOT NULL,
  -- The permission: who gave it, on which day, and by what; empty and null while there is none.
  given_by TEXT NOT NULL,
  given_on BIGINT,
  given_how TEXT NOT NULL,
  PRIMARY KEY (share, number)
);

-- A post on one channel, on its way out and there.
CREATE TABLE publications (
  id TEXT PRIMARY KEY,
  share TEXT NOT NULL REFERENCES shares (id),
  connection TEXT NOT NULL REFERENCES connections (id),
  -- Other words than the post's, or null.
  body TEXT,
  -- chosen, queued, sent, failed or dropped
  state TEXT NOT NULL,
  -- When it was first handed over: from then on it may be there.
  begun BIGINT,
  due BIGINT NOT NULL,
  held_until BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  sent BIGINT,
  -- The service's id of it.
  source TEXT,
  url TEXT,
  error TEXT,
  -- What came of it, as far as the service tells; when that was read last, and when it is read next.
  likes BIGINT,
  reposts BIGINT,
  replies BIGINT,
  views BIGINT,
  echoed BIGINT,
  echo_due BIGINT,
  echo_error TEXT,
  UNIQUE (share, connection)
);
CREATE INDEX publications_due ON publications (due) WHERE state = 'queued';
CREATE INDEX publications_to_echo ON publications (echo_due) WHERE echo_due IS NOT NULL;
CREATE INDEX publications_by_source ON publications (connection, source);

-- Conversations that began as answers to a post.
CREATE TABLE share_threads (
  thread TEXT PRIMARY KEY REFERENCES threads (id),
  publication TEXT NOT NULL REFERENCES publications (id)
);
CREATE INDEX share_threads_by_publication ON share_threads (publication);

-- Whose posts nobody reads first, and who said so.
CREATE TABLE share_people (
  person TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL
);
