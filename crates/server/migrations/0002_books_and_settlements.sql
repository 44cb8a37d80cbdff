-- What did not count and why, as the clients say: [[start, end, "reason"], …]. It
-- changes no amount.
ALTER TABLE watch_evidence ADD COLUMN not_claimed TEXT NOT NULL DEFAULT '[]';
-- Chat messages that the participant wrote.
ALTER TABLE watch_evidence ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;

-- When a session that is over was paid. One that ended and is not settled was cut off by
-- a crash: the next start pays it.
ALTER TABLE sessions ADD COLUMN settled_at INTEGER;
UPDATE sessions SET settled_at = ended_at WHERE ended_at IS NOT NULL;

-- What each participant of a session that is over was paid for, and why: the basis of
-- milestones, and of what a first or a fourth session is.
CREATE TABLE settlements (
    session_id      TEXT    NOT NULL,
    user_id         TEXT    NOT NULL,
    hosting         INTEGER NOT NULL,
    -- Time that the server vouches for, in ms …
    vouched_ms      INTEGER NOT NULL,
    -- … and how much of it counts (at most 4 hours).
    counted_ms      INTEGER NOT NULL,
    -- Set when the first time is paid, and never changed.
    sessions_before INTEGER,
    details         TEXT    NOT NULL,
    PRIMARY KEY (session_id, user_id),
    FOREIGN KEY (session_id, user_id) REFERENCES participants (session_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX settlements_by_user ON settlements (user_id, hosting, vouched_ms, counted_ms);

INSERT INTO settlements
SELECT session_id, user_id, kind = 'hosting',
    COALESCE(json_extract(details, '$.facts.active_ms'), 0),
    MIN(COALESCE(json_extract(details, '$.facts.active_ms'), 0), 14400000),
    json_extract(details, '$.facts.sessions_before'),
    details
FROM ledger_transactions paid
WHERE kind IN ('watching', 'hosting') AND session_id <> '' AND json_valid(details) AND NOT EXISTS (
    SELECT 1 FROM ledger_transactions later WHERE later.user_id = paid.user_id
    AND later.session_id = paid.session_id AND later.kind = paid.kind AND later.entry > paid.entry
);

-- Exchanged for the refresh token with this hash, which is good until this one is used.
ALTER TABLE tokens ADD COLUMN replaces BLOB;
