"""A real popa3d over an mbox: no CAPA, no TLS, no pipelining, no TOP beyond the letter."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.peers.own_root import ACCOUNT, OwnRoot, listener
from tests.peers.program import bind_by_trying, free_port

MAIL_GROUP = 8


class Popa3d:
    """A running popa3d at 127.0.0.1, without TLS."""

    def __init__(self) -> None:
        self.port = 0
        self._root: OwnRoot
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        bind_by_trying(self._start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

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

    def _start(self) -> None:
        self._stack.close()
        self._root = self._stack.enter_context(OwnRoot())
        mail = self._mbox.parent
        os.chown(mail, 0, MAIL_GROUP)
        mail.chmod(0o2775)
        self._mbox.touch(0o660)
        self._root.own(self._mbox)
        self.port = free_port()
        self._root.run(f"exec {listener(self.port, '/usr/sbin/popa3d')}", [self.port])
