"""Stuffing and its undoing: round trips for every chunking."""

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.wire.dots import DotReader, DotStuffer
from tests.wire.cutting import PLACES, cut

PIECES = st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"\r\n.", b"\r\n.\r\n", b"x", b"\0"])
OCTETS = st.lists(PIECES, max_size=20).map(b"".join)


def stuffed(chunks: Iterable[bytes]) -> bytes:
    stuffer = DotStuffer()
    return b"".join(stuffer.feed(chunk) for chunk in chunks) + stuffer.finish()


def unstuffed(chunks: Iterable[bytes], *, keeps_lone_dots: bool = False) -> tuple[bytes, bytes]:
    """Return the message, and what came behind its end."""
    reader = DotReader(keeps_lone_dots=keeps_lone_dots)
    message = rest = b""
    for chunk in chunks:
        if reader.is_finished:
            rest += chunk
        else:
            message += reader.feed(chunk)
            rest += reader.rest
    assert reader.is_finished
    return message, rest


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"", b".\r\n"),
        (b"\r\n", b"\r\n.\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\r", b"a\r\r\n.\r\n"),
        (b".", b"..\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"..\r\n.a\r\na.\r\n", b"...\r\n..a\r\na.\r\n.\r\n"),
        (b"a\n.\rb\r.\n", b"a\n.\rb\r.\n\r\n.\r\n"),  # only CRLF makes a line
    ],
)
def test_a_dot_comes_before_each_line_that_starts_with_one(message: bytes, expected: bytes) -> None:
    assert expected == stuffed([message])
    assert expected == stuffed(cut(message, range(len(message))))


@given(OCTETS, PLACES)
@example(b"\r\n.", [2])
def test_stuffing_is_the_same_for_every_chunking(message: bytes, places: list[int]) -> None:
    assert stuffed([message]) == stuffed(cut(message, places))


@given(OCTETS, PLACES, PLACES, st.binary(max_size=8))
def test_a_stuffed_message_comes_back_with_what_is_behind_it(
    message: bytes, places: list[int], others: list[int], behind: bytes
) -> None:
    lines = message if not message or message.endswith(b"\r\n") else message + b"\r\n"
    octets = stuffed(cut(message, places))

    assert b"\r\n.\r\n" not in octets[:-1]
    assert (lines, behind) == unstuffed(cut(octets + behind, others))
    assert (lines, behind) == unstuffed(cut(octets + behind, others), keeps_lone_dots=True)


@given(PLACES)
def test_a_dot_that_nobody_stuffed_goes_or_stays(places: list[int]) -> None:
    octets = b".a\r\n.b.\r\n..c\r\n.\rd\r\n.\r\n"

    goes, stays = b"a\r\nb.\r\n.c\r\n\rd\r\n", b".a\r\n.b.\r\n.c\r\n.\rd\r\n"
    assert (goes, b"") == unstuffed(cut(octets, places))
    assert (stays, b"") == unstuffed(cut(octets, places), keeps_lone_dots=True)
