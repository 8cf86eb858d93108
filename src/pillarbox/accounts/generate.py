"""Passwords that we make: long enough that nobody guesses, plain enough to be read out."""

import secrets

from pillarbox.base.secret import Secret

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
CHARACTERS = 26  # of 5 bits each: 130 bits


def generate_password() -> Secret:
    """Return a password that nobody has had."""
    return Secret("".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS)).encode("ascii"))
