-- +goose Up

-- Times are milliseconds since 1970 by the database's clock.

-- What runs were started with, once for all runs of the same file.
CREATE TABLE run_playbooks (
  hash   TEXT PRIMARY KEY,
  file   TEXT NOT NULL,
  source BLOB NOT NULL
);

CREATE TABLE runs (
  seq      INTEGER PRIMARY KEY AUTOINCREMENT, -- order of starting
  id       TEXT NOT NULL UNIQUE,
  hash     TEXT NOT NULL REFERENCES run_playbooks (hash),
  playbook TEXT NOT NULL,
  undoes   TEXT NOT NULL DEFAULT '',  -- the run whose steps this one takes back
  person   TEXT NOT NULL,             -- by's id
  request  TEXT NOT NULL DEFAULT '',
  origin   TEXT NOT NULL,             -- JSON: by, at, message, line
  inputs   TEXT NOT NULL,             -- JSON
  given    TEXT NOT NULL DEFAULT '{}',-- JSON: replies that it began with

  state    TEXT NOT NULL,
  waits    TEXT NOT NULL DEFAULT '',  -- what a waiting run waits for
  position INTEGER NOT NULL DEFAULT 0,-- index of the step in hand
  step     TEXT NOT NULL DEFAULT '',  -- its id
  due_at   INTEGER,                   -- when a worker has to look: queue time, lease end, approval timeout; null is never
  forgiven INTEGER NOT NULL DEFAULT 0,-- attempts of the step in hand before somebody said retry
  epoch    INTEGER NOT NULL DEFAULT 0,-- grows whenever the run changes hands: a commit with another is refused
  cancel   TEXT NOT NULL DEFAULT '',  -- who asked a running run to stop
  needs    TEXT NOT NULL DEFAULT '[]',-- JSON: approval rules that hold
  round    INTEGER NOT NULL DEFAULT 0,-- of approval: an older round's decisions are void
  digest   TEXT NOT NULL DEFAULT '',  -- of what the approvals are bound to
  lock     TEXT NOT NULL DEFAULT '',
  ticket   INTEGER,                   -- place in the lock's queue
  holds    INTEGER NOT NULL DEFAULT 0,-- 1: it has the lock
  said     INTEGER NOT NULL DEFAULT 0,-- reports so far: the next one's number

  started  INTEGER NOT NULL,
  ended    INTEGER,
  error    TEXT NOT NULL DEFAULT '',
  result   TEXT NOT NULL DEFAULT '',
  links    TEXT NOT NULL DEFAULT '[]' -- JSON
);
CREATE INDEX runs_due ON runs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX runs_cancel ON runs (id) WHERE cancel <> '' AND ended IS NULL;
CREATE INDEX runs_person ON runs (person, seq);
CREATE INDEX runs_lock ON runs (lock, ticket) WHERE ticket IS NOT NULL;
CREATE UNIQUE INDEX runs_holder ON runs (lock) WHERE holds = 1;

CREATE TABLE run_steps (
  run      TEXT NOT NULL,
  position INTEGER NOT NULL,
  attempt  INTEGER NOT NULL,          -- from 1
  step     TEXT NOT NULL,
  state    TEXT NOT NULL,
  started  INTEGER NOT NULL,
  ended    INTEGER,
  deadline INTEGER,                   -- of a wait: when it is given up, or over
  error    TEXT NOT NULL DEFAULT '',
  reply    TEXT NOT NULL DEFAULT '',  -- JSON; '' is none
  PRIMARY KEY (run, position, attempt)
) WITHOUT ROWID;

CREATE TABLE run_approvals (
  run    TEXT NOT NULL,
  round  INTEGER NOT NULL,
  rule   INTEGER NOT NULL,            -- index in needs
  person TEXT NOT NULL,
  digest TEXT NOT NULL,
  time   INTEGER NOT NULL,
  PRIMARY KEY (run, round, rule, person)
) WITHOUT ROWID;

-- What has to be said; deleted when it is.
CREATE TABLE run_reports (
  seq  INTEGER PRIMARY KEY AUTOINCREMENT,
  run  TEXT NOT NULL,
  body TEXT NOT NULL                  -- JSON
);

-- Every decision, never changed.
CREATE TABLE run_audit (
  run    TEXT NOT NULL,
  number INTEGER NOT NULL,            -- from 1
  time   INTEGER NOT NULL,
  event  TEXT NOT NULL,
  actor  TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run, number)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE run_audit;
DROP TABLE run_reports;
DROP TABLE run_approvals;
DROP TABLE run_steps;
DROP TABLE runs;
DROP TABLE run_playbooks;
