-- Unique-ids that were taken over from another server, and for which message. A row stays when the
-- message goes, so that no other is ever given the same one.
CREATE TABLE unique_ids_taken_over (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    unique_id TEXT NOT NULL,
    message_id INTEGER NOT NULL, -- may be gone
    taken_over_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, unique_id)
) STRICT, WITHOUT ROWID;
