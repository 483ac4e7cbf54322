-- The same text for both engines.

-- When a mail server was first handed what a job carries. Not ended and begun means that nobody here knows whether it was taken.
ALTER TABLE jobs ADD COLUMN begun BIGINT;
-- The job that may have told of it before. Set once, so that what is in doubt is told of once more and not again and again.
ALTER TABLE notifications ADD COLUMN doubt TEXT;

-- Mailboxes that answers are fetched from, and how far.
CREATE TABLE mailboxes (
  -- user@host/folder, without the password
  name TEXT PRIMARY KEY,
  -- UIDVALIDITY, which names the numbering, and the last UID that was taken in; 0 before the first look.
  validity BIGINT NOT NULL,
  upto BIGINT NOT NULL,
  -- Up to this UID only what nobody has read is taken in: it was there before Tenon was.
  old BIGINT NOT NULL,
  -- When all there was had been taken in.
  looked BIGINT,
  -- The node that fetches, and until when nobody else does.
  holder TEXT NOT NULL,
  held_until BIGINT NOT NULL,
  -- How it is: since when it is connected, when the last mail was taken in, what went wrong last.
  connected BIGINT,
  last_mail BIGINT,
  error TEXT,
  error_at BIGINT
);
-- Mails that were fetched and not let in.
CREATE TABLE mail_refused (
  mailbox TEXT NOT NULL,
  validity BIGINT NOT NULL,
  uid BIGINT NOT NULL,
  at BIGINT NOT NULL,
  -- The address it says it is from; may be empty.
  sender TEXT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (mailbox, validity, uid)
);
CREATE INDEX mail_refused_by_time ON mail_refused (at);
