"""What must wait: listeners, connections, TLS, deadlines, and a network in memory for tests. Async."""
