-- What a remote is, beyond an address and a password.
ALTER TABLE remotes ADD COLUMN protocol TEXT NOT NULL DEFAULT 'pop3'
    CHECK (protocol IN ('pop3', 'imap'));
ALTER TABLE remotes ADD COLUMN folders TEXT; -- IMAP: a JSON list of names; NULL: INBOX alone
ALTER TABLE remotes ADD COLUMN role TEXT NOT NULL DEFAULT 'master'
    CHECK (role IN ('master', 'reader')); -- only a master removes anything there
-- What its secret is: the password, how to get at it, or the tokens of OAuth 2.
ALTER TABLE remotes ADD COLUMN secret_kind TEXT NOT NULL DEFAULT 'sealed'
    CHECK (secret_kind IN ('sealed', 'command', 'keyring', 'oauth'));
ALTER TABLE remotes ADD COLUMN into_maildrop INTEGER NOT NULL DEFAULT 0;
-- Until when mail is left there: all that are set must hold. None is set: it is left for ever.
ALTER TABLE remotes ADD COLUMN keep_newest INTEGER;
ALTER TABLE remotes ADD COLUMN delete_when_archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE remotes ADD COLUMN delete_after_backups INTEGER;
-- How often it is collected from; both NULL: as the site's configuration says.
ALTER TABLE remotes ADD COLUMN interval_seconds INTEGER;
ALTER TABLE remotes ADD COLUMN cron TEXT;
ALTER TABLE remotes ADD COLUMN paused_at INTEGER;

-- How it went with a remote: what the next session must know.
CREATE TABLE remote_states (
    remote_id INTEGER PRIMARY KEY REFERENCES remotes (id) ON DELETE CASCADE,
    tried_at INTEGER, -- when a session last began
    logged_in_at INTEGER, -- when one last was let in, at the latest: LOGIN-DELAY counts from it
    succeeded_at INTEGER, -- when one last did all there was to do
    failures INTEGER NOT NULL DEFAULT 0, -- since then
    next_at INTEGER NOT NULL DEFAULT 0, -- not before: a rest after failures
    outcome TEXT, -- of the last session
    login_delay_seconds INTEGER, -- announced: RFC 2449, section 6.5
    expire_days INTEGER, -- announced: RFC 2449, section 6.7; NULL: nothing, or NEVER
    pipelining_failed_at INTEGER, -- the server announces it and does not do it
    day INTEGER, -- since 1970; what was fetched on it:
    day_messages INTEGER NOT NULL DEFAULT 0,
    day_octets INTEGER NOT NULL DEFAULT 0,
    stale_told_at INTEGER, -- when somebody was last told that nothing is collected
    edits INTEGER NOT NULL DEFAULT 0 -- of where it is and how it is entered
) STRICT;

-- The ledger also knows messages that are not kept: fetched by another program before us, passed
-- over by a rule, or of which the header is all we have.
CREATE TABLE ledger_anew (
    remote_id INTEGER NOT NULL REFERENCES remotes (id) ON DELETE CASCADE,
    unique_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('kept', 'seen', 'headers', 'skipped')),
    message_id INTEGER REFERENCES messages (id), -- where it is kept
    collected_at INTEGER NOT NULL, -- when it came to be known; where it is kept, since when it is
    octets INTEGER, -- as the server listed it
    header_digest BLOB, -- SHA-256 of the header, to know it again under another unique-id
    vanished_at INTEGER, -- when a listing first lacked it; NULL: the last one had it
    verified_at INTEGER, -- when its octets were last read back and hashed
    damaged_at INTEGER, -- when they last read back as others; it is fetched again then
    missing_octets INTEGER NOT NULL DEFAULT 0, -- so many fewer came than the server listed
    rule TEXT, -- whose doing the state is
    judged_by BLOB, -- SHA-256 of the rules that were asked; by others it is judged again
    header BLOB, -- where the header is all we have
    removal TEXT NOT NULL DEFAULT 'none' CHECK (removal IN ('none', 'perhaps', 'done')),
    PRIMARY KEY (remote_id, unique_id),
    CHECK ((state = 'kept') = (message_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_anew (remote_id, unique_id, state, message_id, collected_at, removal)
    SELECT remote_id, unique_id, 'kept', message_id, collected_at, removal FROM ledger;
DROP TABLE ledger;
ALTER TABLE ledger_anew RENAME TO ledger;
CREATE INDEX ledger_of_message ON ledger (message_id);

-- What rules made of a message.
ALTER TABLE messages ADD COLUMN set_aside TEXT; -- why it is in no maildrop, e.g. 'spam'
CREATE TABLE message_tags (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (message_id, tag)
) STRICT, WITHOUT ROWID;

-- A message that broke a session and has not come since: it is asked for behind all others.
CREATE TABLE stuck (
    remote_id INTEGER NOT NULL REFERENCES remotes (id) ON DELETE CASCADE,
    name TEXT NOT NULL, -- its unique-id, or what stands in for it
    octets INTEGER NOT NULL, -- as the server lists it
    why TEXT NOT NULL CHECK (why IN ('cut', 'too slow', 'too large', 'garbled')),
    times INTEGER NOT NULL,
    since INTEGER NOT NULL,
    tried_at INTEGER NOT NULL,
    is_header INTEGER NOT NULL DEFAULT 0, -- TOP broke the session at it once
    PRIMARY KEY (remote_id, name)
) STRICT, WITHOUT ROWID;
-- Messages came in from then on, and nobody has said yet that each is what it was taken for.
CREATE TABLE unended (
    remote_id INTEGER PRIMARY KEY REFERENCES remotes (id) ON DELETE CASCADE,
    since INTEGER NOT NULL
) STRICT;

-- Whoever changes where a remote is and how it is entered has another try at once.
CREATE TRIGGER remotes_changed
AFTER UPDATE OF host, port, user, tls, ca_file, mechanism, protocol, secret_kind, secret_id ON remotes
BEGIN
    INSERT INTO remote_states (remote_id, edits) VALUES (NEW.id, 1)
        ON CONFLICT DO UPDATE SET failures = 0, next_at = 0, edits = edits + 1;
    DELETE FROM stuck WHERE remote_id = NEW.id;
END;
