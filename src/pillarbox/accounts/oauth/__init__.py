"""OAuth 2 as a client: tokens instead of a password. Blocking; what is pure says so."""
