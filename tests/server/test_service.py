"""The service as a listener sees it: limits, draining, and what TLS it speaks on a real socket."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from warnings import catch_warnings, simplefilter

import pytest

from pillarbox.net.memory import memory_pair
from pillarbox.server.limits import Limits
from pillarbox.server.proxied import ProxyRules
from pillarbox.server.service import Pop3Service
from pillarbox.server.trusted import trust
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.memory import MemoryStore
from tests.dialogues.core import Place
from tests.dialogues.player import Dialogue
from tests.dialogues.port import contexts, served
from tests.server.rig import Rig

Connected = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def refused(rig: Rig, *, is_secure: bool) -> tuple[bytes, bool]:
    """Connect while the only place is taken, and once it is free.

    Return what the refused client heard, and whether the next one was served.
    """
    service = Pop3Service(rig.services(), rig.limits)
    ours, theirs = memory_pair()
    first = asyncio.create_task(service.serve(ours))
    await theirs.read()
    ours, theirs = memory_pair()
    await (service.serve_secure if is_secure else service.serve)(ours)
    heard = theirs.has_unread and await theirs.read()
    service.drain()
    await first
    ours, theirs = memory_pair()
    again = asyncio.create_task(service.serve(ours))
    is_served = await theirs.read() == b"+OK Pillarbox ready.\r\n"
    await theirs.close()
    await again
    return heard or b"", is_served


@pytest.mark.parametrize(
    ("is_secure", "said"),
    [(False, b"-ERR [SYS/TEMP] Too many connections.\r\n"), (True, b"")],
)
def test_one_connection_more_than_most_is_told_so_in_the_clear_only_and_leaves_no_trace(
    *, is_secure: bool, said: bytes
) -> None:
    rig = Rig(limits=Limits(connections=1))

    heard = asyncio.run(refused(rig, is_secure=is_secure))

    assert (said, True) == heard
    assert 1 == rig.journal.getvalue().count("connection.refused peer=192.0.2.1 why=limit")


def test_a_connection_through_a_proxy_is_counted_by_its_source() -> None:
    rig = Rig(limits=Limits(per_source=1), tls=contexts()[0])
    rules = ProxyRules(trust(("192.0.2.1",)))

    async def run() -> None:
        service = Pop3Service(rig.services(), rig.limits, rules)
        served, ends = [], []
        for source in ("203.0.113.9", "203.0.113.9", "203.0.113.10"):
            ours, theirs = memory_pair()
            await theirs.write(f"PROXY TCP4 {source} 192.0.2.1 56324 995\r\n".encode())
            served.append(asyncio.create_task(service.serve_proxied(ours)))
            ends.append(theirs)
            await asyncio.sleep(0)  # it is counted in
        service.drain()
        await asyncio.gather(*served)

    asyncio.run(run())

    said = [
        line.partition(" ")[2].partition(" session=")[0]
        for line in rig.journal.getvalue().splitlines()
    ]
    assert [
        "connection.refused peer=203.0.113.9 why=limit",
        "session.closed peer=203.0.113.10 why=drained",
        "session.closed peer=203.0.113.9 why=drained",
    ] == sorted(said)


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
