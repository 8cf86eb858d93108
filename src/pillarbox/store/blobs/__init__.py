"""Where octets lie: each back end passes the same contract tests."""
