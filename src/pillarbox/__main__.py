"""The program `pillarbox`, and `python -m pillarbox`.

OpenSSL reads its configuration once, when `hashlib` or `ssl` is first imported. What it is to read
is said here, before anything imports them.
"""

import gc
import os
import sys
from collections.abc import Iterable
from importlib import import_module

from pillarbox.net.openssl import limit_groups

# Commands that serve. The others are clients at most, and a client is not to be so narrow: TLS 1.2
# ties a server's certificate to the client's groups, and a remote's may be one of P-384.
SERVING = {"serve", "up"}
COLLECT_AFTER = 20_000  # new objects: what is imported makes many, and no garbage
WITH_VALUE = "--home"  # of the options before the command, the one with a value


def main() -> None:
    """Run the command line."""
    gc.set_threshold(COLLECT_AFTER)
    if "OPENSSL_CONF" not in os.environ and command_of(sys.argv[1:]) in SERVING:
        limit_groups()
    import_module("pillarbox.cli.main").main()


def command_of(words: Iterable[str]) -> str | None:
    """Return the command of a command line without the program's name, None where it has none."""
    left = iter(words)
    for word in left:
        if word == WITH_VALUE:
            next(left, None)
        elif not word.startswith("-"):
            return word
    return None


if __name__ == "__main__":
    main()
