-- The same text for both engines. Passkeys, and browsers that are told by push.

CREATE INDEX passkeys_by_person ON passkeys (person);
-- What nobody came back for is swept.
CREATE INDEX one_time_by_end ON one_time (purpose, ends);

-- Browsers that are told at once; each by the push service its maker runs.
CREATE TABLE push_devices (
  -- Follows from the address, so a browser is here once.
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES people (id),
  -- Digest of the session it was switched on in: when that ends, so does this.
  session TEXT NOT NULL,
  -- Where its push service takes messages.
  address TEXT NOT NULL,
  -- What they are encrypted with: the browser's public key and a secret it shares with us, base64url.
  public TEXT NOT NULL,
  auth TEXT NOT NULL,
  agent TEXT NOT NULL,
  created BIGINT NOT NULL,
  -- When something last reached its push service.
  used BIGINT,
  -- The last event that was looked at for it.
  upto BIGINT NOT NULL
);
CREATE INDEX push_devices_by_person ON push_devices (person);
