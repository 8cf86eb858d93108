"""Tokens of an authorization server: RFC 6750, RFC 7519, RFC 7662."""
