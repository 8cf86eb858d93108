"""Surrogates: messages with UTF-8 headers as those who know ASCII only may read them. Pure."""
