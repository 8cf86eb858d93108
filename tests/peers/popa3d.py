"""A real popa3d over an mbox: no CAPA, no TLS, no pipelining, no TOP beyond the letter."""

import os
from collections.abc import Iterable
from pathlib import Path

from tests.peers.own_root import ACCOUNT, Server, listener
from tests.peers.program import free_port

MAIL_GROUP = 8


class Popa3d(Server):
    """A running popa3d at 127.0.0.1, without TLS."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0

    def deliver(self, messages: Iterable[bytes]) -> None:
        """Add messages, which may have no line that begins with "From ", to the mbox."""
        with self._mbox.open("ab") as file:
            for octets in messages:
                lines = octets.replace(b"\r\n", b"\n")
                file.write(b"From a@example.org Mon Jan  1 00:00:00 2024\n" + lines + b"\n")

    def count(self) -> int:
        """Give how many messages are there."""
        return (b"\n" + self._mbox.read_bytes()).count(b"\nFrom ")

    @property
    def _mbox(self) -> Path:
        return self._root.upper / "var" / "mail" / ACCOUNT

    def _begin(self) -> None:
        mail = self._mbox.parent
        os.chown(mail, 0, MAIL_GROUP)
        mail.chmod(0o2775)
        self._mbox.touch(0o660)
        self._root.own(self._mbox)
        self.port = free_port()
        self._root.run(f"exec {listener(self.port, '/usr/sbin/popa3d')}", [self.port])
