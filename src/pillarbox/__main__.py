"""The program `pillarbox`, and `python -m pillarbox`.

OpenSSL reads its configuration once, when `hashlib` or `ssl` is first imported. What it is to read
is said here, before anything imports them.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

# Commands that serve. The others are clients at most, and a client is not to be so narrow: TLS 1.2
# ties a server's certificate to the client's groups, and a remote's may be one of P-384.
SERVING = {"serve", "up"}
CONFIGURATION = Path(__file__).with_name("openssl.cnf")


def main() -> None:
    """Run the command line."""
    if "OPENSSL_CONF" not in os.environ and not SERVING.isdisjoint(sys.argv):
        limit_groups()
    import_module("pillarbox.cli.main").main()


def limit_groups() -> None:
    """Let OpenSSL agree to X25519 and P-256 alone, in this process and in none that it starts."""
    os.environ["OPENSSL_CONF"] = str(CONFIGURATION)
    import_module("hashlib").new("sha256")
    del os.environ["OPENSSL_CONF"]


if __name__ == "__main__":
    main()
