-- The same text for both engines.

-- Who changes the key of a connection just now, and until when nobody else does: a refresh token works once.
ALTER TABLE connections ADD COLUMN renewer TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN renewed_until BIGINT NOT NULL DEFAULT 0;

-- Signing in to services, under way: first until the browser comes back, then until what was signed in to is connected.
CREATE TABLE sign_ins (
  -- Digest of what the browser carries meanwhile.
  digest TEXT PRIMARY KEY,
  -- Who began, and digest of the session or name of the token she did it with.
  person TEXT NOT NULL,
  door TEXT NOT NULL,
  -- The connector, such as mastodon.
  kind TEXT NOT NULL,
  -- The connection that is signed in to again; a new one has none yet.
  connection TEXT,
  -- away or back
  stage TEXT NOT NULL,
  -- What was filled in, the verifier and the tokens, as JSON, sealed.
  sealed TEXT NOT NULL,
  ends BIGINT NOT NULL
);
CREATE INDEX sign_ins_by_end ON sign_ins (ends);
