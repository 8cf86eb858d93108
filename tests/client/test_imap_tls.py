"""Whom an IMAP client lets be the server: nobody hears a login but whom the certificate names."""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pillarbox.base.secret import Secret
from pillarbox.client.imap.connect import connect
from pillarbox.client.server import Server, Tls
from pillarbox.net.tls import TlsFault
from tests.client.imap_server import ImapServer
from tests.collector import forged
from tests.peers.openssl import make_authority

BAD = [forged.EXPIRED, forged.WRONG_NAME, forged.SELF_SIGNED]


@dataclass
class Secure(ImapServer):
    """Does TLS by such a certificate, at once or when it is asked for."""

    kind: forged.Kind = forged.GOOD
    tls: Tls = Tls.IMPLICIT

    def _serve(self, connected: socket.socket) -> None:
        with suppress(OSError):
            if self.tls is Tls.STLS:
                self._until_starttls(connected)
                self.greeting = b""
            secure = forged.context(self.kind).wrap_socket(connected, server_side=True)
            with secure:
                super()._serve(secure)

    def _until_starttls(self, connected: socket.socket) -> None:
        connected.sendall(self.greeting)
        with connected.makefile("rb") as lines:
            for line in lines:
                self._answer(connected, line.decode("latin-1").strip())
                if self.heard[-1] == "STARTTLS":
                    return


def server_of(fake: Secure, folder: Path) -> Server:
    authority = forged.authority_file(folder)
    return Server("localhost", fake.port, fake.tls, authority, 20)


def log_in(server: Server) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30), await connect(server) as mailbox:
            await mailbox.login("mrose", Secret(b"correct horse"))

    asyncio.run(bounded())


def made(kind: forged.Kind, tls: Tls) -> Secure:
    return Secure(capabilities="IMAP4rev1 STARTTLS AUTH=PLAIN", kind=kind, tls=tls)


def is_login(command: str) -> bool:
    return command.startswith(("LOGIN", "AUTHENTICATE"))


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STLS])
@pytest.mark.parametrize("kind", BAD, ids=["expired", "wrong name", "self-signed"])
def test_a_server_that_is_not_the_one_gets_no_login(
    kind: forged.Kind, tls: Tls, tmp_path: Path
) -> None:
    with made(kind, tls) as fake, pytest.raises(TlsFault, match="certificate does not hold"):
        log_in(server_of(fake, tmp_path))

    assert not any(map(is_login, fake.heard))


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STLS])
def test_the_one_that_is_gets_it(tls: Tls, tmp_path: Path) -> None:
    with made(forged.GOOD, tls) as fake:
        log_in(replace(server_of(fake, tmp_path), mechanism="USER"))

        assert any(map(is_login, fake.heard))


def test_an_authority_that_is_another_by_now_is_asked_anew(tmp_path: Path) -> None:
    with made(forged.GOOD, Tls.IMPLICIT) as fake:
        server = server_of(fake, tmp_path)
        log_in(replace(server, mechanism="USER"))
        (tmp_path / "other").mkdir()
        other = make_authority(tmp_path / "other").certificate
        other.replace(tmp_path / "authority.pem")

        with pytest.raises(TlsFault):
            log_in(server)
