"""One POP3 conversation, for callers who want mail and not protocol. Async."""
