"""Every dialogue of POP2 and POP1: on the core in any chunks, on the server with each store."""

import pytest

from tests.dialogues.historical import DIALOGUES, play_on_core
from tests.dialogues.player import read

NAMES = pytest.mark.parametrize("name", DIALOGUES)
RFCS = {"pop1": "918", "pop2": "937"}


@pytest.mark.parametrize(("kind", "least"), [("pop2", 30), ("pop1", 25)])
def test_there_are_enough_dialogues(kind: str, least: int) -> None:
    assert sum(name.startswith(kind) for name in DIALOGUES) >= least


@NAMES
def test_a_dialogue_says_which_section_it_shows(name: str) -> None:
    first = DIALOGUES[name].read_text("utf-8").partition("\n")[0]

    assert first.startswith(f"# rfc: {RFCS[name[:4]]} section ")
    assert " - " in first


@pytest.mark.parametrize("octets", [1, 7, 1_000_000])
@NAMES
def test_the_core_says_what_the_dialogue_says(name: str, octets: int) -> None:
    play_on_core(name[:4], read(DIALOGUES[name]), octets)
