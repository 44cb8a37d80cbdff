-- How the room of a session that is over did, in numbers without names, as JSON. Written
-- with the session's end. Watch time is not in it: that is the evidence's alone.
CREATE TABLE session_insights (
    session_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id),
    room       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
