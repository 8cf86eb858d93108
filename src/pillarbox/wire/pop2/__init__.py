"""POP2, as it was in 1985: RFC 937. The server's half."""
