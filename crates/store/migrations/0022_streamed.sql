-- The same text for both engines.

-- What a stream told in a month, where the service bills what is read: such as 2026-11, and how much.
ALTER TABLE connections ADD COLUMN told_month TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
