-- The same text for both engines.

-- How a hook tells: json (Standard Webhooks), or chat (a line of text, as Slack and Mattermost take it).
ALTER TABLE hooks ADD COLUMN form TEXT NOT NULL DEFAULT 'json';
