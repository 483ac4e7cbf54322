-- Words of messages, by the number of the message; the texts themselves stay where they are.
CREATE TABLE words (
  message BIGINT PRIMARY KEY,
  words TSVECTOR NOT NULL
);
CREATE INDEX words_in ON words USING GIN (words);
