-- The same text for both engines.

-- The thread that shows its messages, where a colleague merged it: the one that is left, however often that was merged on.
ALTER TABLE threads ADD COLUMN merged_into TEXT;
CREATE INDEX threads_merged ON threads (merged_into, created, replied) WHERE merged_into IS NOT NULL;
-- What was merged into what, and how both were before, so that it can be undone.
CREATE TABLE thread_merges (
  thread TEXT PRIMARY KEY REFERENCES threads (id),
  into_thread TEXT NOT NULL REFERENCES threads (id),
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  state TEXT NOT NULL,
  into_state TEXT NOT NULL,
  into_snoozed BIGINT,
  -- Nobody was known to have written it, and whoever merged it said that it is of the same customer.
  took_contact BIGINT NOT NULL
);
