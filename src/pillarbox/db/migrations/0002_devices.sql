-- Devices with app passwords of their own, and what SCRAM shares within an account.

-- Floor of the second at which the account last came in; kept only under a LOGIN-DELAY.
ALTER TABLE accounts ADD COLUMN last_login_at INTEGER;

-- One row an app password. A revoked device keeps its number, so that no other is taken for it.
CREATE TABLE devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    digest_secret_id INTEGER REFERENCES secrets (id) -- what CRAM-MD5 and APOP need; NULL: neither
) STRICT;
CREATE UNIQUE INDEX device_names ON devices (account_id, name) WHERE revoked_at IS NULL;

-- NULL: the account's main password.
ALTER TABLE credentials ADD COLUMN device_id INTEGER REFERENCES devices (id);
CREATE INDEX credentials_of_device ON credentials (device_id) WHERE device_id IS NOT NULL;

-- An app password is looked up by what it hashes to: as fast for many devices as for none.
DROP INDEX credentials_of_account;
CREATE INDEX credentials_of_account ON credentials (account_id, scheme, verifier);

-- RFC 5802, section 5.1: a client is told one salt and one count, before it is known which of the
-- account's credentials it has. So all of them share these, which stay while one of them does.
CREATE TABLE scram_parameters (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    hash TEXT NOT NULL CHECK (hash IN ('sha-1', 'sha-256')),
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL CHECK (iterations >= 4096),
    PRIMARY KEY (account_id, hash)
) STRICT, WITHOUT ROWID;
