"""An mbox is cut at its separators, and nowhere else."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.message.mbox import SEPARATOR_OCTETS, MboxSplitter, Start, split


def messages_of(chunks: list[bytes]) -> list[bytes]:
    messages: list[bytes] = []
    for piece in split(chunks):
        if isinstance(piece, Start):
            messages.append(b"")
        else:
            messages[-1] += piece
    return messages


def reference(octets: bytes) -> list[bytes]:
    """Say the rule once more, on the whole file at once."""
    whole = b"\n\n" + octets
    ends = [(match.start() + 1, match.end()) for match in re.finditer(rb"\n\r?\nFrom ", whole)]
    starts = [2] + [whole.find(b"\n", end) + 1 or len(whole) for _, end in ends]
    last = re.search(rb"\n\r?\n\Z", whole)
    stops = [start for start, _ in ends] + [last.start() + 1 if last else len(whole)]
    found = [whole[start:stop] for start, stop in zip(starts, stops, strict=True)]
    return found if found[0] else found[1:]


MBOX = st.lists(
    st.sampled_from(
        [b"From ", b"From", b"\n", b"\r\n", b"\r", b"x", b">From y", b"\0", b"\n\nFrom a\n"]
    )
    | st.binary(max_size=3)
).map(b"".join)


@given(MBOX, st.lists(st.integers(0, 60)))
@example(b"From a\n\nFrom b\n", [])
@example(b"\nFrom a\nx\n", [])
def test_any_octets_are_cut_by_the_one_rule_in_any_chunks(octets: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    chunks = [octets[start:stop] for start, stop in pairwise(edges)]

    assert reference(octets) == messages_of(chunks)


@given(st.lists(st.binary(min_size=1, max_size=40).map(lambda text: text + b"\n"), min_size=1))
def test_messages_without_a_separator_come_out_as_they_went_in(messages: list[bytes]) -> None:
    messages = [b"x" + re.sub(rb"\nFrom ", b"\n>From ", message) for message in messages]
    mbox = b"".join(b"From a@example.org\n" + message + b"\n" for message in messages)

    assert messages == messages_of([mbox])


@pytest.mark.parametrize(
    ("mbox", "messages"),
    [
        (b"", []),
        (b"\n", []),
        (b"From ", [b""]),
        (b"From a", [b""]),
        (b"From a\n", [b""]),
        (b"From a\n\n", [b""]),
        (b"From a\n\nFrom b\n", [b"", b""]),
        (b"From a\nx\nFrom b\ny\n", [b"x\nFrom b\ny\n"]),
        (b"From a\r\nx\r\n\r\nFrom b\r\ny\r\n\r\n", [b"x\r\n", b"y\r\n"]),
        (b"From a\nx\n\n\nFrom b\ny", [b"x\n\n", b"y"]),
        (b"From a\n>From b\n\n>From c\n\n", [b">From b\n\n>From c\n"]),
        (b"no separator\n\nFrom a\nx\n", [b"no separator\n", b"x\n"]),
        (b"From a\nx\r\rFrom b\r", [b"x\r\rFrom b\r"]),
    ],
)
def test_separators_and_their_blank_lines_go_and_all_else_stays(
    mbox: bytes, messages: list[bytes]
) -> None:
    assert messages == messages_of([mbox])
    assert messages == messages_of([mbox[at : at + 1] for at in range(len(mbox))])


def test_a_separator_line_of_any_length_is_passed_without_holding_it() -> None:
    splitter = MboxSplitter()
    pieces = [*splitter.feed(b"From a"), *splitter.feed(b"x" * 100_000)]

    assert [] == pieces
    assert splitter._held == b""
    assert [Start(b"a" + b"x" * (SEPARATOR_OCTETS - 1)), b"body"] == [
        *splitter.feed(b"\nbody"),
        *splitter.finish(),
    ]


def test_a_start_says_what_its_separator_says() -> None:
    mbox = b"x\n\nFrom a b\r\ny\n\nFrom c"

    assert [Start(), b"x\n", Start(b"a b\r"), b"y\n", Start(b"c")] == list(split([mbox]))
