"""POP3 as both sides see it: RFC 1939, with CAPA, STLS and AUTH."""
