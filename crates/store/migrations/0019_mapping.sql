-- The same text for both engines.

-- How what a source tells of its cases is read, as an owner decided; none: as the source tells it.
CREATE TABLE source_mappings (
  connection TEXT PRIMARY KEY REFERENCES connections (id),
  version BIGINT NOT NULL,
  at BIGINT NOT NULL,
  by_person TEXT NOT NULL,
  -- JSON: the fields, by what the source calls them.
  fields TEXT NOT NULL
);

-- Who here is somebody whom a source names.
CREATE TABLE source_people (
  connection TEXT NOT NULL REFERENCES connections (id),
  -- As the source tells her: an e-mail address or a name.
  told TEXT NOT NULL,
  person TEXT NOT NULL,
  -- Her name when that was said: what events and cases show.
  name TEXT NOT NULL,
  PRIMARY KEY (connection, told)
);
CREATE INDEX source_people_by_person ON source_people (person);
