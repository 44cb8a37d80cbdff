-- Times are milliseconds since the Unix epoch, server time.

CREATE TABLE users (
    id           TEXT    PRIMARY KEY NOT NULL,
    display_name TEXT    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per pair of tokens that was given out. Only SHA-256 hashes are kept.
CREATE TABLE tokens (
    id                 TEXT    PRIMARY KEY NOT NULL,
    user_id            TEXT    NOT NULL REFERENCES users (id),
    access_hash        BLOB    NOT NULL UNIQUE,
    access_expires_at  INTEGER NOT NULL,
    refresh_hash       BLOB    NOT NULL UNIQUE,
    refresh_expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_refresh_expiry ON tokens (refresh_expires_at);

CREATE TABLE sessions (
    id          TEXT    PRIMARY KEY NOT NULL,
    room_code   TEXT    NOT NULL,
    hms_room_id TEXT    NOT NULL UNIQUE,
    title       TEXT    NOT NULL,
    description TEXT,
    is_public   INTEGER NOT NULL,
    host_id     TEXT    NOT NULL REFERENCES users (id),
    host_name   TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    -- Whether it was brought to its end, rather than abandoned.
    completed   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- A code is free again once its session is over.
CREATE UNIQUE INDEX live_room_codes ON sessions (room_code) WHERE ended_at IS NULL;

-- The name is kept as it was, so that records stay readable when an account changes.
CREATE TABLE participants (
    session_id   TEXT    NOT NULL REFERENCES sessions (id),
    user_id      TEXT    NOT NULL REFERENCES users (id),
    display_name TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    joined_at    INTEGER NOT NULL,
    PRIMARY KEY (session_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX participants_by_user ON participants (user_id);

-- What a participant's clients claim to have watched, and what the server saw of
-- their connections: interval sets as JSON, [[start, end), …]. `connected_until` is
-- set while the participant is connected: the last moment that the server vouches for.
CREATE TABLE watch_evidence (
    session_id      TEXT    NOT NULL,
    user_id         TEXT    NOT NULL,
    claimed         TEXT    NOT NULL,
    attended        TEXT    NOT NULL,
    connected_until INTEGER,
    PRIMARY KEY (session_id, user_id),
    FOREIGN KEY (session_id, user_id) REFERENCES participants (session_id, user_id)
) STRICT, WITHOUT ROWID;

-- Every change of a balance; never edited. A balance is their sum. `entry` tells
-- several payments of one kind for one session apart (0 is the one at its end).
CREATE TABLE ledger_transactions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    TEXT    NOT NULL REFERENCES users (id),
    session_id TEXT    NOT NULL DEFAULT '',
    kind       TEXT    NOT NULL,
    entry      INTEGER NOT NULL DEFAULT 0,
    amount     INTEGER NOT NULL CHECK (amount <> 0),
    details    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (user_id, session_id, kind, entry)
) STRICT;
