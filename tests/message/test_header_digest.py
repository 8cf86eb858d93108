"""A header is known by the same digest however it came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.message.header_digest import HEADER_OCTETS, HeaderDigest, header_digest

HEADER = b"Message-ID: <a@b>\r\nSubject: one"


@pytest.mark.parametrize(
    "octets",
    [
        HEADER,
        HEADER + b"\r\n",
        HEADER + b"\r\n\r\n",
        HEADER + b"\r\n\r\nbody\r\n\r\nmore\r\n",
        HEADER.replace(b"\r\n", b"\n") + b"\n\nbody\n",
        HEADER.replace(b"\r\n", b"\r\r\n") + b"\r\r\n\r\r\n",
    ],
)
def test_line_ends_and_what_follows_do_not_count(octets: bytes) -> None:
    assert header_digest(HEADER) == header_digest(octets)


def test_another_header_has_another_digest() -> None:
    assert header_digest(HEADER) != header_digest(HEADER + b" two")


@pytest.mark.parametrize(
    ("header", "is_telling"),
    [
        (b"message-id: <x>\r\n", True),
        (b"Subject: x\r\nReceived: from a\r\n", True),
        (b"Message-ID:\r\n <x>\r\n", True),
        (b"Message-ID: \r\n", False),
        (b"Subject: Message-ID: <x>\r\n\r\nMessage-ID: <x>\r\n", False),
        (b"", False),
    ],
)
def test_a_header_tells_where_it_has_what_no_other_has(header: bytes, is_telling: bool) -> None:
    found = header_digest(header)

    assert isinstance(found, HeaderDigest)
    assert is_telling is found.is_telling


def test_a_header_without_an_end_in_sight_is_known_by_nothing() -> None:
    assert header_digest(b"x" * HEADER_OCTETS) is None
    assert header_digest(b"x" * (HEADER_OCTETS - 1)) is not None
    assert header_digest(b"\r\n\r\n" + b"x" * HEADER_OCTETS) is not None


@given(st.binary(), st.binary())
def test_any_octets_have_a_digest_that_what_follows_does_not_change(
    header: bytes, body: bytes
) -> None:
    assert header_digest(header + b"\r\n\r\n") == header_digest(header + b"\r\n\r\n" + body)
