-- What sessions were like, and which of them are to end.

-- One row a session, a live one's too once somebody has logged in. Message ids are written as
-- ranges, e.g. '1-40 43'; they are no foreign keys: the record outlives the message.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    account_id INTEGER, -- NULL: nobody logged in
    device_id INTEGER,
    tried_id INTEGER, -- the account whose name was tried last in vain
    server TEXT NOT NULL, -- the process: its lock in run/servers says whether it lives
    began_at INTEGER NOT NULL,
    ended_at INTEGER, -- NULL: it lives, or its process was cut short
    source TEXT NOT NULL,
    protocol TEXT NOT NULL,
    tls TEXT,
    mechanism TEXT,
    how TEXT, -- as session.closed says it in the journal
    octets INTEGER NOT NULL, -- that we sent
    read_ids TEXT NOT NULL, -- sent whole
    seen_ids TEXT NOT NULL, -- sent in part, by TOP
    removed_ids TEXT NOT NULL,
    timeline TEXT NOT NULL -- JSON
) STRICT; -- with a rowid: of sessions that began in one second, the later one has the higher
CREATE INDEX sessions_of_account ON sessions (account_id, began_at);
CREATE INDEX sessions_that_failed ON sessions (tried_id, began_at) WHERE tried_id IS NOT NULL;
CREATE INDEX sessions_by_time ON sessions (began_at);

-- Whose sessions end at once, in every process; in the transaction of what ends them.
CREATE TABLE ended_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    device_id INTEGER REFERENCES devices (id), -- NULL: the main password's, and tokens'
    is_whole_account INTEGER NOT NULL, -- 1: whichever password it was
    at INTEGER NOT NULL
) STRICT;
