"""A server that coverage does not follow.

What measures coverage imports hashlib before the program begins, and OpenSSL then reads its
configuration too early. The server would say so, and agree to P-256 alone.
"""

import os
from pathlib import Path

from tests.endtoend.post_office import PostOffice


def unmeasured(folder: Path, **more: str) -> PostOffice:
    """Return a new home without accounts, and without variables of coverage's or OpenSSL's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVERAGE", "OPENSSL"))
    }
    office = PostOffice(folder, kept | more)
    office.do("init")
    office.take_any_ports()
    return office
