"""Pillarbox with a part taken out, so that a test can show that it would notice.

    python -m tests.hostile.broken_build no-waiting --home H serve

`no-waiting` writes to a connection without ever waiting for its peer to read.
"""

import sys
from collections.abc import Callable
from unittest.mock import patch

from pillarbox.cli.main import main
from pillarbox.net.socket_stream import SocketStream


async def _write_at_once(self: SocketStream, octets: bytes) -> None:
    self._refuse_lost()
    self._transport.write(octets)


BUILDS: dict[str, Callable[[], object]] = {
    "no-waiting": patch.object(SocketStream, "write", _write_at_once).start,
}


if __name__ == "__main__":
    BUILDS[sys.argv.pop(1)]()
    main()
