-- The same text for both engines.

-- Who works here. A guest sees only the cases she was asked into.
CREATE TABLE people (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  -- What others write behind an @.
  handle TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  -- owner, manager, member or guest
  role TEXT NOT NULL,
  -- active, suspended or erased
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  -- argon2id in PHC form; null: signs in by other means.
  password TEXT,
  -- Issuer and subject of the identity provider.
  subject TEXT UNIQUE,
  -- Under which name the directory that provisions people knows her.
  external TEXT UNIQUE,
  zone TEXT NOT NULL,
  -- JSON: what she wants to be told, how, and when her morning is.
  settings TEXT NOT NULL
);

CREATE TABLE teams (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  handle TEXT NOT NULL UNIQUE,
  created BIGINT NOT NULL,
  external TEXT UNIQUE
);
CREATE TABLE members (
  team TEXT NOT NULL REFERENCES teams (id),
  person TEXT NOT NULL REFERENCES people (id),
  PRIMARY KEY (team, person)
);
CREATE INDEX members_by_person ON members (person);

-- Only digests of what opens a door are kept.
CREATE TABLE sessions (
  digest TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES people (id),
  created BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  ends BIGINT NOT NULL,
  agent TEXT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person);
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  person TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  -- Words with blanks between them: read, write, admin, scim.
  scopes TEXT NOT NULL,
  created BIGINT NOT NULL,
  ends BIGINT,
  used BIGINT,
  revoked BIGINT
);
CREATE INDEX tokens_by_person ON tokens (person);
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  -- JSON of the credential.
  credential TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT
);
-- Links that sign in once, and what a sign-in under way has to remember.
CREATE TABLE one_time (
  digest TEXT PRIMARY KEY,
  -- first, sign-in, invite, oidc, passkey
  purpose TEXT NOT NULL,
  person TEXT REFERENCES people (id),
  payload TEXT NOT NULL,
  created BIGINT NOT NULL,
  ends BIGINT NOT NULL,
  used BIGINT
);

-- Cases that guests may see.
CREATE TABLE case_guests (
  process TEXT NOT NULL REFERENCES processes (id),
  case_ref TEXT NOT NULL,
  person TEXT NOT NULL REFERENCES people (id),
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  PRIMARY KEY (person, process, case_ref)
);

-- A thread on a case, or a question at a step.
CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  -- room or question
  kind TEXT NOT NULL,
  process TEXT NOT NULL REFERENCES processes (id),
  case_ref TEXT,
  step TEXT,
  -- Of a question: its first line. Empty otherwise.
  title TEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  -- Its newest message.
  last BIGINT NOT NULL,
  -- Of a question: the answer that was accepted, and when.
  accepted BIGINT,
  accepted_at BIGINT,
  -- Of a question: how often it was passed on because nobody answered.
  escalated BIGINT NOT NULL
);
CREATE UNIQUE INDEX rooms ON conversations (process, case_ref) WHERE kind = 'room';
CREATE INDEX conversations_by_case ON conversations (process, case_ref);
CREATE INDEX conversations_by_step ON conversations (process, step, last);

