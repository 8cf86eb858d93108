"""The service as a listener sees it: limits, draining, and what TLS it speaks on a real socket."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from warnings import catch_warnings, simplefilter

import pytest

from pillarbox.net.memory import memory_pair
from pillarbox.server.limits import Limits
from pillarbox.server.service import Pop3Service
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.memory import MemoryStore
from tests.dialogues.core import Place
from tests.dialogues.player import Dialogue
from tests.dialogues.port import contexts, served
from tests.server.rig import Rig

Connected = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def test_one_connection_more_than_most_is_closed_at_once_and_leaves_no_trace() -> None:
    async def run() -> str:
        rig = Rig(limits=Limits(connections=1))
        service = Pop3Service(rig.services(), rig.limits)
        ours, theirs = memory_pair()
        first = asyncio.create_task(service.serve(ours))
        await theirs.read()
        await service.serve(memory_pair()[0])
        service.drain()
        await first
        ours, theirs = memory_pair()
        again = asyncio.create_task(service.serve(ours))
        assert await theirs.read() == b"+OK Pillarbox ready.\r\n"
        await theirs.close()
        await again
        return rig.journal.getvalue()

    assert asyncio.run(run()).count("connection.refused peer=192.0.2.1 why=limit") == 1


def secure(talk: Callable[[int], Awaitable[None]]) -> None:
    """Serve implicit TLS on a real socket, and give `talk` its port."""

    async def run() -> None:
        dialogue = Dialogue(maildrops={"mrose": []}, flags={"secure"})
        place = Place(MemoryStore(MemoryBlobs()), dialogue)
        async with served(place, dialogue) as there:
            await talk(there.port)

    asyncio.run(run())


def client_context() -> ssl.SSLContext:
    """Return a context of a client whose settings a test may change."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def shake(port: int, context: ssl.SSLContext) -> ssl.SSLObject:
    """Do a handshake and say goodbye; return what was agreed on."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost"
    )
    agreed = writer.get_extra_info("ssl_object")
    assert isinstance(agreed, ssl.SSLObject)
    await reader.readline()
    writer.write(b"QUIT\r\n")
    assert await reader.read() == b"+OK Goodbye.\r\n"
    writer.close()
    await writer.wait_closed()
    return agreed


@pytest.mark.parametrize(
    ("offered", "selected"), [(["pop3"], "pop3"), (["imap", "pop3"], "pop3"), ([], None)]
)
def test_pop3_is_selected_where_a_client_offers_it(
    offered: list[str], selected: str | None
) -> None:
    async def talk(port: int) -> None:
        context = client_context()
        if offered:
            context.set_alpn_protocols(offered)
        agreed = await shake(port, context)

        assert selected == agreed.selected_alpn_protocol()

    secure(talk)


def test_the_certificate_holds_for_a_client_that_trusts_the_ca() -> None:
    async def talk(port: int) -> None:
        agreed = await shake(port, contexts()[1])

        assert agreed.version() == "TLSv1.3"

    secure(talk)


@pytest.mark.parametrize(
    ("version", "ciphers", "alert"),
    [
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", "PROTOCOL_VERSION"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256", "HANDSHAKE_FAILURE"),  # CBC
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", None),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-CHACHA20-POLY1305", None),
    ],
)
def test_only_tls_1_2_and_later_with_authenticated_encryption_is_spoken(
    version: ssl.TLSVersion, ciphers: str, alert: str | None
) -> None:
    context = client_context()
    with catch_warnings():
        simplefilter("ignore", DeprecationWarning)  # that it is deprecated is the point
        context.minimum_version = context.maximum_version = version
    context.set_ciphers(ciphers)

    async def talk(port: int) -> None:
        if alert is None:
            assert (await shake(port, context)).version() == "TLSv1.2"
        else:
            with pytest.raises(ssl.SSLError, match=f"ALERT_{alert}"):  # the server's own word
                await shake(port, context)

    secure(talk)
