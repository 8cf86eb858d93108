"""What happened, for those who run this: one line an event. Blocking."""
