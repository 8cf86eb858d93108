"""Who may log in, and the secrets that we keep for them. Blocking."""
