-- The same text for both engines. What is told as an update, by what it is about, where, and by whom. The list is that of
-- store/work/updates.rs, letter by letter: only then the engines use these indexes.
CREATE INDEX updates_by_subject ON events (subject, seq) WHERE kind IN ('answer.accepted', 'case.moved', 'case.guest_invited', 'playbook.item_done', 'playbook.written', 'process.imported', 'process.version_made', 'process.steps_edited', 'process.reference_pinned', 'improvement.planned', 'improvement.started', 'improvement.paused', 'improvement.resumed', 'improvement.extended', 'improvement.unplugged', 'improvement.decided');
CREATE INDEX updates_by_process ON events (process, seq) WHERE kind IN ('answer.accepted', 'case.moved', 'case.guest_invited', 'playbook.item_done', 'playbook.written', 'process.imported', 'process.version_made', 'process.steps_edited', 'process.reference_pinned', 'improvement.planned', 'improvement.started', 'improvement.paused', 'improvement.resumed', 'improvement.extended', 'improvement.unplugged', 'improvement.decided');
CREATE INDEX updates_by_actor ON events (actor, seq) WHERE kind IN ('answer.accepted', 'case.moved', 'case.guest_invited', 'playbook.item_done', 'playbook.written', 'process.imported', 'process.version_made', 'process.steps_edited', 'process.reference_pinned', 'improvement.planned', 'improvement.started', 'improvement.paused', 'improvement.resumed', 'improvement.extended', 'improvement.unplugged', 'improvement.decided');
-- What a person asked, for what she got by it.
CREATE INDEX questions_by_asker ON conversations (created_by) WHERE kind = 'question';

-- How much Tenon's own tools were used, as counted from the record; all of an improvement is replaced at once. What is told of a tool stands in uses.
CREATE TABLE counted_uses (
  improvement TEXT NOT NULL REFERENCES improvements (id),
  team TEXT NOT NULL,
  day BIGINT NOT NULL,
  uses BIGINT NOT NULL,
  people BIGINT NOT NULL,
  cases BIGINT NOT NULL,
  PRIMARY KEY (improvement, team, day)
);
