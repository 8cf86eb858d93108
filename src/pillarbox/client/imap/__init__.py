"""IMAP as a place that mail comes from: what a session with a POP3 server can do, done there."""
