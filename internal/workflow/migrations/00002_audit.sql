-- +goose Up

-- Every decision and every attempt of a step, in the order of its run; added
-- to and never changed. Decisions about no single run stand under '*'.
CREATE TABLE run_trail (
  run    TEXT NOT NULL,
  number INTEGER NOT NULL,            -- from 1
  record TEXT NOT NULL,               -- JSON, as its link was made of it
  reason TEXT,                        -- what a person said; the record has its digest, so it can be erased
  link   BLOB NOT NULL,               -- of the link before and the record, with the key
  PRIMARY KEY (run, number)
) WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER run_trail_adds BEFORE INSERT ON run_trail
WHEN NEW.number <> 1 + coalesce((SELECT max(number) FROM run_trail WHERE run = NEW.run), 0)
BEGIN
  SELECT raise(ABORT, 'the audit of runs is only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER run_trail_stays BEFORE UPDATE ON run_trail
WHEN NEW.reason IS NOT NULL OR NEW.run <> OLD.run OR NEW.number <> OLD.number OR NEW.record <> OLD.record OR NEW.link <> OLD.link
BEGIN
  SELECT raise(ABORT, 'the audit of runs is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER run_trail_keeps BEFORE DELETE ON run_trail
BEGIN
  SELECT raise(ABORT, 'the audit of runs is never deleted');
END;
-- +goose StatementEnd

-- Where each run's chain ends: found when its end is cut off.
ALTER TABLE runs ADD COLUMN trail INTEGER NOT NULL DEFAULT 0; -- records so far
ALTER TABLE runs ADD COLUMN head BLOB;                        -- link of the last one
ALTER TABLE runs ADD COLUMN seal BLOB;                        -- of both, with the key

-- Over the heads of all chains: found when a whole run is taken out.
CREATE TABLE run_anchor (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  key   TEXT NOT NULL,                -- which key, not the key
  runs  INTEGER NOT NULL,             -- chains
  sum   BLOB NOT NULL,                -- of a keyed number for each head
  seal  BLOB NOT NULL,                -- of both, with the key
  trail INTEGER NOT NULL DEFAULT 0,   -- of the chain '*', as in runs
  head  BLOB,
  mark  BLOB                          -- its seal
);

-- No release has written it, and it was not chained.
DROP TABLE run_audit;

-- What the operator holds back: '*', 'playbook:ID' or 'run:ID'.
CREATE TABLE run_freezes (
  scope  TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  actor  TEXT NOT NULL,               -- id
  since  INTEGER NOT NULL
) WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN frozen INTEGER;                    -- since when the run stands because of one
ALTER TABLE runs ADD COLUMN held INTEGER;                      -- since when it has its lock
ALTER TABLE runs ADD COLUMN askers TEXT NOT NULL DEFAULT '[]'; -- JSON: who asked for it again: their approval doesn't count

ALTER TABLE run_steps ADD COLUMN looks INTEGER NOT NULL DEFAULT 0; -- of a wait with until

-- +goose Down
ALTER TABLE run_steps DROP COLUMN looks;
ALTER TABLE runs DROP COLUMN askers;
ALTER TABLE runs DROP COLUMN held;
ALTER TABLE runs DROP COLUMN frozen;
DROP TABLE run_freezes;
CREATE TABLE run_audit (
  run    TEXT NOT NULL,
  number INTEGER NOT NULL,
  time   INTEGER NOT NULL,
  event  TEXT NOT NULL,
  actor  TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run, number)
) WITHOUT ROWID;
DROP TABLE run_anchor;
ALTER TABLE runs DROP COLUMN seal;
ALTER TABLE runs DROP COLUMN head;
ALTER TABLE runs DROP COLUMN trail;
DROP TABLE run_trail;
