"""Octets that no honest client sends, on real sockets: they cost a refusal, and no more.

The rows are those of the threat model: st1, al2, px1, ll1, ar3, li1.
"""

import base64
import ssl

import pytest

from pillarbox.net.socket_stream import SocketStream
from tests.hostile.hall import LOGIN, Hall, visit

KINDS = ["plain", "secure", "proxied"]
MEBI = 1 << 20
TOO_LONG = b"-ERR Line too long.\r\n"
NOT_ACCEPTED = b"-ERR [AUTH] Name or password not accepted.\r\n"


# st1


def test_octets_behind_stls_in_the_same_segment_are_never_a_command() -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter("plain")
        await caller.say(b"STLS\r\n" + LOGIN)
        assert b"-ERR Octets came in behind STLS.\r\n" == await caller.rest()

    visit(talk)


def test_octets_behind_stls_in_the_next_segment_are_never_a_command() -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter("plain")
        assert (await caller.ask(b"STLS\r\n")).startswith(b"+OK")
        await caller.say(b"USER mrose\r\n")
        heard = await caller.rest()
        assert b"OK" not in heard
        assert b"ERR" not in heard
        assert "login" not in " ".join(hall.events)

    visit(talk)


def test_a_handshake_that_follows_an_injected_command_fails() -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter("plain")
        assert (await caller.ask(b"STLS\r\n")).startswith(b"+OK")
        caller.writer.write(b"CAPA\r\n")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await caller.secure()

    visit(talk)


# al2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", [b"POST", b"GET", b"HEAD", b"OPTIONS", b"CONNECT"])
def test_a_browser_is_closed_at_its_first_line_and_nothing_of_it_comes_back(
    kind: str, verb: bytes
) -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter(kind)
        await caller.say(verb + b" /<script>x</script> HTTP/1.1\r\nHost: x\r\n\r\n" + LOGIN)
        heard = await caller.rest()
        assert b"script" not in heard
        assert 1 >= heard.count(b"\r\n")
        assert "login" not in " ".join(hall.events)

    visit(talk)


# ll1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_known", [False, True])
def test_a_line_of_64_kb_is_refused_once_and_none_of_it_is_a_command(
    kind: str, *, is_known: bool
) -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter(kind)
        if is_known:
            assert b"+OK 2 messages\r\n" == await caller.login()
        await caller.say(b"DELE 1 " * (65_536 // 7) + b"\r\nCAPA\r\n")
        assert TOO_LONG == await caller.line()
        assert (await caller.line()).startswith(b"+OK")
        await caller.reader.readuntil(b".\r\n")
        if is_known:
            assert (await caller.ask(b"STAT\r\n")).startswith(b"+OK 2 ")
        await caller.quit()

    visit(talk)


def test_a_line_without_end_is_held_in_bounded_memory() -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter("plain")
        for _ in range(32):
            await caller.say(bytes(MEBI))
        assert TOO_LONG == await caller.line()
        (driver,) = hall.service._drivers
        assert isinstance(driver._peer._stream, SocketStream)
        assert len(driver._peer._stream._room) <= MEBI
        assert (await caller.ask(b"\r\nUSER mrose\r\n")).startswith(b"+OK")
        caller.leave()

    visit(talk)


# Framing


@pytest.mark.parametrize("kind", KINDS)
def test_a_bare_lf_or_cr_or_nul_ends_no_command(kind: str) -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter(kind)
        await caller.login()
        for between in (b"\n", b"\r", b"\0", b"\n\r", b"\0\r\0\n", b"\x0b", b"\xc2\x85"):
            assert (await caller.ask(b"NOOP" + between + b"DELE 1\r\n")).startswith(b"-ERR")
        assert (await caller.ask(b"STAT\r\n")).startswith(b"+OK 2 ")
        await caller.quit()

    visit(talk)


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_one_octet_at_a_time_is_a_session(kind: str) -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter(kind)
        for octet in LOGIN + b"STAT\r\nQUIT\r\n":
            await caller.say(bytes([octet]))
        said = (await caller.rest()).split(b"\r\n")
        assert [b"+OK", b"+OK 2 messages"] == said[:2]
        assert [b"+OK Goodbye.", b""] == said[3:]

    visit(talk)


@pytest.mark.parametrize("kind", KINDS)
def test_500_pipelined_commands_are_answered_in_order(kind: str) -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter(kind)
        await caller.login()
        sizes = [(await caller.ask(b"LIST %d\r\n" % number)).split()[2] for number in (1, 2)]
        await caller.say(b"".join(b"LIST %d\r\n" % (number % 2 + 1) for number in range(500)))
        heard = await caller.lines(500)
        expected = [b"+OK %d %s\r\n" % (number % 2 + 1, sizes[number % 2]) for number in range(500)]
        assert expected == heard
        assert 2 == len(set(heard))
        await caller.quit()

    visit(talk)


# px1


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 995\r\n",
        b"PROXY UNKNOWN\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + b"\x7f\0\0\1" * 2 + b"\0\1\3\xe3\r\n",
    ],
)
def test_a_proxy_header_is_an_unknown_command_where_none_is_wanted(header: bytes) -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter("plain")
        await caller.say(header)
        refusals = await caller.lines(header.count(b"\r\n"))
        assert {b"-ERR Unknown command.\r\n"} == set(refusals)
        assert b"+OK 2 messages\r\n" == await caller.login()
        await caller.quit()
        assert "203.0.113.9" not in hall.journal.getvalue()

    visit(talk)


def test_a_proxy_header_before_tls_fails_the_handshake_where_none_is_wanted() -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.connect("secure")
        await caller.say(b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 995\r\n")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await caller.secure()
        caller.leave()
        assert "203.0.113.9" not in hall.journal.getvalue()

    visit(talk)


# ar3, li1


@pytest.mark.parametrize(
    "octets",
    [
        b"\0mrose\0" + b"x" * 5000,
        b"\0mrose\0correct horse\0",
        b"\0mrose\0\xff\xfe",
        b"\0mrose\r\n+OK\0correct horse",
        b"\0\xc3\x28\0correct horse",
        b"\0" * 700,
    ],
)
def test_a_strange_response_fails_for_its_sender_only(octets: bytes) -> None:
    async def talk(hall: Hall) -> None:
        other = await hall.enter("secure")
        caller = await hall.enter("secure")
        assert b"+ \r\n" == await caller.ask(b"AUTH PLAIN\r\n")
        refusal = await caller.ask(base64.b64encode(octets) + b"\r\n")
        assert refusal.startswith(b"-ERR")
        assert b"+OK 2 messages\r\n" == await other.login()
        await caller.quit()
        await other.quit()

    visit(talk)


def test_a_name_forges_no_line_of_the_journal() -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.enter("plain")
        name = "a\nb\u2028\x1b[2J2026-01-01T00:00:00.000Z login.accepted peer=198.51.100.1"
        await caller.say(f"USER {name}\r\nPASS x\r\n".encode())
        await caller.lines(2)
        caller.leave()

    async def checked(hall: Hall) -> None:
        await talk(hall)
        assert not [event for event in hall.events if event.startswith("login.accepted")]
        assert "\x1b" not in hall.journal.getvalue()

    visit(checked)
