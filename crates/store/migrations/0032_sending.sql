-- The same text for both engines.

-- What replies on a channel are signed with: {first} and {name} stand for who wrote them. Empty: nothing; null: as is usual.
ALTER TABLE connections ADD COLUMN signature TEXT;
-- Before this moment nothing is sent: the service asked to wait.
ALTER TABLE connections ADD COLUMN sends_from BIGINT NOT NULL DEFAULT 0;
-- What goes out behind the words, as it was when the reply was queued.
ALTER TABLE replies ADD COLUMN signed TEXT NOT NULL DEFAULT '';

-- Rooms of a channel in which colleagues talk about a case, and no customer: each is the conversation of that case.
CREATE TABLE internal_rooms (
  connection TEXT NOT NULL REFERENCES connections (id),
  -- What the service calls it, and people.
  topic TEXT NOT NULL,
  name TEXT NOT NULL,
  process TEXT NOT NULL REFERENCES processes (id),
  -- The case and its conversation; null when it was erased, and what is said there goes nowhere.
  case_ref TEXT,
  conversation TEXT UNIQUE,
  created BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  -- The number of the newest of our messages that is there, and since when the next may be.
  sent BIGINT NOT NULL,
  begun BIGINT,
  due BIGINT NOT NULL,
  held_until BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  error TEXT,
  PRIMARY KEY (connection, topic)
);
