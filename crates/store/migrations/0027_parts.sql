-- The same text for both engines.

-- Which of the threads that are worked on as one a draft is for; null: the whole.
ALTER TABLE drafts ADD COLUMN about TEXT;
-- Messages whose author took them back before they came, for some days: they come as taken back.
CREATE TABLE taken_back (
  connection TEXT NOT NULL REFERENCES connections (id),
  source TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (connection, source)
);
CREATE INDEX taken_back_oldest ON taken_back (connection, at);
