"""The surrogate of whole messages: every header in ASCII, every body as it was."""

import email
from email.policy import default
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.message.served import canonical_chunks
from pillarbox.message.surrogate import whole as surrogates
from pillarbox.message.surrogate.whole import (
    BLOCK_OCTETS,
    DELIMITER_OCTETS,
    DEPTH,
    EDITION,
    Measured,
    Surrogate,
    measure,
    surrogate_chunks,
)
from tests.message.test_surrogate_fields import FIELDS

MULTIPART = "Content-Type: multipart/mixed; boundary=b\n\n"
ENCODED = "=?UTF-8?B?w7w=?="
BODY = "--b\n\nbödy\n--b--\n"


def octets_of(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def surrogate(octets: bytes, chunk: int = 0) -> bytes:
    step = chunk or max(1, len(octets))
    return b"".join(surrogate_chunks(octets[at : at + step] for at in range(0, len(octets), step)))


def becomes(text: str, expected: str) -> None:
    octets, wanted = octets_of(text), octets_of(expected)

    assert wanted == surrogate(octets)
    assert wanted == surrogate(octets, chunk=1)
    assert wanted == surrogate(wanted)


def stays(text: str) -> None:
    becomes(text, text)
    assert measure([octets_of(text)]) is None


def test_a_header_becomes_ascii_and_the_body_stays() -> None:
    becomes("Subject: ü\n\nSubject: ü\n", f"Subject: {ENCODED}\n\nSubject: ü\n")
    becomes("Subject: ü\n", f"Subject: {ENCODED}\n")
    becomes("From ü\nTo: a\n\nü\n", f"From {ENCODED}\nTo: a\n\nü\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\nSubject: ü\n",
        "Subject: a\n\nbödy\n",
        "Lieber Jörg,\nSubject: ü\n\nü\n",
        "ü",
        "ü\n",
        " Subject: ü\n\n",
        "Subject: \udcfc\nFrom: ü\n\nü\n",
        f"Subject: a\n{MULTIPART}ü\n--b\n{BODY}ü\n",
        f"{MULTIPART}--b\nTo: \udcfc\nSubject: ü\n\nbödy\n--b--\n",
        "Content-Type: multipart/mixed\n\n--b\nSubject: ü\n\n",
        "Content-Type: multipart/mixed; boundary=\n\n--\nSubject: ü\n\n",
        f"Content-Type: multipart/mixed; boundary={'b' * 201}\n\n--{'b' * 201}\nSubject: ü\n\n",
        "Content-Type: multipart\n\n--b\nSubject: ü\n\n",
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nSubject: ü\n\n",
        "Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nSubject: ü\n\n",
        "Content-Type: text/plain\n\nSubject: ü\n\n",
        "X: content-type\n\nSubject: ü\n\n",
    ],
)
def test_what_has_no_utf_8_header_stays_as_it_is(text: str) -> None:
    stays(text)


def test_headers_of_parts_become_ascii() -> None:
    becomes(
        f"{MULTIPART}prëamble\n--b\nX: ü\n\nbödy\n--b  \nX: ü\n\n--bö\n--b--\nX: ü\n\n--b\nX: ü\n",
        f"{MULTIPART}prëamble\n--b\nX: {ENCODED}\n\nbödy\n--b  \nX: {ENCODED}\n\n--bö\n--b--\n"
        "X: ü\n\n--b\nX: ü\n",
    )


def test_a_boundary_may_be_quoted_and_hold_spaces() -> None:
    start = 'content-type: Multipart/Mixed; x="; boundary=no"; BOUNDARY="b b"\n\n'
    becomes(f"{start}--no\nX: ü\n--b b\nX: ü\n", f"{start}--no\nX: ü\n--b b\nX: {ENCODED}\n")


def test_multiparts_lie_in_multiparts() -> None:
    inner = "--b\nContent-Type: multipart/mixed; boundary=b2\n\n--b2\n"
    becomes(
        f"{MULTIPART}{inner}X: ü\n\n--b2--\nX: ü\n--b\nX: ü\n\n--b2\nX: ü\n",
        f"{MULTIPART}{inner}X: {ENCODED}\n\n--b2--\nX: ü\n--b\nX: {ENCODED}\n\n--b2\nX: ü\n",
    )


def test_an_outer_delimiter_ends_what_is_inside_even_its_header() -> None:
    inner = "--b\nContent-Type: multipart/mixed; boundary=b2\n\n--b2\n"
    becomes(
        f"{MULTIPART}{inner}X: ü\n--b\nX: ü\n\n--b2\nX: ü\n--b--\nX: ü\n",
        f"{MULTIPART}{inner}X: {ENCODED}\n--b\nX: {ENCODED}\n\n--b2\nX: ü\n--b--\nX: ü\n",
    )
    becomes(f"{MULTIPART}--b\n--b\nX: ü\n", f"{MULTIPART}--b\n--b\nX: {ENCODED}\n")


