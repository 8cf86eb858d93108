"""An mbox of ours gives every message back octet for octet, whatever is in it."""

import mailbox
import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.message.mbox import Start, split
from pillarbox.message.mboxrd import Mark, read_mark, restored, written

DATE = "Thu Jan  1 00:00:00 2026"
ODD = st.lists(
    st.sampled_from(
        [
            b"From ",
            b"From",
            b"Fro",
            b">",
            b">>",
            b"\n",
            b"\r\n",
            b"\r",
            b"x",
            b"\xff\0",
            b"\n\nFrom ",
        ]
    )
    | st.binary(max_size=3)
).map(b"".join)


def cut(octets: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(min(each, len(octets)) for each in cuts), len(octets)]
    return [octets[start:stop] for start, stop in pairwise(edges)]


def mbox_of(*messages: bytes, cuts: Iterable[int] = ()) -> bytes:
    return b"".join(
        piece
        for number, message in enumerate(messages)
        for piece in written(Mark(f"message-{number}", len(message)), DATE, cut(message, cuts))
    )


def read(chunks: Iterable[bytes]) -> list[bytes]:
    messages: list[bytes] = []
    for piece in restored(split(chunks)):
        if isinstance(piece, Start):
            messages.append(b"")
        else:
            messages[-1] += piece
    return messages


@given(st.lists(ODD), st.lists(st.integers(0, 60)), st.lists(st.integers(0, 200)))
@example([b""], [], [])
@example([b"", b"", b"x"], [], [])
@example([b"no end", b"From at the start", b"\n", b"\r", b"\n\r"], [], [])
@example([b">From \n>>From \n From \n>\nFrom"], [1, 2, 3, 8], [5, 6, 7])
def test_whatever_is_written_is_read_back_in_any_chunks(
    messages: list[bytes], cuts: list[int], read_cuts: list[int]
) -> None:
    octets = mbox_of(*messages, cuts=cuts)

    assert mbox_of(*messages) == octets
    assert messages == read(cut(octets, read_cuts))
    assert messages == read([octets[at : at + 1] for at in range(len(octets))])


def test_the_form_is_as_it_is_described() -> None:
    assert (
        b"From message-0.20@pillarbox.invalid Thu Jan  1 00:00:00 2026\n"
        b"Subject: x\r\n\r\n>From y\n\n"
        b"From message-1.7@pillarbox.invalid Thu Jan  1 00:00:00 2026\n"
        b">>From \n\n"
    ) == mbox_of(b"Subject: x\r\n\r\nFrom y", b">From \n")


@given(st.lists(ODD))
def test_the_mailbox_of_python_reads_all_but_the_signs_and_a_last_line_end(
    tmp_path_factory: pytest.TempPathFactory, messages: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "box.mbox"
    path.write_bytes(mbox_of(*messages))

    box = mailbox.mbox(path, create=False)
    found = [box.get_bytes(key) for key in box.iterkeys()]
    box.close()

    assert [as_quoted(each) for each in messages] == found


def as_quoted(message: bytes) -> bytes:
    quoted = re.sub(rb"(?m)^(>*From )", rb">\1", message)
    return quoted if quoted.endswith(b"\n") or not quoted else quoted + b"\n"


def test_what_others_wrote_is_left_as_it_is() -> None:
    octets = b"From a@example.org\n>From b\n\nFrom x.1@example.org\n>From c\n\n"

    assert [b">From b\n", b">From c\n"] == read([octets])


def test_only_separators_of_ours_say_something() -> None:
    assert Mark("abc", 7) == read_mark(b"abc.7@pillarbox.invalid Thu Jan  1 00:00:00 2026")
    assert Mark("abc", 7) == read_mark(b"abc.7@pillarbox.invalid")
    for other in (
        b"",
        b"abc@pillarbox.invalid",
        b"abc.7@pillarbox.invalidx",
        b"a b.7@pillarbox.invalid",
    ):
        assert read_mark(other) is None


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (b"body\n", b"body"),
        (b"Status: RO\nbody\n", b"Status: RO\nbody\n"),
        (b"body\n\n", b"body\n\n"),
        (b"b\n", b"b\n"),
        (b">From x\nbody\n", b"From x\nbody\n"),
    ],
)
def test_a_message_that_somebody_has_changed_is_not_cut(changed: bytes, expected: bytes) -> None:
    octets = b"From a.4@pillarbox.invalid x\n" + changed + b"\nFrom b.2@pillarbox.invalid x\ny\n\n"

    assert [expected, b"y\n"] == read([octets])
    assert [expected, b"y\n"] == read([octets[at : at + 1] for at in range(len(octets))])


def test_an_endless_line_of_signs_is_not_held() -> None:
    chunks = written(Mark("a", 1 << 20), DATE, [b">" * 65_536] * 16)

    next(chunks)
    assert all(len(chunk) >= 65_536 - 2 for chunk, _ in zip(chunks, range(16), strict=False))
