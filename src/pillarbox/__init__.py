"""Pillarbox: a POP3 mail system."""

__version__ = "0.1.0"