def test_text_right_behind_a_delimiter_is_no_header() -> None:
    stays(f"{MULTIPART}--b\nGrüße an Jörg\nX: ü\n\n--b\n ü\n--b--\n")


def test_messages_in_a_message_have_headers_too() -> None:
    inner = "Content-Type: message/rfc822\n\n"
    becomes(
        f"{inner}X: ü\n{inner}X: ü\n\nX: ü\n",
        f"{inner}X: {ENCODED}\n{inner}X: {ENCODED}\n\nX: ü\n",
    )


def test_the_parts_of_a_digest_are_messages_unless_they_say_more() -> None:
    digest = "Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
    becomes(
        f"{digest}X: ü\n\nX: ü\n--b\nContent-Type: text/plain\n\nX: ü\n--b\n\nX: ü\n",
        f"{digest}X: {ENCODED}\n\nX: ü\n--b\nContent-Type: text/plain\n\nX: ü\n--b\n\n"
        f"X: {ENCODED}\n",
    )


def test_a_global_message_is_an_ordinary_one_afterwards() -> None:
    becomes(
        f"{MULTIPART}--b\nContent-Type:\n Message/Global; x=y\nX: ü\n\nX: ü\n\nü\n--b--\n",
        f"{MULTIPART}--b\nContent-Type:\n Message/rfc822; x=y\nX: {ENCODED}\n\nX: {ENCODED}\n\nü\n"
        "--b--\n",
    )


def test_a_delimiter_longer_than_any_is_none() -> None:
    padding = " " * (DELIMITER_OCTETS - 6)
    becomes(f"{MULTIPART}--b{padding}\nX: ü\n", f"{MULTIPART}--b{padding}\nX: {ENCODED}\n")
    stays(f"{MULTIPART}--b{padding}   \nX: ü\n")
    stays(f"{MULTIPART}--b{padding}{padding}")


def test_multiparts_deeper_than_the_bound_stay_as_they_are() -> None:
    levels = [
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
        for level in range(DEPTH + 1)
    ]
    becomes("".join(levels[:-1]) + "X: ü\n", "".join(levels[:-1]) + f"X: {ENCODED}\n")
    stays("".join(levels) + "X: ü\n")


@pytest.mark.parametrize("start", ["X: ", "X: y\nX: ", "X: y\n ", "X: " + "ü" * 99 + "\n "])
@pytest.mark.parametrize("text", ["é", "aé", "東", "x", "é ", "東\n ", "é\nY: "])
def test_a_header_of_any_length_becomes_ascii_in_bounded_memory(
    start: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surrogates, "BLOCK_OCTETS", 1000)
    octets = octets_of(start + text * (3000 // len(octets_of(text))) + "\n\nbödy\n")
    former = Surrogate()
    written = b""
    for at in range(0, len(octets), 101):
        written += former.feed(octets[at : at + 101])

        assert len(former._held) <= 1000 + 101 + 2
    written += former.finish()

    assert written == surrogate(octets)
    header, body = written.split(b"\r\n\r\n")
    assert header.isascii()
    assert octets_of("bödy\n") == body
    assert former.header_octets == len(header) + 4
    assert former.changed == (text != "x" or "ü" in start)


def test_a_long_header_says_anywhere_what_is_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surrogates, "BLOCK_OCTETS", 100)
    long = "X: y\n" * 50
    for start in (f"{MULTIPART[:-1]}{long}", f"{long}{MULTIPART[:-1]}"):
        becomes(f"{start}\n--b\nX: ü\n\n", f"{start}\n--b\nX: {ENCODED}\n\n")


def test_what_is_beyond_all_measure_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surrogates, "BLOCKS", 2)
    part, done = "--b\nX: ü\n\n", f"--b\nX: {ENCODED}\n\n"
    becomes(f"{MULTIPART}{part}{part}", f"{MULTIPART}{done}{part}")
    monkeypatch.setattr(surrogates, "BLOCKS", 100)
    monkeypatch.setattr(surrogates, "REWRITTEN_OCTETS", 7)

    written = surrogate(octets_of(f"{MULTIPART}{part}{part}"))
    assert octets_of(f"{MULTIPART}{done}{part}") == written


def test_a_line_of_any_length_that_is_no_header_stays() -> None:
    octets = octets_of("ü" * BLOCK_OCTETS + "\nX: ü\n\n")

    assert octets == surrogate(octets)


