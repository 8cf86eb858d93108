-- What happened to whose account: append-only, each line's hash covers the line before.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, -- 1, 2, 3 and on, without a gap
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    account_id INTEGER, -- NULL: nobody's in particular
    facts TEXT NOT NULL, -- a JSON object; no secret and no message's text
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_of_account ON audit (account_id, id);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- What somebody is to be told soon; in the same transaction as what happened.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    account_id INTEGER REFERENCES accounts (id),
    facts TEXT NOT NULL, -- as in the audit
    told_at INTEGER -- NULL: nobody has been told yet
) STRICT;
CREATE INDEX alerts_to_tell ON alerts (id) WHERE told_at IS NULL;

-- Alerts on their way: who has been told one, and until when nobody else is to try.
ALTER TABLE alerts ADD COLUMN told_by TEXT NOT NULL DEFAULT '[]'; -- a JSON list of ways
ALTER TABLE alerts ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0; -- a lease, or a rest after a try

-- The app password of a revoked device opens nothing; that somebody tries it is worth an alert.
ALTER TABLE devices ADD COLUMN revoked_hash TEXT;
ALTER TABLE devices ADD COLUMN revoked_tried_at INTEGER; -- when somebody was last warned of it
CREATE INDEX devices_revoked ON devices (account_id, revoked_hash) WHERE revoked_hash IS NOT NULL;
