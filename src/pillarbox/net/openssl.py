"""What OpenSSL is to read in this process, said before it is loaded: nothing here loads it."""

import os
from importlib import import_module
from pathlib import Path

CONFIGURATION = Path(__file__).with_name("openssl.cnf")


def limit_groups() -> None:
    """Let OpenSSL agree to X25519 and P-256 alone, in this process and in none that it starts.

    Has no effect where `hashlib` or `ssl` was imported before.
    """
    os.environ["OPENSSL_CONF"] = str(CONFIGURATION)
    import_module("hashlib").new("sha256")
    del os.environ["OPENSSL_CONF"]
