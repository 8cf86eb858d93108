"""The real fetchmail: its own home, its own list of seen unique-ids, messages into a folder.

It verifies the certificate against the host it was told to poll, and knows DNS names only: for
127.0.0.1 it wants `sslcommonname`, the name that it shall look for instead. While it keeps mail on
the server it sends `TOP n 99999999` where others send RETR.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.peers.fetch import Fetched, Server, Tls, quote, write_secret
from tests.peers.program import DEADLINE, environment, find, run

OK, NO_MAIL, SOCKET, AUTHENTICATION, PROTOCOL = 0, 1, 2, 3, 4  # fetchmail(1), "Exit codes"
AGENT = """\
#!/bin/sh
set -eu
cd "$1"
n=$(ls | wc -l)
cat >.arriving
mv .arriving "$(printf %06d $((n + 1)))"
"""


@dataclass(frozen=True, slots=True)
class Fetchmail:
    """A fetchmail with a home folder, which remembers between runs what it has seen."""

    home: Path
    keeps: bool = True
    common_name: str = "localhost"
    more: str = ""
    """Further words for the server's part of its file, such as `auth cram-md5`."""

    def fetch(self, server: Server, deadline: float = DEADLINE) -> Fetched:
        """Poll once; `keeps` leaves the messages on the server."""
        program = find("fetchmail")
        inbox = self._furnish()
        before = len(list(inbox.glob("*")))
        done = run(
            [program, "-f", str(self._write_file(server)), *self._options()],
            env=environment(self.home, FETCHMAILHOME=str(self.home)),
            cwd=self.home,
            deadline=deadline,
        )
        arrived = sorted(inbox.glob("*"))[before:]
        return Fetched(done, [path.read_bytes() for path in arrived])

    def _furnish(self) -> Path:
        inbox = self.home / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        (self.home / "agent").write_text(AGENT, encoding="ascii")
        (self.home / "no-authorities").mkdir(exist_ok=True)
        return inbox

    def _options(self) -> list[str]:
        home = self.home
        return [
            *("--verbose", "--nodetach", "--nosyslog"),
            *("--idfile", str(home / "fetchids"), "--pidfile", str(home / "pid")),
        ]

    def _write_file(self, server: Server) -> Path:
        agent = f"/bin/sh {self.home / 'agent'} {self.home / 'inbox'}"
        name = f"sslcommonname {quote(self.common_name)}" if self.common_name else ""
        lines = [
            "set no bouncemail",
            "set invisible",
            f"poll {quote(server.host)} protocol pop3 service {server.port} uidl {self.more}",
            f"  user {quote(server.account)} password {quote(server.password)}",
            "  ssl" if server.tls is Tls.IMPLICIT else '  sslproto "TLS1.2+"',
            f"  sslcertck sslcertfile {quote(server.authority)} {name}",
            f"  sslcertpath {quote(self.home / 'no-authorities')}",
            f"  {'keep' if self.keeps else 'nokeep'} no rewrite no stripcr",
            f"  mda {quote(agent)}",
        ]
        return write_secret(self.home / "fetchmailrc", "\n".join(lines) + "\n")
