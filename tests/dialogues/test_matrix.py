"""What the dialogues of POP3 cover: every verb in every place and in every shape."""

import pytest

from tests.dialogues.exchanges import Place, exchanges
from tests.dialogues.matrix import every_place, every_shape, places, shapes
from tests.dialogues.player import DIALOGUES, Dialogue, read


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    return [read(path) for path in DIALOGUES.values()]


def test_every_verb_is_said_in_every_place(dialogues: list[Dialogue]) -> None:
    holes = {f"{verb}: {place.value}" for verb, place in every_place() - places(dialogues)}

    assert set() == holes


def test_every_verb_is_said_in_every_shape_in_both_states(dialogues: list[Dialogue]) -> None:
    assert set() == every_shape() - shapes(dialogues)


def test_what_no_dialogue_says_is_a_hole() -> None:
    some = [read(DIALOGUES["stat"]), read(DIALOGUES["empty-maildrop"])]

    assert ("STAT", Place.MARKED) in places(some)
    assert ("STAT", Place.OVER) in every_place() - places(some)
    assert ("STAT", "TRANSACTION", "nothing behind it") in shapes(some)
    assert ("STAT", "AUTHORIZATION", "256 octets") in every_shape() - shapes(some)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("behind-quit", [Place.SECURE, Place.NAMED, Place.TRANSACTION, Place.OVER]),
        ("stls-injection", [Place.PLAIN]),
        ("http", [Place.SECURE]),
        ("auth-plain-challenge", [Place.SECURE, Place.CHALLENGED, *2 * [Place.TRANSACTION]]),
        ("refused-then-quit", [Place.SECURE, Place.NAMED, Place.REFUSED]),
        ("empty-maildrop-quit", [Place.SECURE, Place.NAMED, Place.EMPTY]),
        ("pipelined-dele-and-drop", [Place.SECURE, Place.NAMED, Place.TRANSACTION, Place.MARKED]),
    ],
)
def test_the_replies_tell_where_a_session_is(name: str, expected: list[Place]) -> None:
    found = [each.place for each in exchanges(read(DIALOGUES[name]))]

    assert expected == found[: len(expected)]


def test_a_line_that_is_refused_before_its_end_is_one_line() -> None:
    found = list(exchanges(read(DIALOGUES["over-long-line-resync"])))

    assert [b"USER", b"PASS"] == [each.line[:4] for each in found[:2]]
    assert [b"STAT", b"QUIT"] == [each.line for each in found[5:]]
