"""The real mpop: its own configuration and list of seen unique-ids, messages into a Maildir.

It pipelines when the server offers it, and sends RETR. It verifies the certificate against the
host it was told, an IP address included. It stores each CRLF as LF, as Maildirs on Unix do.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.peers.fetch import Fetched, Server, Tls, quote, write_secret
from tests.peers.program import DEADLINE, environment, find, run

# mpop(1) gives the codes of sysexits.h.
OK, DATA, NO_HOST, UNAVAILABLE, PROTOCOL, NO_PERMISSION = 0, 65, 68, 69, 76, 77


@dataclass(frozen=True, slots=True)
class Mpop:
    """An mpop with a home folder, which remembers between runs what it has seen."""

    home: Path
    keeps: bool = True
    pipelines: str = "auto"
    auth: str = "on"
    """A mechanism such as `scram-sha-256`, or `on`: the best that mpop finds."""

    def fetch(self, server: Server, deadline: float = DEADLINE) -> Fetched:
        """Poll once; `keeps` leaves the messages on the server."""
        program = find("mpop")
        self._furnish()
        before = {path.name for path in self._arrived()}
        done = run(
            [program, "-C", str(self._write_file(server)), "--debug", "peer"],
            env=environment(self.home),
            cwd=self.home,
            deadline=deadline,
        )
        arrived = [path for path in self._arrived() if path.name not in before]
        return Fetched(done, [path.read_bytes() for path in arrived])

    def _furnish(self) -> None:
        for name in ("cur", "new", "tmp"):
            (self.home / "maildir" / name).mkdir(parents=True, exist_ok=True)

    def _arrived(self) -> list[Path]:
        """Give the files that were delivered; the numbers in their names have the order."""
        new = (self.home / "maildir" / "new").iterdir()
        return sorted(new, key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)])

    def _write_file(self, server: Server) -> Path:
        password = write_secret(self.home / "password", server.password + "\n")
        starts_plain = server.tls is Tls.STLS
        lines = [
            "account peer",
            f"host {server.host}",
            f"port {server.port}",
            f"user {quote(server.account)}",
            f"passwordeval {quote(f'cat {password}')}",
            f"auth {self.auth}",
            f"pipelining {self.pipelines}",
            "tls on",
            f"tls_starttls {'on' if starts_plain else 'off'}",
            f"tls_trust_file {quote(server.authority)}",
            f"uidls_file {quote(self.home / 'uidls')}",
            f"keep {'on' if self.keeps else 'off'}",
            "received_header off",
            f"delivery maildir {quote(self.home / 'maildir')}",
        ]
        return write_secret(self.home / "mpoprc", "\n".join(lines) + "\n")
