"""POP1, as it was in 1984: RFC 918. The server's half."""
