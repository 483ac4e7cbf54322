-- The same text for both engines.

-- Channels, where customers say something, and systems of record, where processes live.
CREATE TABLE connections (
  id TEXT PRIMARY KEY,
  -- The connector, such as mastodon or tryton.
  kind TEXT NOT NULL,
  -- channel or source
  what TEXT NOT NULL,
  -- What people here call it.
  name TEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  -- What was filled in, as JSON, sealed.
  sealed TEXT NOT NULL,
  -- Whose account it is there, as JSON.
  account TEXT NOT NULL,
  -- on, paused, signed_out or removed
  state TEXT NOT NULL,
  -- Digest of what its webhook's address ends with.
  hook TEXT UNIQUE,
  -- Of a source: its pipeline as JSON, and the process that came of it. Of a channel: the process whose cases are matched.
  pipeline TEXT,
  process TEXT REFERENCES processes (id),
  -- How to go on, as JSON.
  cursor TEXT,
  -- When it is looked at next.
  due BIGINT NOT NULL,
  -- The node that looks, and until when nobody else does.
  holder TEXT NOT NULL,
  held_until BIGINT NOT NULL,
  -- When all there was had been taken in, for the first time and the last.
  synced BIGINT,
  looked BIGINT,
  -- What was taken in so far, and of how many.
  taken BIGINT NOT NULL,
  expected BIGINT,
  -- What went wrong last, and how often in a row.
  error TEXT,
  error_at BIGINT,
  failures BIGINT NOT NULL
);
CREATE INDEX connections_due ON connections (due) WHERE state = 'on';

-- Who the customers are.
CREATE TABLE contacts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT,
  created BIGINT NOT NULL,
  -- The case that is hers, and who said so; null: Tenon found it.
  process TEXT,
  case_ref TEXT,
  matched_by TEXT,
  -- The contact she turned out to be.
  merged_into TEXT,
  -- When she objected to being answered or kept, or null.
  objected BIGINT
);
CREATE INDEX contacts_by_email ON contacts (email);
-- What they are called where they write: the service's own id stays when a handle changes.
CREATE TABLE handles (
  kind TEXT NOT NULL,
  author TEXT NOT NULL,
  contact TEXT NOT NULL REFERENCES contacts (id),
  handle TEXT NOT NULL,
  name TEXT NOT NULL,
  url TEXT,
  PRIMARY KEY (kind, author)
);
CREATE INDEX handles_by_contact ON handles (contact);

-- A conversation with a customer on a channel.
CREATE TABLE threads (
  id TEXT PRIMARY KEY,
  connection TEXT NOT NULL REFERENCES connections (id),
  -- What its messages share at the service.
  topic TEXT NOT NULL,
  contact TEXT REFERENCES contacts (id),
  -- Its first words.
  title TEXT NOT NULL,
  -- public or direct
  seen TEXT NOT NULL,
  -- What it is about: the case and its step when it came, why that one, and how sure, in per cent; who said so, if a person did.
  process TEXT,
  case_ref TEXT,
  step TEXT,
  team TEXT,
  reason TEXT NOT NULL,
  sure BIGINT NOT NULL,
  matched_by TEXT,
  -- open (waits for us), answered, closed or held (by the filter)
  state TEXT NOT NULL,
  held TEXT,
  created BIGINT NOT NULL,
  -- Since when the customer waits; when she was answered first.
  waiting BIGINT,
  replied BIGINT,
  -- When the newest of it was said.
  last BIGINT NOT NULL,
  -- Who answers, and until when nobody else does.
  claimed_by TEXT,
  claimed_until BIGINT,
  -- Not before this again.
  snoozed BIGINT,
  UNIQUE (connection, topic)
);
-- With what is counted of the queue, so that counting reads the index alone.
CREATE INDEX threads_waiting ON threads (state, waiting, id, claimed_by, case_ref);
CREATE INDEX threads_by_step ON threads (process, state, step, waiting);
CREATE INDEX threads_by_claim ON threads (claimed_by, waiting) WHERE claimed_by IS NOT NULL;
CREATE INDEX threads_by_case ON threads (process, case_ref, last);
CREATE INDEX threads_by_contact ON threads (contact, last);

-- What was said on channels, by customers and by us.
CREATE TABLE said (
  connection TEXT NOT NULL REFERENCES connections (id),
  -- The service's id of it.
  source TEXT NOT NULL,
  thread TEXT NOT NULL REFERENCES threads (id),
  -- When the service says it was said, and when it came here.
  at BIGINT NOT NULL,
  received BIGINT NOT NULL,
  -- The service's id of who said it; whether it was us.
  author TEXT NOT NULL,
  is_ours BIGINT NOT NULL,
  handle TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  url TEXT,
  -- Our reply that it is, if it went out from here.
  reply TEXT,
  edited BIGINT,
  deleted BIGINT,
  held TEXT,
  -- As it came.
  raw TEXT NOT NULL,
  PRIMARY KEY (connection, source)
);
CREATE INDEX said_by_thread ON said (thread, at, source);

-- What we answer, from its draft to what became of it.
CREATE TABLE replies (
  id TEXT PRIMARY KEY,
  thread TEXT NOT NULL REFERENCES threads (id),
  person TEXT NOT NULL,
  at BIGINT NOT NULL,
  body TEXT NOT NULL,
  -- What it answers, at the service.
  reply_to TEXT,
  -- review, returned, queued, sent, failed or withdrawn
  state TEXT NOT NULL,
  -- Who let it go, or sent it back, and why.
  reviewer TEXT,
  note TEXT,
  -- When it was first handed over: from then on it may be there.
  begun BIGINT,
  due BIGINT NOT NULL,
  held_until BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  sent BIGINT,
  error TEXT
);
CREATE INDEX replies_by_thread ON replies (thread, at);
CREATE INDEX replies_due ON replies (due) WHERE state = 'queued';
CREATE INDEX replies_to_review ON replies (at) WHERE state = 'review';

-- What colleagues say to each other about a thread.
CREATE TABLE thread_notes (
  id TEXT PRIMARY KEY,
  thread TEXT NOT NULL REFERENCES threads (id),
  person TEXT NOT NULL,
  at BIGINT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX thread_notes_by_thread ON thread_notes (thread, at);

-- How people answer at the desk: whose replies a colleague reads first, and what they know.
CREATE TABLE desk_people (
  person TEXT PRIMARY KEY,
  is_reviewed BIGINT NOT NULL,
  -- Words with commas between them.
  topics TEXT NOT NULL
);
-- Answers to use again.
CREATE TABLE canned (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL
);
