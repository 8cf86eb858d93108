"""Maildrops over immutable blobs: the view, the lease and the commit. Blocking."""
