-- The same text for both engines.

-- What is put off is looked for by connection: for each that is shown, and when something is taken back.
CREATE INDEX arrivals_put_off ON arrivals (connection, id) WHERE connection IS NOT NULL;
