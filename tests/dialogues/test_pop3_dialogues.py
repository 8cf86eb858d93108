"""Every golden dialogue of POP3: on the core, on the server with each store, and to our client."""

import asyncio
from pathlib import Path

import pytest

from tests.dialogues.as_client import play_to_client
from tests.dialogues.core import play_on_core
from tests.dialogues.player import DIALOGUES, read
from tests.dialogues.port import STORES, play_on_port

WHOLE = 1_000_000


def test_there_are_enough_dialogues() -> None:
    assert len(DIALOGUES) >= 340


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_dialogue_says_which_rfc_it_shows(name: str) -> None:
    first = DIALOGUES[name].read_text("utf-8").partition("\n")[0]

    assert first.startswith("# rfc: ")
    assert " - " in first


@pytest.mark.parametrize("octets", [1, 7, WHOLE])
@pytest.mark.parametrize("name", DIALOGUES)
def test_the_core_says_what_the_dialogue_says(name: str, octets: int) -> None:
    play_on_core(read(DIALOGUES[name]), octets)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", DIALOGUES)
def test_the_server_says_what_the_dialogue_says(name: str, store: str, tmp_path: Path) -> None:
    asyncio.run(play_on_port(read(DIALOGUES[name]), store, tmp_path))


@pytest.mark.parametrize("octets", [1, WHOLE])
@pytest.mark.parametrize("name", DIALOGUES)
def test_our_client_understands_what_the_dialogue_says(name: str, octets: int) -> None:
    play_to_client(play_on_core(read(DIALOGUES[name]), 1), octets)


def test_our_client_says_most_of_what_the_dialogues_say() -> None:
    counts = [play_to_client(play_on_core(read(path), 1), WHOLE) for path in DIALOGUES.values()]

    assert sum(counts) > 400


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (b"S: +OK Marked.", b"S: +OK marked."),
        (b"S: +OK 2 153", b"S: +OK 3 207"),
        (b"one.eml three.eml", b"one.eml two.eml three.eml"),
        (b"close", b"C: NOOP"),
        (b"C: DELE 2", b"C: DELE 1"),
    ],
)
def test_a_dialogue_that_is_wrong_is_noticed(said: bytes, wrong: bytes, tmp_path: Path) -> None:
    before, found, after = DIALOGUES["list-after-dele"].read_bytes().rpartition(said)
    path = tmp_path / "wrong.txt"
    path.write_bytes(before + wrong + after)

    assert found
    with pytest.raises(AssertionError):
        play_on_core(read(path), 1)
    if not said.startswith(b"close"):
        with pytest.raises(AssertionError):
            asyncio.run(play_on_port(read(path), "memory", tmp_path))
