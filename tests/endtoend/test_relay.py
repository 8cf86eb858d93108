"""A relay whose certificate the client trusts: two TLS sessions, and every octet passed on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pillarbox.app.certificates import make_certificates
from pillarbox.base.errors import PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.faults import NotAcceptedFault
from pillarbox.client.server import Server, Tls
from pillarbox.net import connector
from pillarbox.net.certificates import Certificates, Pair
from pillarbox.net.contexts import client_context
from pillarbox.net.listener import Listener
from pillarbox.net.stream import Stream
from pillarbox.net.tls import secure_as_client, secure_as_server
from pillarbox.sasl.facts import BINDING
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving

SECONDS = 20
pytestmark = pytest.mark.slow


async def pump(source: Stream, sink: Stream) -> None:
    with suppress(PeerFault):
        while octets := await source.read():
            await sink.write(octets)
    await sink.close()


@asynccontextmanager
async def relay(serving: Serving, folder: Path) -> AsyncIterator[Server]:
    """Give the relay as a client knows it: its certificate holds, and it is not ours."""
    made = make_certificates("localhost", datetime.now(UTC))
    authority, certificate, key = (folder / name for name in ("ca", "certificate", "key"))
    for path, octets in ((authority, made.ca), (certificate, made.certificate), (key, made.key)):
        path.write_bytes(octets)
    certificates = Certificates([Pair(certificate, key)])

    async def serve(stream: Stream) -> None:
        near = await secure_as_server(stream, certificates)
        plain = await connector.connect("127.0.0.1", serving.ports["pop3s"], SECONDS)
        far = await secure_as_client(plain, client_context(serving.authority), "localhost")
        await asyncio.gather(pump(near, far), pump(far, near))

    listener = Listener(serve)
    await listener.start("127.0.0.1:0")
    try:
        yield Server("localhost", int(listener.addresses[0][1]), Tls.IMPLICIT, authority)
    finally:
        listener.stop()
        await listener.wait(SECONDS)


async def log_in(serving: Serving, folder: Path, mechanism: str | None, password: str) -> None:
    async with asyncio.timeout(SECONDS), relay(serving, folder) as server:
        known = Server(
            server.host, server.port, server.tls, server.ca_file, SECONDS, mechanism=mechanism
        )
        async with await connect(known) as session:
            await session.login(ACCOUNT, Secret(password.encode()))
            await session.quit()


@pytest.fixture
def password(office: PostOffice) -> str:
    return office.do("device", "add", ACCOUNT, "phone").decode().strip()


@pytest.mark.parametrize("mechanism", [*sorted(BINDING), None])
def test_a_login_that_is_bound_fails_through_a_relay(
    mechanism: str | None, password: str, serving: Serving, tmp_path: Path
) -> None:
    with pytest.raises(NotAcceptedFault):
        asyncio.run(log_in(serving, tmp_path, mechanism, password))


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])
def test_one_that_is_not_bound_is_the_control_and_comes_through(
    mechanism: str, password: str, serving: Serving, tmp_path: Path
) -> None:
    asyncio.run(log_in(serving, tmp_path, mechanism, password))
