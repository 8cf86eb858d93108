"""Fields by their names: what real headers hold, and nothing where one cannot be trusted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.message.fields import read_fields


def texts(header: bytes, name: str) -> list[str] | None:
    fields = read_fields(header)
    return None if fields is None else fields.texts(name)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Subject: a\r\n\r\nSubject: body\r\n", ["a"]),
        (b"SUBJECT: a\nsubject : b\n", ["a", "b"]),
        (b"Subject: a\r\n  folded\r\n\tagain\r\n", ["a  folded\tagain"]),
        (b"Subject: =?utf-8?B?5p2x5Lqs?=\r\n", ["東京"]),
        (b"Subject:\r\nTo: b", [""]),
        (b"To: b\r\n", []),
        (b"From x@y Mon Nov 23 10:00:00 2026\r\nSubject: a\r\n", ["a"]),
        (b">From x@y Mon Nov 23\r\nSubject: a\r\n", ["a"]),
        (b"Subject: a:b\r\n", ["a:b"]),
        (b"\r\nSubject: body\r\n", []),
        (b"", []),
    ],
)
def test_a_field_is_found_by_its_name(header: bytes, expected: list[str]) -> None:
    assert expected == texts(header, "subject")


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: a\r\nno field\r\n",
        b" folded onto nothing\r\n",
        b"To: b\r\nFrom x@y\r\n",
        b"S\xe9bject: a\r\n",
        b": a\r\n",
        b"\0\0\0",
    ],
)
def test_a_header_with_a_line_of_no_field_has_no_fields(header: bytes) -> None:
    assert texts(header, "subject") is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Date: Mon, 23 Nov 2026 10:00:00 +0900\r\n", datetime(2026, 11, 23, 1, tzinfo=UTC)),
        (b"Date: yesterday\r\n", None),
        (b"Subject: a\r\n", None),
    ],
)
def test_the_date_is_what_the_first_date_field_says(
    header: bytes, expected: datetime | None
) -> None:
    fields = read_fields(header)

    assert fields is not None
    assert expected == fields.date()


@given(
    st.binary() | st.lists(st.sampled_from([b"a:", b" ", b"\r", b"\n", b"=?", b"?"])).map(b"".join)
)
def test_whatever_comes_is_read_without_an_exception(octets: bytes) -> None:
    fields = read_fields(octets)

    if fields is not None:
        assert all(isinstance(text, str) for name, _ in fields.pairs for text in fields.texts(name))
