-- The same text for both engines.

-- All that is asked of a process's conversations when a verdict is given on them.
CREATE INDEX threads_of_process ON threads (process, step, team, state, created, replied);

-- The node that listens to its stream, and until when nobody else does.
ALTER TABLE connections ADD COLUMN listener TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN listened_until BIGINT NOT NULL DEFAULT 0;
-- Days after which what was said on it goes, and what came with it as it came; null: never.
ALTER TABLE connections ADD COLUMN keep_days BIGINT;
ALTER TABLE connections ADD COLUMN raw_days BIGINT;
