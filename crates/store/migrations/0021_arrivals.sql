-- The same text for both engines.

-- What webhooks told in a burst, as it came: acknowledged, and not yet on the desk. One row holds what one commit took.
CREATE TABLE arrivals (
  -- Sorts by time.
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  -- A list of deliveries: of which connection, and what was said.
  told TEXT NOT NULL,
  -- What could not be taken in is tried again later.
  attempts BIGINT NOT NULL,
  due BIGINT NOT NULL,
  -- Of what failed: of which connection it is, and why.
  connection TEXT,
  error TEXT
);
