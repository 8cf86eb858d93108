"""Courier's real POP3 server on a Maildir: no daemon, it speaks on its standard input and output.

`tests/peers/install.sh` lays its files out below the checkout, as Debian's package does not go
together with Dovecot's.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.own_root import UNPACKED
from tests.peers.program import LOOPBACK, Done, environment, run

PROGRAM = UNPACKED / "usr" / "lib" / "courier" / "courier" / "courierpop3d"
LISTING = "courierpop3dsizelist"


@dataclass(frozen=True, slots=True)
class Courier:
    """A Maildir as Courier serves it, to somebody who has logged in."""

    maildir: Path

    def ask(self, *commands: str) -> Done:
        """Send commands, then QUIT; give all that it says."""
        if not PROGRAM.exists():
            pytest.skip("Courier is not unpacked; tests/peers/install.sh does it")
        libraries = {str(path.parent) for path in UNPACKED.rglob("lib*.so*")}
        said = "".join(f"{command}\r\n" for command in (*commands, "QUIT"))
        return run(
            [str(PROGRAM), str(self.maildir)],
            env=environment(
                self.maildir,
                AUTHENTICATED="mrose",
                TCPREMOTEIP=LOOPBACK,
                LD_LIBRARY_PATH=":".join(sorted(libraries)),
            ),
            cwd=self.maildir.parent,
            said=said.encode("ascii"),
        )

    def unique_ids(self) -> list[str]:
        """Give what UIDL lists, in the order of the numbers."""
        done = self.ask("UIDL")
        assert 0 == done.code, done
        listed = done.out.decode("ascii").partition("+OK\r\n")[2].partition(".\r\n")[0]
        return [line.split(" ", 1)[1] for line in listed.splitlines()]
