-- Whose something was before contacts that are one were merged; null: it is of the contact that has it now.
ALTER TABLE handles ADD COLUMN own_contact TEXT;
ALTER TABLE consents ADD COLUMN own_contact TEXT;
ALTER TABLE threads ADD COLUMN own_contact TEXT;
-- Which contact was merged into which, so that it can be undone.
CREATE TABLE contact_merges (
  contact TEXT PRIMARY KEY REFERENCES contacts (id),
  into_contact TEXT NOT NULL REFERENCES contacts (id),
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  -- Whether the case of the one became that of the other, which had none.
  took_case BIGINT NOT NULL
);
CREATE INDEX contacts_by_name ON contacts (lower(name), id) WHERE merged_into IS NULL;
CREATE INDEX contacts_by_case ON contacts (process, case_ref) WHERE case_ref IS NOT NULL;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;
-- Who has handles is nobody else; and whoever was merged is part of who is left, however often that was merged on.
UPDATE contacts SET merged_into = NULL WHERE id IN (SELECT contact FROM handles);
WITH RECURSIVE up (id, root) AS (SELECT id, id FROM contacts WHERE merged_into IS NULL
  UNION ALL SELECT c.id, up.root FROM contacts c JOIN up ON c.merged_into = up.id)
UPDATE contacts SET merged_into = (SELECT root FROM up WHERE up.id = contacts.id)
WHERE merged_into IN (SELECT id FROM up WHERE id <> root);
-- What customers are called does not belong into the record, where erasing them does not look.
UPDATE events SET payload = (payload::jsonb - 'handles')::text WHERE kind = 'customer.merged';
