"""The real curl as a POP3 client: one command a run, TLS required, certificate verified.

It gives the message itself: its dots are unstuffed and the line with the final dot is gone.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.peers.fetch import Server, Tls, quote
from tests.peers.program import DEADLINE, Done, environment, find, run

# As the section on exit codes of curl(1) has them.
TOKENS = ("OAUTHBEARER", "XOAUTH2")
OK, NO_CONNECTION, WEIRD_REPLY, TLS_REQUIRED, LOGIN_DENIED, NOT_VERIFIED = 0, 7, 8, 64, 67, 60


@dataclass(frozen=True, slots=True)
class Curl:
    """A curl with a home folder, in which it keeps nothing."""

    home: Path
    mechanism: str = ""
    """The SASL mechanism, such as `PLAIN`, or `+APOP`; empty lets curl choose."""

    def listing(self, server: Server) -> Done:
        """Run LIST; its lines are the output."""
        return self._run(server, "")

    def retrieve(self, server: Server, number: int) -> Done:
        """Run RETR; the message's octets are the output."""
        return self._run(server, str(number))

    def ask(self, server: Server, command: str, *, multi_line: bool = False) -> Done:
        """Run any command, such as `DELE 1`, or with `multi_line` one such as `UIDL`.

        The output is a multi-line reply's octets; the first line is in `err` with the dialogue.
        """
        more = [f"request = {quote(command)}"] + ([] if multi_line else ["head"])
        return self._run(server, "", *more)

    def _who(self, server: Server) -> list[str]:
        if self.mechanism in TOKENS:
            token = f"oauth2-bearer = {quote(server.password)}"
            return [f"user = {quote(server.account + ':')}", token]
        return [f"user = {quote(f'{server.account}:{server.password}')}"]

    def _run(self, server: Server, path: str, *more: str) -> Done:
        program = find("curl")
        self.home.mkdir(parents=True, exist_ok=True)
        scheme = "pop3s" if server.tls is Tls.IMPLICIT else "pop3"
        lines = [
            f"url = {quote(f'{scheme}://{server.host}:{server.port}/{path}')}",
            *self._who(server),
            f"cacert = {quote(server.authority)}",
            f"capath = {quote(self.home)}",
            *(["ssl-reqd"] if server.tls is Tls.STLS else []),
            *([f"login-options = {quote('AUTH=' + self.mechanism)}"] if self.mechanism else []),
            *more,
        ]
        return run(
            [program, "--disable", "--silent", "--show-error", "--verbose", "--config", "-"],
            env=environment(self.home),
            cwd=self.home,
            said="\n".join(lines).encode(),
            deadline=DEADLINE,
        )
