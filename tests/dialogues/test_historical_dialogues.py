"""Every dialogue of POP2 and POP1: on the core in any chunks, on the server with each store."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dialogues.core import play_on_core
from tests.dialogues.player import HERE, Dialogue, read
from tests.dialogues.port import STORES, play_on_port

RFCS = {"pop2": "937", "pop1": "918"}
LEAST = {"pop2": 30, "pop1": 25}
DIALOGUES = {
    f"{protocol}/{path.stem}": path
    for protocol in RFCS
    for path in sorted((HERE / protocol).glob("*.txt"))
}
NAMES = pytest.mark.parametrize("name", DIALOGUES)


def dialogue(name: str) -> Dialogue:
    return replace(read(DIALOGUES[name]), protocol=DIALOGUES[name].parent.name)


@pytest.mark.parametrize("protocol", RFCS)
def test_there_are_enough_dialogues(protocol: str) -> None:
    assert sum(name.startswith(protocol) for name in DIALOGUES) >= LEAST[protocol]


@NAMES
def test_a_dialogue_says_which_section_it_shows(name: str) -> None:
    first = DIALOGUES[name].read_text("utf-8").partition("\n")[0]

    assert first.startswith(f"# rfc: {RFCS[DIALOGUES[name].parent.name]} section ")
    assert " - " in first


@pytest.mark.parametrize("octets", [1, 7, 1_000_000])
@NAMES
def test_the_core_says_what_the_dialogue_says(name: str, octets: int) -> None:
    play_on_core(dialogue(name), octets)


@pytest.mark.parametrize("store", STORES)
@NAMES
def test_the_server_says_what_the_dialogue_says(name: str, store: str, tmp_path: Path) -> None:
    asyncio.run(play_on_port(dialogue(name), store, tmp_path))
