-- The same text for both engines. What happens beside posts is little, and is looked for by what it is about, where, and by whom.
CREATE INDEX updates_by_subject ON events (subject, seq) WHERE kind <> 'message.posted';
CREATE INDEX updates_by_process ON events (process, seq) WHERE kind <> 'message.posted';
CREATE INDEX updates_by_actor ON events (actor, seq) WHERE kind <> 'message.posted';
