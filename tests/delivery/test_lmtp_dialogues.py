"""Every golden dialogue, on the pure core in small and whole chunks and on the served port."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from pillarbox.delivery.services import Timers
from tests.delivery.desk import Desk, served
from tests.delivery.dialogue import DIALOGUES, play_on_core, play_on_port, read


def test_there_are_dialogues() -> None:
    assert len(DIALOGUES) >= 20


@pytest.mark.parametrize("name", DIALOGUES)
@pytest.mark.parametrize("octets", [1, 7, 100_000])
def test_the_core_says_what_the_dialogue_says(name: str, octets: int) -> None:
    play_on_core(read(DIALOGUES[name]), octets)


@pytest.mark.parametrize("name", DIALOGUES)
def test_the_server_says_what_the_dialogue_says(name: str, tmp_path: Path) -> None:
    dialogue = read(DIALOGUES[name])
    idle = 0.1 if ("idle", b"") in dialogue.steps else 20.0
    timers = Timers(idle=idle, linger=0.1, close=1)

    async def play(desk: Desk) -> None:
        async with served(desk, timers) as place:
            await play_on_port(dialogue, place)

    with closing(Desk(tmp_path, dialogue.given)) as desk:
        asyncio.run(play(desk))

        assert dialogue.then == {each: desk.maildrop(each) for each in dialogue.then}
        assert desk.leftovers() == []


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (b"250 2.0.0 Delivered.", b"250 2.0.0 delivered."),
        (b"Subject", b"subject"),
        (b"closed", b"C: NOOP"),
    ],
)
def test_a_dialogue_that_is_wrong_is_noticed(said: bytes, wrong: bytes, tmp_path: Path) -> None:
    text = DIALOGUES["one-recipient"].read_bytes()
    before, _, after = text.rpartition(said)
    path = tmp_path / "wrong.txt"
    path.write_bytes(before + wrong + after)

    with pytest.raises(AssertionError):
        play_on_core(read(path), 1)
