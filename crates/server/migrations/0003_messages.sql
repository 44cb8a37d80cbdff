-- What was said in sessions. No two messages of a session were sent at the same moment:
-- it is their order. Kept for some time after the session's end, then deleted.
CREATE TABLE messages (
    session_id TEXT    NOT NULL REFERENCES sessions (id),
    sent_at    INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    -- Name and role as they were then.
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    -- Roles that it went to, as a JSON list: empty for all, or for one person.
    to_roles   TEXT    NOT NULL,
    -- The one person whom it went to.
    to_user    TEXT,
    to_name    TEXT,
    reply_to   TEXT,
    text       TEXT    NOT NULL,
    PRIMARY KEY (session_id, sent_at)
) STRICT, WITHOUT ROWID;

-- Upvotes, reactions and the like: one of a kind a user and message.
CREATE TABLE message_marks (
    session_id TEXT NOT NULL REFERENCES sessions (id),
    message_id TEXT NOT NULL,
    mark       TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    PRIMARY KEY (session_id, message_id, mark, user_id)
) STRICT, WITHOUT ROWID;

-- Who has helped whom: what is paid for. Holds no text, and stays when messages go.
CREATE TABLE helpful_marks (
    session_id TEXT NOT NULL REFERENCES sessions (id),
    message_id TEXT NOT NULL,
    author_id  TEXT NOT NULL,
    marked_by  TEXT NOT NULL,
    PRIMARY KEY (session_id, message_id, marked_by)
) STRICT, WITHOUT ROWID;
