-- +goose Up

-- Every event once, in the order of arrival. Nothing is changed here but text,
-- which expires before its row does.
CREATE TABLE demand_events (
    seq       INTEGER PRIMARY KEY,  -- order of arrival
    id        TEXT    NOT NULL UNIQUE,
    event     TEXT    NOT NULL,     -- request_received, …
    request   TEXT,                 -- null in a thread that the bot was never asked in
    time      INTEGER NOT NULL,     -- ms since 1970, UTC
    platform  TEXT,
    workspace TEXT,
    channel   TEXT,
    thread    TEXT,
    actor     TEXT,                 -- pseudonym
    team      TEXT,
    text      TEXT,                 -- redacted; null once expired
    tags      TEXT,                 -- JSON object
    fields    TEXT,                 -- JSON object: the event's own fields, then those that this release doesn't know
    layout    TEXT                  -- the keys as they came, a letter each, where the usual order doesn't tell
);
CREATE INDEX demand_events_by_request ON demand_events (request);
CREATE INDEX demand_events_by_time ON demand_events (time);

-- The same log, in the compact form that reports read: what figures need of
-- the events first to last, as pack.go writes it. Can be rebuilt at any time.
CREATE TABLE demand_packs (
    first INTEGER PRIMARY KEY,      -- seq
    last  INTEGER NOT NULL,         -- seq
    data  BLOB    NOT NULL
);

-- Lines of the live stream that are no events.
CREATE TABLE demand_set_aside (
    seq    INTEGER PRIMARY KEY,
    time   INTEGER NOT NULL,        -- when it was set aside, ms since 1970
    reason TEXT    NOT NULL,
    line   BLOB    NOT NULL
);

-- From a pseudonym to an address on a chat platform, sealed with demand.key.
CREATE TABLE demand_addresses (
    actor   TEXT    PRIMARY KEY,
    sealed  BLOB    NOT NULL,
    expires INTEGER NOT NULL        -- ms since 1970
) WITHOUT ROWID;
