"""LMTP as a server: RFC 2033 over RFC 5321. Pure."""
