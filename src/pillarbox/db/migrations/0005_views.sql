-- Each device, and the main password, has a view of its own over an account's messages.

-- RFC 1939, section 7, wants a unique-id to be unique within a maildrop. Those of other servers are
-- no more than that: two accounts may bring the same one. SQLite drops a constraint only with its
-- table; what refers to `messages` refers to the new one (foreign keys rest while migrating).
CREATE TABLE messages_anew (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    unique_id TEXT NOT NULL,
    digest BLOB NOT NULL REFERENCES blobs (digest),
    arrived_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('maildrop', 'archive', 'removed')),
    archived INTEGER NOT NULL DEFAULT 0,
    left_at INTEGER,
    UNIQUE (account_id, unique_id)
) STRICT;
INSERT INTO messages_anew SELECT id, account_id, unique_id, digest, arrived_at, state, archived,
    left_at FROM messages;
DROP TABLE messages;
ALTER TABLE messages_anew RENAME TO messages;
CREATE INDEX messages_of_account ON messages (account_id, state, id);
CREATE INDEX messages_of_blob ON messages (digest, account_id);

-- What holds for a whole account; NULL: as the site's configuration says.
ALTER TABLE accounts ADD COLUMN protocols TEXT; -- e.g. 'pop3 pop2'; NULL: any
ALTER TABLE accounts ADD COLUMN networks TEXT; -- e.g. '192.0.2.0/24 2001:db8::/48'; NULL: any
ALTER TABLE accounts ADD COLUMN hours TEXT; -- e.g. '08:00-18:00' by the server's clock; NULL: any
ALTER TABLE accounts ADD COLUMN main_password TEXT CHECK (main_password IN ('allow', 'refuse'));
ALTER TABLE accounts ADD COLUMN login_delay_seconds INTEGER;
ALTER TABLE accounts ADD COLUMN retention_days INTEGER; -- 0: for ever
ALTER TABLE accounts ADD COLUMN quota_octets INTEGER; -- 0: none
ALTER TABLE accounts ADD COLUMN after_removal TEXT
    CHECK (after_removal IN ('keep', 'archive', 'delete'));
ALTER TABLE accounts ADD COLUMN removal TEXT CHECK (removal IN ('when had', 'at once'));
ALTER TABLE accounts ADD COLUMN reach_days INTEGER;
ALTER TABLE accounts ADD COLUMN removes_what_all_have INTEGER NOT NULL DEFAULT 0;

-- One row a view. A revoked device's stays, and counts no more.
CREATE TABLE views (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    device_id INTEGER UNIQUE REFERENCES devices (id), -- NULL: the main password's, and tokens'
    role TEXT NOT NULL CHECK (role IN ('master', 'reader')),
    window_days INTEGER, -- shown are messages that arrived so many days ago at most
    window_since INTEGER, -- shown are messages that arrived then or later
    session_octets INTEGER, -- what the device has not had is shown up to so many octets
    retention_days INTEGER,
    protocols TEXT,
    networks TEXT,
    hours TEXT,
    expires_at INTEGER,
    last_used_at INTEGER, -- to the hour: a login that is no news writes nothing
    last_used_from TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX default_views ON views (account_id) WHERE device_id IS NULL;
CREATE INDEX views_of_account ON views (account_id);

-- Before there were views every DELE removed. Nobody wrote down when a device came last: it counts
-- as of now, or the first to come would take away what the others have not had yet.
INSERT INTO views (account_id, role, created_at) SELECT id, 'master', created_at FROM accounts;
INSERT INTO views (account_id, device_id, role, created_at)
    SELECT account_id, id, 'master', CAST(strftime('%s', 'now') AS INTEGER) FROM devices;

-- What a view knows of a message; no row: it has not had it, and shows it.
CREATE TABLE view_messages (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    view_id INTEGER NOT NULL REFERENCES views (id) ON DELETE CASCADE,
    had_at INTEGER, -- RETR was whole, and the session ended with QUIT and +OK
    hidden_at INTEGER, -- its own DELE
    PRIMARY KEY (message_id, view_id)
) STRICT, WITHOUT ROWID;

-- A master's DELE: other views show the message until they have it.
ALTER TABLE messages ADD COLUMN removal_wanted_at INTEGER;
-- Quarantine: whatever the grace time is, the message can be brought back until then.
ALTER TABLE messages ADD COLUMN keep_until INTEGER;

-- What was taken out of a view, or of all of them, and can be undone. A message that is gone for
-- good takes its rows along; the audit keeps what was done.
CREATE TABLE removals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    view_id INTEGER REFERENCES views (id), -- whose DELE it was; NULL: a policy's doing
    session TEXT, -- NULL: outside sessions
    why TEXT NOT NULL CHECK (why IN ('dele', 'reach', 'all-have', 'retention')),
    removed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX removals_of_message ON removals (message_id);
CREATE INDEX removals_of_session ON removals (session) WHERE session IS NOT NULL;

-- What lies in the maildrop, in octets as stored: a delivery asks whether there is room, and must
-- not add up 100,000 messages for it. Kept by triggers, so that no change of a state can forget it.
ALTER TABLE accounts ADD COLUMN used_octets INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET used_octets = (
    SELECT coalesce(sum(octets), 0) FROM messages JOIN blobs USING (digest)
    WHERE account_id = accounts.id AND messages.state = 'maildrop'
);
CREATE TRIGGER message_enters AFTER INSERT ON messages WHEN new.state = 'maildrop'
BEGIN
    UPDATE accounts SET used_octets = used_octets
        + (SELECT octets FROM blobs WHERE digest = new.digest) WHERE id = new.account_id;
END;
CREATE TRIGGER message_leaves AFTER UPDATE OF state ON messages
    WHEN old.state = 'maildrop' AND new.state <> 'maildrop'
BEGIN
    UPDATE accounts SET used_octets = used_octets
        - (SELECT octets FROM blobs WHERE digest = new.digest) WHERE id = new.account_id;
END;
CREATE TRIGGER message_returns AFTER UPDATE OF state ON messages
    WHEN old.state <> 'maildrop' AND new.state = 'maildrop'
BEGIN
    UPDATE accounts SET used_octets = used_octets
        + (SELECT octets FROM blobs WHERE digest = new.digest) WHERE id = new.account_id;
END;
CREATE TRIGGER message_vanishes AFTER DELETE ON messages WHEN old.state = 'maildrop'
BEGIN
    UPDATE accounts SET used_octets = used_octets
        - (SELECT octets FROM blobs WHERE digest = old.digest) WHERE id = old.account_id;
END;

-- Somebody has been told that the maildrop is nearly full; 0 again once it is not.
ALTER TABLE accounts ADD COLUMN is_nearly_full INTEGER NOT NULL DEFAULT 0;

-- What the grace time is over for; and before a row goes, whether a ledger still names it.
CREATE INDEX messages_to_purge ON messages (left_at) WHERE state = 'removed';
CREATE INDEX ledger_of_message ON ledger (message_id);

-- From where a view came in lately, and at what hours its account did: what is new there is told.
CREATE TABLE view_networks (
    view_id INTEGER NOT NULL REFERENCES views (id) ON DELETE CASCADE,
    network TEXT NOT NULL, -- IPv4 /24, IPv6 /48
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (view_id, network)
) STRICT, WITHOUT ROWID;
CREATE TABLE account_hours (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23), -- by the server's clock
    seen_at INTEGER NOT NULL,
    sign_ins INTEGER NOT NULL,
    PRIMARY KEY (account_id, hour)
) STRICT, WITHOUT ROWID;
