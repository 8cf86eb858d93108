-- After an incident: tokens that were issued earlier open nothing; NULL: none is too old.
ALTER TABLE accounts ADD COLUMN tokens_since INTEGER;
