-- What guessing passwords costs. No table here holds a name: a mistyped password may be in one.

-- One row a leaky bucket that has something in it; account is the HMAC of a name, x'' where the
-- bucket is of a source alone; source is an address or a network, '' where it is of a name alone.
CREATE TABLE throttle (
    kind TEXT NOT NULL CHECK (kind IN ('account', 'source', 'wide', 'pair', 'known')),
    account BLOB NOT NULL,
    source TEXT NOT NULL,
    empty_at REAL NOT NULL, -- when it has drained: this alone says how full it is at any time
    PRIMARY KEY (kind, account, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_to_sweep ON throttle (empty_at);

-- Names that strangers may not try; kept for a day longer, so that an alert is told once.
CREATE TABLE throttle_locks (
    account BLOB PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- From where a name was proved lately: strangers' failures do not count there.
CREATE TABLE known_pairs (
    account BLOB NOT NULL,
    source TEXT NOT NULL,
    proved_at INTEGER NOT NULL, -- to the day: a login that is no news writes nothing
    PRIMARY KEY (account, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_pairs_to_sweep ON known_pairs (proved_at);

-- Which edition of an account's main password is in force: what was remembered of another counts
-- no more. Triggers, so that no writer can forget it.
ALTER TABLE accounts ADD COLUMN password_edition INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER password_is_added AFTER INSERT ON credentials WHEN NEW.device_id IS NULL
BEGIN
    UPDATE accounts SET password_edition = password_edition + 1 WHERE id = NEW.account_id;
END;
CREATE TRIGGER password_is_changed AFTER UPDATE ON credentials WHEN NEW.device_id IS NULL
BEGIN
    UPDATE accounts SET password_edition = password_edition + 1 WHERE id = NEW.account_id;
END;
CREATE TRIGGER password_is_dropped AFTER DELETE ON credentials WHEN OLD.device_id IS NULL
BEGIN
    UPDATE accounts SET password_edition = password_edition + 1 WHERE id = OLD.account_id;
END;
CREATE TRIGGER account_may_or_may_not AFTER UPDATE OF state, main_password ON accounts
BEGIN
    UPDATE accounts SET password_edition = password_edition + 1 WHERE id = NEW.id;
END;
