-- Stays in sessions, of which the server has not settled everything yet.
CREATE TABLE stays (
    id            INTEGER PRIMARY KEY,
    -- NULL: this computer's own server, whose address changes.
    origin        TEXT,
    -- SHA-256 of the certificate, hex, for servers that make their own.
    pin           TEXT,
    plain_allowed INTEGER NOT NULL,
    session_id    TEXT    NOT NULL,
    title         TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    joined_at_ms  INTEGER NOT NULL,
    -- Why the server will never take the rest; NULL while it may.
    refused       TEXT
) STRICT;

-- What counted, ms of server time; no two stretches of a stay touch.
CREATE TABLE watched (
    stay     INTEGER NOT NULL REFERENCES stays (id) ON DELETE CASCADE,
    start_ms INTEGER NOT NULL,
    end_ms   INTEGER NOT NULL CHECK (end_ms > start_ms),
    PRIMARY KEY (stay, start_ms)
) STRICT, WITHOUT ROWID;

-- What did not count, and why. (Not called `excluded`: in upserts SQLite means something
-- else by that.)
CREATE TABLE uncounted (
    stay     INTEGER NOT NULL REFERENCES stays (id) ON DELETE CASCADE,
    start_ms INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    end_ms   INTEGER NOT NULL CHECK (end_ms > start_ms),
    PRIMARY KEY (stay, start_ms, reason)
) STRICT, WITHOUT ROWID;
