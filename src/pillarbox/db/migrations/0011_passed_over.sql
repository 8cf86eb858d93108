-- The client was told the unique-id in a session that ended with QUIT, and did not fetch the message:
-- it knows it of old, or does not want it. It stands in no other message's way any more.
ALTER TABLE view_messages ADD COLUMN passed_over_at INTEGER;
