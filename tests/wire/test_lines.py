"""Lines are the same for every chunking, and no chunking makes us hold more than the limit."""

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.wire.lines import LineBuffer, TooLong
from tests.wire.cutting import PLACES, cut

LIMIT = 16
PIECES = st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"x" * 13, b"x" * 14, b"x" * 15, b"y" * 40])
OCTETS = st.lists(PIECES, max_size=20).map(b"".join)


def lines(chunks: Iterable[bytes]) -> list[bytes | TooLong]:
    buffer = LineBuffer()
    found = []
    for chunk in chunks:
        buffer.feed(chunk)
        while (line := buffer.next_line(LIMIT)) is not None:
            found.append(line)
        assert len(buffer) < LIMIT
    return found


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", []),
        (b"a\r\n", [b"a"]),
        (b"\r\n", [b""]),
        (b"a\nb\rc\r\n", [b"a\nb\rc"]),
        (b"a\r\r\n", [b"a\r"]),
        (b"a\r", []),
        (b"x" * 14 + b"\r\nb\r\n", [b"x" * 14, b"b"]),
        (b"x" * 15 + b"\r\nb\r\n", [TooLong(), b"b"]),
        (b"x" * 16, [TooLong()]),
        (b"x" * 999 + b"\nA\rB\r\r\nb\r\n", [TooLong(), b"b"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_only_crlf_ends_a_line(octets: bytes, expected: list[bytes | TooLong], size: int) -> None:
    chunks = [octets[start : start + size] for start in range(0, len(octets), size)]

    assert expected == lines(chunks)


@given(OCTETS, PLACES)
@example(b"x" * 40 + b"\r\n", [41])
def test_lines_are_the_same_for_every_chunking(octets: bytes, places: list[int]) -> None:
    assert lines([octets]) == lines(cut(octets, places))


@given(OCTETS, PLACES)
def test_each_line_that_is_too_long_is_reported_once(octets: bytes, places: list[int]) -> None:
    *whole, rest = octets.split(b"\r\n")
    too_long = sum(len(line) + 2 > LIMIT for line in whole) + (len(rest) >= LIMIT)

    assert too_long == lines(cut(octets, places)).count(TooLong())


def test_a_keyword_is_seen_in_any_case_where_a_line_starts() -> None:
    buffer = LineBuffer()
    buffer.feed(b"auTH plain")

    assert buffer.starts_with(b"AUTH ")
    assert buffer.starts_with(b"PASS ", b"AUTH ")
    assert not buffer.starts_with(b"PASS ", b"USER ")
