"""The real getmail6: its own configuration and list of seen unique-ids, messages into a folder.

It marks what it shall remove before it says QUIT, and remembers by server, port and user what it
has seen: on another port all is new to it. It stores each CRLF as LF. As root it delivers to a
command only, and that only where it is told to.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.peers.fetch import Fetched, Server, Tls, write_secret
from tests.peers.fetchmail import AGENT
from tests.peers.program import DEADLINE, environment, find, run

OK = 0
# getmail listens for the end of its command only after it has begun it. What ends before that it
# awaits in vain, up to its timeout.
UNHURRIED = "exec sleep 0.2\n"


@dataclass(frozen=True, slots=True)
class Getmail:
    """A getmail with a home folder, which remembers between runs what it has seen."""

    home: Path
    keeps: bool = True

    def fetch(self, server: Server, deadline: float = DEADLINE) -> Fetched:
        """Poll once, over TLS from the first octet; `keeps` leaves the messages on the server."""
        program = find("getmail")
        inbox = self._furnish()
        before = len(list(inbox.glob("*")))
        done = run(
            [program, "--getmaildir", str(self.home), "--rcfile", str(self._write_file(server))],
            env=environment(self.home),
            cwd=self.home,
            deadline=deadline,
        )
        arrived = sorted(inbox.glob("*"))[before:]
        return Fetched(done, [path.read_bytes() for path in arrived])

    def _furnish(self) -> Path:
        inbox = self.home / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        (self.home / "agent").write_text(AGENT + UNHURRIED, encoding="ascii")
        return inbox

    def _write_file(self, server: Server) -> Path:
        assert server.tls is Tls.IMPLICIT, "getmail has no STLS"
        lines = [
            "[retriever]",
            "type = SimplePOP3SSLRetriever",
            f"server = {server.host}",
            f"port = {server.port}",
            f"username = {server.account}",
            f"password = {server.password}",
            f"ca_certs = {server.authority}",
            "[destination]",
            "type = MDA_external",
            "path = /bin/sh",
            f"arguments = ('{self.home / 'agent'}', '{self.home / 'inbox'}')",
            "allow_root_commands = true",
            "[options]",
            "verbose = 1",
            "read_all = false",
            f"delete = {'false' if self.keeps else 'true'}",
            "delivered_to = false",
            "received = false",
        ]
        return write_secret(self.home / "getmailrc", "\n".join(lines) + "\n")
