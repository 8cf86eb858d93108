"""SASL mechanisms, one file each, without I/O. Pure."""
