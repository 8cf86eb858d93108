"""Header fields as people read them: real mail's charsets, and no exception whatever comes."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.message.charsets import to_text
from pillarbox.message.headers import (
    HEADER_OCTETS,
    SHOWN_CHARACTERS,
    Headers,
    read_headers,
)


def subject(octets: bytes) -> str:
    return read_headers(b"Subject: " + octets + b"\r\n\r\nbody").subject


def word(charset: str, octets: bytes) -> bytes:
    return b"=?" + charset.encode() + b"?B?" + b64encode(octets) + b"?="


SUBJECTS = [
    (b"Hello", "Hello"),
    (b"", ""),
    (b"folded\r\n  twice\r\n\tover", "folded  twice over"),
    (b"folded\n with LF", "folded with LF"),
    (b"=?utf-8?Q?caf=C3=A9_au_lait?=", "café au lait"),
    (b"=?utf-8*fr?q?caf=C3=A9?= noir", "café noir"),
    (b"one =?utf-8?Q?two?= three", "one two three"),
    (b"=?utf-8?Q?one?= =?utf-8?Q?two?=", "onetwo"),
    (b"=?utf-8?Q?one?==?iso-8859-1?Q?tw=F6?=", "onetwö"),
    (b"=?utf-8?B?5p2x?=\r\n =?utf-8?B?5Lqs?=", "東京"),
    (b"=?utf-8?B?5p2x5Lo?= =?utf-8?B?rA==?=", "東京"),  # cut inside a character
    (b"=?utf-8?B?5p2x5Lqs", "=?utf-8?B?5p2x5Lqs"),
    (b"=?utf-8?B?A?=", "A"),
    (b"=?no-such?Q?caf=C3=A9?=", "café"),
    (b"=?hex?Q?6162?=", "6162"),
    (b"=?\xff?Q?a?=", "a"),
    (b"=??Q?a?=", "a"),
    (word("iso-2022-jp", "東京①㈱".encode("cp932")), "東京①㈱"),
    (word("iso-2022-jp", b"\x1b$BEl5~\x1b(B Tokyo"), "東京 Tokyo"),
    (word("iso-2022-jp", b"\x1b$B-!-j\x1b(I1\x1b(B"), "①㈱ｱ"),
    (word("iso-2022-jp", b"\x1b$B\x80\x80\x1b(B"), "?"),
    (word("iso-2022-jp", b"\x1b$B!"), ""),
    (word("iso-2022-jp", "東京".encode()), "東京"),  # utf-8 under a wrong label
    (word("Shift_JIS", "①髙橋".encode("cp932")), "①髙橋"),
    (word("windows-31j", "髙橋".encode("cp932")), "髙橋"),
    ("東京".encode(), "東京"),
    ("東京都".encode("cp932"), "東京都"),
    (b"\x1b$BEl5~\x1b(B", "東京"),
    (b"caf\xe9 \xff", "café ÿ"),
    (b"a\x1b[31mb\0\xe2\x80\xaec", "a\ufffd[31mb\ufffd\ufffdc"),
    ("東京\u3000都".encode(), "東京\u3000都"),
]


@pytest.mark.parametrize(("octets", "text"), SUBJECTS)
def test_a_subject_is_shown_as_it_was_meant(octets: bytes, text: str) -> None:
    assert text == subject(octets)


def test_every_kanji_of_jis_x_0208_is_read() -> None:
    pairs = [bytes([row, cell]) for row in range(0x30, 0x4F) for cell in range(0x21, 0x7F)]
    octets = b"\x1b$B" + b"".join(pairs) + b"\x1b(B"

    assert octets.decode("iso2022_jp", "ignore") == to_text(octets, "iso-2022-jp")


def test_from_and_date_are_read_in_any_case_and_order() -> None:
    header = b"DATE: Mon, 23 Nov 2026 19:00:00 +0900\r\nX: y\r\nfrom : A <a@b>\r\n\r\nSubject: no"

    date = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert Headers(subject="", sender="A <a@b>", date=date) == read_headers(header)


def test_a_date_without_a_zone_is_taken_for_utc() -> None:
    date = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

    assert date == read_headers(b"Date: 23 Nov 2026 10:00:00 -0000").date


@pytest.mark.parametrize(
    "date",
    [b"", b"soon", b"Mon, 99 Nov 2026 10:00:00 +0000", b"31 Dec 9999 23:59:59 -2359", b"9" * 5000],
)
def test_a_date_that_is_none_is_none(date: bytes) -> None:
    assert read_headers(b"Date: " + date + b"\r\n\r\n").date is None


def test_a_message_without_a_header_has_no_fields() -> None:
    assert Headers("", "", None) == read_headers(b"\r\nSubject: in the body\r\n")
    assert Headers("", "", None) == read_headers(b"")


def test_only_the_first_of_two_fields_counts() -> None:
    assert "one" == read_headers(b"Subject: one\r\nSubject: two\r\n\r\n").subject


def test_what_is_looked_at_and_shown_is_bounded() -> None:
    far = b"X: y\r\n" * (HEADER_OCTETS // 6 + 1) + b"Subject: far\r\n\r\n"

    assert "" == read_headers(far).subject
    assert SHOWN_CHARACTERS == len(subject(b"a" * 50_000))


HOSTILE = st.binary(max_size=60) | st.text(
    alphabet="=?utf-8BbQq*/\r\n\t :Subject\x1b$B(I", max_size=60
).map(str.encode)


@given(HOSTILE, HOSTILE)
def test_no_header_raises(before: bytes, value: bytes) -> None:
    headers = read_headers(before + b"\r\nSubject: " + value + b"\r\nDate: " + value)

    assert all(c.isprintable() or c == "\u3000" for c in headers.subject + headers.sender)


@given(st.binary(max_size=60), st.none() | st.text(max_size=12))
def test_octets_are_text_in_whatever_charset_they_claim(octets: bytes, charset: str | None) -> None:
    assert isinstance(to_text(octets, charset), str)


def test_a_run_of_carriage_returns_is_passed_once() -> None:
    # A search that begins again at each CR would take seconds.
    octets = b"Subject: a" + b"\r" * 60_000 + b"b\r\nFrom: c\r\n\r\n"

    assert read_headers(octets).sender == "c"
