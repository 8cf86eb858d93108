"""What each device sees of an account's messages, and when nobody sees one any more."""
