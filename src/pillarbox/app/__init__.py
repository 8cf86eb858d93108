"""Reads the configuration, builds the real things, runs them. The only room that does."""