-- The number of a message is that of the event that brought it.
CREATE TABLE messages (
  id BIGINT PRIMARY KEY,
  conversation TEXT NOT NULL REFERENCES conversations (id),
  author TEXT NOT NULL,
  at BIGINT NOT NULL,
  -- note, question or answer
  kind TEXT NOT NULL,
  -- Markdown as it was written.
  body TEXT NOT NULL,
  -- What the writer calls it, so that a second try does not post twice.
  client TEXT,
  edited BIGINT,
  deleted BIGINT,
  pinned BIGINT
);
CREATE INDEX messages_by_conversation ON messages (conversation, id);
CREATE INDEX messages_by_author ON messages (author, id);
CREATE INDEX answers_by_author ON messages (author, at) WHERE kind = 'answer';
CREATE UNIQUE INDEX messages_by_client ON messages (author, client) WHERE client IS NOT NULL;
-- What a message said before.
CREATE TABLE message_versions (
  message BIGINT NOT NULL REFERENCES messages (id),
  at BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (message, at)
);
CREATE TABLE reactions (
  message BIGINT NOT NULL REFERENCES messages (id),
  person TEXT NOT NULL,
  emoji TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (message, person, emoji)
);
CREATE TABLE attachments (
  id TEXT PRIMARY KEY,
  -- Null until the message is posted.
  message BIGINT REFERENCES messages (id),
  person TEXT NOT NULL,
  at BIGINT NOT NULL,
  name TEXT NOT NULL,
  media TEXT NOT NULL,
  size BIGINT NOT NULL,
  -- SHA-256 of the content, the name of its file.
  digest TEXT NOT NULL
);
CREATE INDEX attachments_by_message ON attachments (message);

-- What a person wants to see, or not.
CREATE TABLE follows (
  person TEXT NOT NULL,
  -- conversation, person, step or process
  kind TEXT NOT NULL,
  -- An id; of a step its process, a slash and its name.
  target TEXT NOT NULL,
  -- follow or mute
  level TEXT NOT NULL,
  at BIGINT NOT NULL,
  -- Snoozed until.
  until BIGINT,
  PRIMARY KEY (person, kind, target)
);
CREATE INDEX follows_by_target ON follows (kind, target);

-- How far a person has read a conversation.
CREATE TABLE reads (
  person TEXT NOT NULL,
  conversation TEXT NOT NULL,
  upto BIGINT NOT NULL,
  PRIMARY KEY (person, conversation)
);
CREATE TABLE drafts (
  person TEXT NOT NULL,
  -- Where it is being written: an address within Tenon.
  place TEXT NOT NULL,
  at BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (person, place)
);

-- What a person is told; one a person and event, so nothing is told twice.
CREATE TABLE notifications (
  person TEXT NOT NULL,
  event BIGINT NOT NULL,
  -- mention, asked, answered, accepted, replied, escalated, invited
  kind TEXT NOT NULL,
  conversation TEXT,
  at BIGINT NOT NULL,
  read BIGINT,
  -- When it left by mail.
  mailed BIGINT,
  PRIMARY KEY (person, event)
);
CREATE INDEX notifications_by_event ON notifications (event);
CREATE INDEX notifications_to_mail ON notifications (at) WHERE mailed IS NULL AND read IS NULL;

-- Whom a question was put to, and why.
CREATE TABLE asked (
  conversation TEXT NOT NULL REFERENCES conversations (id),
  person TEXT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  declined BIGINT,
  PRIMARY KEY (conversation, person)
);
CREATE INDEX asked_by_person ON asked (person, at);

-- A checklist of a step, in Markdown; each change is a new version.
CREATE TABLE playbooks (
  process TEXT NOT NULL REFERENCES processes (id),
  step TEXT NOT NULL,
  version BIGINT NOT NULL,
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (process, step, version)
);
CREATE TABLE checks (
  process TEXT NOT NULL,
  case_ref TEXT NOT NULL,
  step TEXT NOT NULL,
  -- The item's own name in the playbook, the same through versions.
  item TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  PRIMARY KEY (process, case_ref, step, item)
);

-- Work to be done later, or again.
CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  -- The same work is queued once.
  key TEXT NOT NULL UNIQUE,
  payload TEXT NOT NULL,
  created BIGINT NOT NULL,
  due BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  -- Until when a worker has it.
  claimed BIGINT,
  done BIGINT,
  -- When it was given up, and why.
  dead BIGINT,
  error TEXT
);
CREATE INDEX jobs_due ON jobs (due) WHERE done IS NULL AND dead IS NULL;

-- What was attached, by the SHA-256 of it; in the database, so that every node has it and a backup holds it.
CREATE TABLE blobs (
  digest TEXT PRIMARY KEY,
  content BYTEA NOT NULL
);
