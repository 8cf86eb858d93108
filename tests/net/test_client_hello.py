"""The first message of TLS, in any pieces, from clients of every kind and from no client at all."""

import ssl
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.net.client_hello import HELLO_OCTETS, ClientHello, HelloReader, Unreadable
from tests.wire.cutting import PLACES, cut

NOTHING_ASKED = ClientHello(None, None)


def vector(width: int, octets: bytes) -> bytes:
    return len(octets).to_bytes(width) + octets


def extension(kind: int, octets: bytes) -> bytes:
    return kind.to_bytes(2) + vector(2, octets)


def host(name: bytes) -> bytes:
    return b"\0" + vector(2, name)


def server_name(name: bytes) -> bytes:
    return extension(0, vector(2, host(name)))


def protocols(*names: bytes) -> bytes:
    return extension(16, vector(2, b"".join(vector(1, name) for name in names)))


def body(extensions: bytes | None) -> bytes:
    fixed = b"\3\3" + bytes(32) + vector(1, bytes(32)) + vector(2, b"\x13\1") + vector(1, b"\0")
    return fixed if extensions is None else fixed + vector(2, extensions)


def message(octets: bytes) -> bytes:
    return b"\1" + vector(3, octets)


def record(octets: bytes) -> bytes:
    return b"\x16\3\1" + vector(2, octets)


def hello(*extensions: bytes) -> bytes:
    return record(message(body(b"".join(extensions))))


def read(parts: Iterable[bytes]) -> ClientHello | Unreadable | None:
    """Feed the parts until the reader has seen enough."""
    reader = HelloReader()
    for part in parts:
        found = reader.feed(part)
        if found is not None:
            return found
    return None


def of_python(host: str | None, names: list[str]) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = host is not None
    if names:
        context.set_alpn_protocols(names)
    arriving, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(arriving, leaving, server_hostname=host).do_handshake()
    return leaving.read()


@pytest.mark.parametrize("name", [None, "mail.example.org"])
@pytest.mark.parametrize("names", [[], ["pop3"], ["h2", "http/1.1"]])
def test_what_openssl_sends_is_read(name: str | None, names: list[str]) -> None:
    asked = tuple(name.encode() for name in names) or None

    assert ClientHello(name, asked) == read([of_python(name, names)])


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (hello(), NOTHING_ASKED),
        (record(message(body(None))), NOTHING_ASKED),  # SSL 3.0 knew no extensions
        (hello(extension(0x0A0A, b""), extension(43, b"\2\3\4")), NOTHING_ASKED),
        (hello(server_name(b"Mail.Example.ORG")), ClientHello("mail.example.org", None)),
        (hello(protocols(b"pop3", b"imap")), ClientHello(None, (b"pop3", b"imap"))),
        (hello() + record(b"more"), NOTHING_ASKED),  # what is behind it is OpenSSL's
        (record(message(body(b"")) + b"more"), NOTHING_ASKED),
    ],
)
def test_what_decides_the_answer_is_read(octets: bytes, expected: ClientHello) -> None:
    assert expected == read([octets])


@given(PLACES)
def test_the_pieces_do_not_matter(places: list[int]) -> None:
    octets = hello(protocols(b"pop3"), server_name(b"mail.example.org"))

    assert ClientHello("mail.example.org", (b"pop3",)) == read(cut(octets, places))


@given(PLACES, PLACES)
def test_records_may_cut_the_message_anywhere(records: list[int], places: list[int]) -> None:
    whole = message(body(protocols(b"pop3") + server_name(b"mail.example.org")))
    octets = b"".join(record(part) for part in cut(whole, records) if part)

    assert ClientHello("mail.example.org", (b"pop3",)) == read(cut(octets, places))


@pytest.mark.parametrize("size", [81, 16_384, 20_000])
def test_what_stands_behind_the_message_in_its_record_does_not_matter(size: int) -> None:
    octets = record(message(body(None)).ljust(16_384, b"\0"))

    parts = [octets[at : at + size] for at in range(0, len(octets), size)]

    assert NOTHING_ASKED == read(parts)


def test_one_octet_at_a_time_is_enough() -> None:
    octets = hello(server_name(b"mail.example.org"))
    reader = HelloReader()
    answers = [reader.feed(bytes([octet])) for octet in octets]

    assert [None] * (len(octets) - 1) == answers[:-1]
    assert ClientHello("mail.example.org", None) == answers[-1]


@pytest.mark.parametrize(
    "octets",
    [
        b"CAPA\r\n",
        b"G",
        b"\x80\x2e\1\3\1",  # SSL 2.0
        b"\x16\2\0\0\1",
        b"\x17\3\3\0\1",
        b"\x16\3\1\0\0",  # RFC 8446, section 5.1: an empty fragment
        b"\x16\3\1\x40\1",  # longer than a fragment may be
        record(b"\2\0\0\1"),  # a ServerHello
        record(b"\1" + (HELLO_OCTETS + 1).to_bytes(3)),
        record(message(b"")),
        record(message(body(b"")[:-3])),
        record(message(body(b"") + b"more")),
        record(message(body(None) + b"\0\1")),
        hello(b"\0"),
        hello(server_name(b"a.example"), server_name(b"b.example")),
        hello(extension(0, b"")),
        hello(extension(0, vector(2, b""))),
        hello(extension(0, vector(2, b"\1" + vector(2, b"a.example")))),
        hello(extension(0, vector(2, host(b"a.example") + host(b"b.example")))),
        hello(extension(0, vector(2, host(b"a.example")) + b"more")),
        hello(server_name(b"")),
        hello(server_name("é.example".encode())),
        hello(extension(16, b"")),
        hello(protocols()),
        hello(protocols(b"pop3", b"")),
        hello(extension(16, vector(2, vector(1, b"pop3")) + b"more")),
    ],
)
def test_what_is_malformed_is_unreadable(octets: bytes) -> None:
    assert Unreadable() == read([octets])


def test_a_hello_in_crumbs_is_unreadable_once_it_is_too_long() -> None:
    crumbs = b"".join(record(bytes([octet])) for octet in message(body(bytes(4_000))))

    assert Unreadable() == read([crumbs[:HELLO_OCTETS], crumbs[HELLO_OCTETS:]])


@given(st.binary(max_size=300), PLACES)
@example(b"\x16\3\1\0\1\1", [])
def test_no_octets_make_it_fail(octets: bytes, places: list[int]) -> None:
    read(cut(octets, places))


@given(st.binary(max_size=200), PLACES)
def test_no_extensions_make_it_fail(octets: bytes, places: list[int]) -> None:
    whole = read([hello(octets)])

    assert whole == read(cut(hello(octets), places))


@given(st.integers(min_value=0), st.integers(0, 255))
def test_no_wrong_octet_makes_it_fail(place: int, octet: int) -> None:
    octets = bytearray(hello(server_name(b"mail.example.org"), protocols(b"pop3")))
    octets[place % len(octets)] = octet

    assert isinstance(read([bytes(octets)]), ClientHello | Unreadable | None)
