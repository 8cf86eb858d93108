-- Times are whole seconds since 1970-01-01 UTC. Digests are the 32 octets of a SHA-256.

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'removed')),
    created_at INTEGER NOT NULL
) STRICT;

-- A removed account keeps its mail but gives its name free.
CREATE UNIQUE INDEX account_names ON accounts (name) WHERE state <> 'removed';

-- One row a verifier: what a password, or later a SCRAM exchange, is tried against.
CREATE TABLE credentials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    scheme TEXT NOT NULL,
    verifier TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX credentials_of_account ON credentials (account_id);

-- Reversible secrets, sealed under a master key that is not in this file. The seal covers id,
-- key_id and purpose too, so that a row put in another's place does not open.
CREATE TABLE secrets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    purpose TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What was learnt of a blob when it came in; served_* and header_* count octets of the served form.
CREATE TABLE blobs (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    octets INTEGER NOT NULL,
    transformation TEXT NOT NULL CHECK (transformation IN ('identity', 'canonical')),
    served_octets INTEGER NOT NULL,
    header_octets INTEGER NOT NULL,
    has_dot_lines INTEGER NOT NULL,
    has_8bit_header INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A message is in the maildrop, only in the archive, or removed (and may yet be brought back).
-- archived = 1: leaving the maildrop leaves it in the archive.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    unique_id TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL REFERENCES blobs (digest),
    arrived_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('maildrop', 'archive', 'removed')),
    archived INTEGER NOT NULL DEFAULT 0,
    left_at INTEGER
) STRICT;
CREATE INDEX messages_of_account ON messages (account_id, state, id);
CREATE INDEX messages_of_blob ON messages (digest, account_id);

CREATE TABLE remotes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    tls TEXT NOT NULL CHECK (tls IN ('implicit', 'stls', 'none')),
    ca_file TEXT,
    user TEXT NOT NULL,
    secret_id INTEGER NOT NULL REFERENCES secrets (id),
    timeout_seconds INTEGER,
    deadline_seconds INTEGER,
    delete_after_days INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

-- What we know of each message on a remote. Rows are never dropped because a listing lacks them.
CREATE TABLE ledger (
    remote_id INTEGER NOT NULL REFERENCES remotes (id) ON DELETE CASCADE,
    unique_id TEXT NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    collected_at INTEGER NOT NULL,
    removal TEXT NOT NULL DEFAULT 'none' CHECK (removal IN ('none', 'perhaps', 'done')),
    PRIMARY KEY (remote_id, unique_id)
) STRICT, WITHOUT ROWID;
