"""What must wait: listeners, connections, TLS, deadlines, a network in memory. Async."""
