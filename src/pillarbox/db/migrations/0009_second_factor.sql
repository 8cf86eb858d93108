-- A second factor for people's own sign-in: RFC 6238. One row an account where it is on.
CREATE TABLE second_factors (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
    secret_id INTEGER NOT NULL REFERENCES secrets (id),
    last_step INTEGER NOT NULL, -- of the last code that was taken: none up to it is taken again
    added_at INTEGER NOT NULL
) STRICT;

-- Codes for the day when the device that makes the others is lost: each is good once.
CREATE TABLE recovery_codes (
    account_id INTEGER NOT NULL REFERENCES second_factors (account_id) ON DELETE CASCADE,
    hash BLOB NOT NULL CHECK (length(hash) = 32), -- under a key that is not in this file
    made_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (account_id, hash)
) STRICT, WITHOUT ROWID;

-- Wrong codes of the last minutes: six digits must not be tried as often as anyone likes.
CREATE TABLE wrong_codes (
    account_id INTEGER NOT NULL REFERENCES second_factors (account_id) ON DELETE CASCADE,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX wrong_codes_of_account ON wrong_codes (account_id, at);
