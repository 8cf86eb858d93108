"""What was collected and delivered, for ever: keep, list and take out. Blocking."""
