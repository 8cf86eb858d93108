"""What a session of our client may and may not depend on: RFC 2449, 3206, 5034 and 8314."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.base.errors import PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.channel import Channel
from pillarbox.client.connect import connect
from pillarbox.client.connection import Connection
from pillarbox.client.faults import NotAcceptedFault, RemoteInUseFault, TryLaterFault
from pillarbox.client.server import Server, Tls
from pillarbox.net.memory import MemoryStream
from pillarbox.wire.pop3.answers import UnreadableChallenge
from pillarbox.wire.pop3.verbs import Auth
from tests.client.fake_server import CAPABILITIES, HOST, FakeServer, ca_file
from tests.client.sessions import CLEAR, MAIL, logged_in, login_fault, retrieved, run, without
from tests.wire.hearing import conversation, drained


async def everything(fake: FakeServer) -> list[object]:
    connection = await logged_in(fake)
    listing = list(await connection.listing())
    messages = await retrieved(connection, [1, 2, 3])
    marked = await connection.delete([1, 3])
    return [listing, messages, marked, await connection.quit()]


def test_without_pipelining_one_command_is_under_way() -> None:
    fake = FakeServer(dict(MAIL), capabilities=without("PIPELINING"))

    run(everything(fake))

    assert fake.most_lines_at_once == 1


def test_the_name_of_the_server_changes_nothing() -> None:
    names = ("", "IMPLEMENTATION Dovecot", "IMPLEMENTATION Cyrus POP3 v2", "IMPLEMENTATION x")
    heard, came = [], []
    for name in names:
        fake = FakeServer(dict(MAIL), capabilities=(*without(), *filter(None, [name])))
        came.append(run(everything(fake)))
        heard.append(fake.heard)

    assert [heard[0]] * len(names) == heard
    assert [came[0]] * len(names) == came


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"-ERR [auth] no", NotAcceptedFault),
        (b"-ERR [AUTH/EXPIRED] no", NotAcceptedFault),
        (b"-ERR [in-use/by-another] busy", RemoteInUseFault),
        (b"-ERR [Sys/Temp/Disk] later", TryLaterFault),
        (b"-ERR [SYS/TEMP/DISK/1] later", TryLaterFault),
        (b"-ERR [login-delay/60] later", TryLaterFault),
    ],
)
def test_unknown_detail_of_a_response_code_is_ignored(line: bytes, fault: type[PeerFault]) -> None:
    assert fault is type(login_fault(FakeServer(says={b"AUTH": line + b"\r\n"})))


@pytest.mark.parametrize("challenge", [b"=AAA", b"AAA=BBB=", b"AA=A", b"AAA", b"A A=", b"AAA!"])
def test_a_challenge_that_is_not_exactly_base64_cannot_be_read(challenge: bytes) -> None:
    client = conversation(Auth("PLAIN", None))
    client.feed(b"+ " + challenge + b"\r\n")

    assert ([UnreadableChallenge()], None) == drained(client)


def test_the_name_that_is_checked_is_the_one_that_the_operator_gave(tmp_path: Path) -> None:
    fake = FakeServer(is_implicit=True)
    dialled = []

    async def dial(host: str, port: int, seconds: float) -> MemoryStream:
        dialled.append(host)
        return await fake.dial("elsewhere.example", port, seconds)

    async def log_in(server: Server) -> None:
        await (await connect(server, dial)).login("mrose", Secret(b"correct horse"))

    server = Server(HOST, 995, Tls.IMPLICIT, ca_file(tmp_path), timeout_seconds=20)
    run(log_in(server))
    with pytest.raises(PeerFault):
        run(log_in(replace(server, host="elsewhere.example")))

    assert [HOST, "elsewhere.example"] == dialled


@pytest.mark.parametrize("says_quit", [False, True])
def test_our_client_says_that_it_closes_where_it_has_said_quit(says_quit: bool) -> None:
    closed: list[str] = []

    class Recorded(MemoryStream):
        async def close(self) -> None:
            closed.append("close")
            await super().close()

        def abort(self) -> None:
            closed.append("abort")
            super().abort()

    async def session() -> None:
        fake = FakeServer()
        stream = await fake.dial(HOST, 110, 20)
        stream.__class__ = Recorded
        channel = Channel(stream, 20, is_secure=False)
        await channel.greeting()
        async with Connection(channel, CLEAR) as connection:
            if says_quit:
                await connection.quit()
        await asyncio.wait(fake.sessions)

    run(session())

    assert ["close" if says_quit else "abort"] == closed[:1]


def test_our_client_says_stls_before_all_but_capa(tmp_path: Path) -> None:
    fake = FakeServer(capabilities=(*CAPABILITIES, "UTF8 USER"))

    run(logged_in(fake, Server(HOST, 110, Tls.STLS, ca_file(tmp_path), timeout_seconds=20)))

    assert [b"CAPA", b"STLS"] == fake.heard[:2]
    assert fake.count(b"UTF8") == 1
