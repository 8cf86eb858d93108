"""The second factor: codes of an authenticator app, and codes for the day when that is lost."""
