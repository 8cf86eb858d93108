"""Collecting from other servers: kept durably first, said and removed later. Async."""