def test_a_measure_says_how_long_the_surrogate_and_its_header_are() -> None:
    octets = octets_of(f"Subject: ü\n{MULTIPART}--b\nX: ü\n\nbödy\n")
    written = surrogate(octets)

    assert Measured(len(written), written.index(b"\r\n\r\n") + 4) == measure([octets])
    assert Measured(27, 27) == measure([octets_of("Subject: ü\n")])


LINES = st.sampled_from(
    [
        "", "", "X: ü", "Subject: ä b", " ü", "text ü", "--b", "--b--", "--c", "--c--", "--", "-",
        "Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/digest; boundary=c",
        "Content-Type: message/rfc822", "Content-Type: message/global", "X: \udcfc", "From x",
        "Content-Transfer-Encoding: base64", "Content-Type: ü; boundary=b", "To: ü <ö@b>",
    ]
)  # fmt: skip
MESSAGE = (
    st.lists(LINES, max_size=30).map(lambda lines: octets_of("\n".join(lines)))
    | st.lists(LINES, max_size=30).map(lambda lines: octets_of("".join(f"{x}\n" for x in lines)))
    | st.binary(max_size=80)
)


@given(MESSAGE, st.lists(st.integers(0, 600)))
@example(b"", [])
@example(b"\r", [])
@example(b"X: \xc3\xbc\r", [])
def test_any_octets_in_any_chunks_have_the_one_surrogate(octets: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    former = Surrogate()
    written = b"".join(former.feed(octets[start:stop]) for start, stop in pairwise(edges))
    written += former.finish()

    assert surrogate(octets) == written
    assert former.octets == len(written)
    assert former.changed or octets == written


@given(MESSAGE)
def test_a_canonical_message_keeps_its_lines_and_its_header_end(octets: bytes) -> None:
    form = b"".join(canonical_chunks([octets]))
    written = surrogate(form)
    measured = measure([form])

    assert b"".join(canonical_chunks([written])) == written
    assert (measured is None) == (written == form)
    if measured:
        end = written.find(b"\r\n\r\n")
        start = 2 if written.startswith(b"\r\n") else end + 4
        assert measured.header_octets == (len(written) if end < 0 else start)


@given(MESSAGE)
def test_the_surrogate_of_a_surrogate_is_itself(octets: bytes) -> None:
    written = surrogate(b"".join(canonical_chunks([octets])))

    assert written == surrogate(written)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40)


@given(TEXT, TEXT, TEXT, st.binary(max_size=60))
def test_a_reader_finds_the_same_parts_with_headers_in_ascii(
    subject: str, inner: str, name: str, body: bytes
) -> None:
    body = body.replace(b"\r", b"").replace(b"\n", b"").replace(b"-", b"")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    octets = (
        octets_of(f"Subject: {subject}\nContent-Type: multipart/mixed; boundary=b\n\n--b\n")
        + octets_of(f'Content-Disposition: attachment; filename="{quoted}ü"\n\n')
        + body
        + octets_of(f"\n--b\nContent-Type: message/rfc822\n\nSubject: {inner}\n\nbödy\n--b--\n")
    )
    written = surrogate(octets)
    after = email.message_from_bytes(written, policy=default)

    parts = list(after.walk())
    assert all(value.isascii() for part in parts for _, value in part.raw_items())
    assert subject.split() == after["Subject"].split()
    assert inner.split() == parts[3]["Subject"].split()
    assert f"{name}ü".strip() == parts[1].get_filename()
    assert body == parts[1].get_payload(decode=True)


def test_what_is_written_is_of_the_edition_that_databases_know() -> None:
    """Sizes are recorded: raise EDITION with any change that breaks this, then mend this."""
    written = b"".join(surrogate(octets_of(f"{field}\nX: ü\n\n")) for field, _ in FIELDS)

    assert (2, "0a52f1b8c0ca32de") == (EDITION, sha256(written).hexdigest()[:16])


def test_a_label_longer_than_any_domain_has_is_not_worked_on() -> None:
    # Punycode takes time by the square of the length: this would take minutes.
    letters = "".join(chr(0x4E00 + number % 20_000) for number in range(40_000))

    made = surrogate(octets_of(f"To: a@{letters}\n\nx\n"))

    assert made.isascii()
    assert made.endswith(b"\r\n\r\nx\r\n")


def test_a_run_of_spaces_in_a_parameter_is_passed_once() -> None:
    # A search that begins again at each space would take a minute.
    made = surrogate(octets_of("Content-Type: a/b; x=a" + " " * 100_000 + "\u00fc\n\nx\n"))

    assert made.isascii()
