"""The served form, against a short reference that sees the whole message at once."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.message.served import (
    Canonical,
    ServedForm,
    Survey,
    Transformation,
    canonical_chunks,
)

LINE_END = "\u0100"  # no octet decodes to it


def canonical(octets: bytes) -> bytes:
    """Say the rule once more, one kind of line end after the other."""
    text = octets.decode("latin-1")
    for end in ("\r\r\n", "\r\n", "\r", "\n"):
        text = text.replace(end, LINE_END)
    if text and not text.endswith(LINE_END):
        text += LINE_END
    return text.replace(LINE_END, "\r\n").encode("latin-1")


def served_form(octets: bytes) -> ServedForm:
    form = canonical(octets)
    lines = form.split(b"\r\n")[:-1]
    header = lines[: lines.index(b"")] if b"" in lines else lines
    blank_line = 2 if b"" in lines else 0
    return ServedForm(
        transformation=Transformation.IDENTITY if form == octets else Transformation.CANONICAL,
        octets=len(form),
        header_octets=sum(len(line) + 2 for line in header) + blank_line,
        has_dot_lines=any(line.startswith(b".") for line in lines),
        has_8bit_header=any(not line.isascii() for line in header),
    )


def survey(chunks: list[bytes]) -> ServedForm:
    surveyed = Survey()
    for chunk in chunks:
        surveyed.feed(chunk)
    return surveyed.finish()


def cut(octets: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(at, len(octets)) for at in cuts), len(octets)]
    return [octets[start:stop] for start, stop in pairwise(edges)]


def form(
    transformation: Transformation,
    octets: int,
    header_octets: int,
    *,
    dots: bool = False,
    eight: bool = False,
) -> ServedForm:
    return ServedForm(transformation, octets, header_octets, dots, eight)


MESSAGE = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\r\n", b"\r\r\n", b"\r\n\r\n", b".", b"\r\n.", b"a: b", b"\0", b"\xe9"]
    )
    | st.binary(max_size=3)
).map(b"".join)
CUTS = st.lists(st.integers(0, 40))


@given(MESSAGE, CUTS)
@example(b"", [])
@example(b"\r\r\r\n", [1, 2, 3])
@example(b"a\r\n", [2])
@example(b"a\n.\n", [2])
def test_any_octets_in_any_chunks_become_the_one_canonical_form(
    octets: bytes, cuts: list[int]
) -> None:
    assert canonical(octets) == b"".join(canonical_chunks(cut(octets, cuts)))


@given(MESSAGE, CUTS)
@example(b"", [])
@example(b"\r\nbody\xe9\r\n", [1])
@example(b"a: b\r\n\r\n.\r\n", [5, 6, 7, 8])
@example(b"a: \xe9\n\n.", [4, 5])
def test_a_survey_learns_the_served_form_of_any_octets_in_any_chunks(
    octets: bytes, cuts: list[int]
) -> None:
    assert served_form(octets) == survey(cut(octets, cuts))


@given(MESSAGE, CUTS)
def test_the_canonical_form_of_a_canonical_form_is_itself(octets: bytes, cuts: list[int]) -> None:
    form = b"".join(canonical_chunks([octets]))

    assert form == b"".join(canonical_chunks(cut(form, cuts)))
    assert survey(cut(form, cuts)).transformation is Transformation.IDENTITY


@given(MESSAGE, CUTS)
def test_no_canonical_form_holds_a_bare_line_end(octets: bytes, cuts: list[int]) -> None:
    form = b"".join(canonical_chunks(cut(octets, cuts)))

    assert form.count(b"\r\n") == form.count(b"\r") == form.count(b"\n")


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", form(Transformation.IDENTITY, 0, 0)),
        (b"\r\n", form(Transformation.IDENTITY, 2, 2)),
        (b"a: b\r\n\r\nc\r\n", form(Transformation.IDENTITY, 11, 8)),
        (b"a: b\n\nc", form(Transformation.CANONICAL, 11, 8)),
        (b"a: b", form(Transformation.CANONICAL, 6, 6)),
        (b".\r\n", form(Transformation.IDENTITY, 3, 3, dots=True)),
        (b"a\n.\nb", form(Transformation.CANONICAL, 9, 9, dots=True)),
        (b"\xff\r\n\r\n", form(Transformation.IDENTITY, 5, 5, eight=True)),
        (b"a\r\n\r\n\xff\r\n", form(Transformation.IDENTITY, 8, 5)),
    ],
)
def test_these_messages_have_these_served_forms(octets: bytes, expected: ServedForm) -> None:
    assert expected == survey([octets])


def test_two_carriage_returns_are_all_that_is_ever_held() -> None:
    former = Canonical()

    assert b"\r\n" * 998 == former.feed(b"\r" * 1000)
    assert b"\r\n" == former.feed(b"\n")
    assert b"" == former.finish()


def test_the_names_that_databases_hold_stay_as_they_are() -> None:
    assert ["identity", "canonical"] == [str(name) for name in Transformation]
