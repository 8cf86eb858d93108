"""A real Courier with its own login: POP3 with STLS, and POP3 over TLS."""

from collections.abc import Iterable
from pathlib import Path

from tests.peers.openssl import Certificate
from tests.peers.own_root import ACCOUNT, Server, listener
from tests.peers.program import free_port

LIBRARY = "/usr/lib/courier"
LOGIN = f"{LIBRARY}/courier/courierpop3login {LIBRARY}/courier/courierpop3d Maildir"
SETTINGS = {
    "authmodulelist": "authpam",
    "daemons": "2",
    "AUTHMODULES": "authdaemon",
    "COURIERTLS": "/usr/bin/couriertls",
    "MAILDIRPATH": "Maildir",
    "POP3AUTH": "",
    "POP3AUTH_TLS": "LOGIN PLAIN",
    "POP3_STARTTLS": "YES",
    "POP3_TLS_REQUIRED": "0",
    "TLS_CERTFILE": "/etc/courier/pop3d.pem",
    "TLS_VERIFYPEER": "NONE",
}


class CourierServer(Server):
    """A running Courier at 127.0.0.1: STLS on `port`, implicit TLS on `tls_port`."""

    def __init__(self, certificate: Certificate) -> None:
        super().__init__()
        self.port = self.tls_port = 0
        self._certificate = certificate
        self._delivered = 0

    def deliver(self, messages: Iterable[bytes]) -> None:
        """Put messages into the maildrop, with the line ends that files have."""
        for octets in messages:
            self._delivered += 1
            path = self._maildir / "new" / f"{1_700_000_000 + self._delivered}.M1P1.peer"
            path.write_bytes(octets.replace(b"\r\n", b"\n"))
            self._root.own(path)

    def count(self) -> int:
        """Give how many messages are there."""
        return sum(len([*(self._maildir / name).iterdir()]) for name in ("new", "cur"))

    @property
    def _maildir(self) -> Path:
        return self._root.upper / "home" / ACCOUNT / "Maildir"

    def _begin(self) -> None:
        self._furnish()
        self.port, self.tls_port = free_port(), free_port()
        exports = " ".join(f'{name}="{value}"' for name, value in SETTINGS.items())
        secured = f"/usr/bin/couriertls -server -tcpd {LOGIN}"
        script = "\n".join(
            [
                f"export {exports}",
                f"{LIBRARY}/courier-authlib/authdaemond &",
                "while [ ! -S /run/courier/authdaemon/socket ]; do sleep 0.05; done",
                f"{listener(self.port, LOGIN)} &",
                f"{listener(self.tls_port, secured)} &",
                "wait",
            ]
        )
        self._root.run(script, [self.port, self.tls_port])

    def _furnish(self) -> None:
        upper = self._root.upper
        (upper / "run" / "courier" / "authdaemon").mkdir(parents=True)
        both = self._certificate.key.read_bytes() + self._certificate.certificate.read_bytes()
        (upper / "etc" / "courier" / "pop3d.pem").write_bytes(both)
        for folder in (self._maildir, *(self._maildir / name for name in ("cur", "new", "tmp"))):
            folder.mkdir()
            self._root.own(folder)
