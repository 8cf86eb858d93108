"""Guessers on real sockets: hydra, a hundred sources at one account, two servers on one home."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.endtoend.guessing import (
    NOT_TRIED,
    TRIED,
    Attempt,
    busiest,
    five_each,
    owner,
    times_tried,
)
from tests.endtoend.post_office import ACCOUNT, PASSWORD, PostOffice, Serving
from tests.peers.hydra import Hydra, hits
from tests.peers.program import Process

HOME, OFFICE, ABROAD = "127.0.0.2", "127.0.0.3", "127.0.9.9"
GUESSER = "127.0.0.1"  # where hydra comes from
SWITCH = "allow_unlimited_guesses = "
AT_ONCE = 20
HOUR = 3_600.0
START = time.time()
OTHER = "zoe"


def replies(serving: Serving, attempts: list[Attempt], at_once: int = AT_ONCE) -> list[bytes]:
    port, authority = serving.ports["pop3s"], serving.authority
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda each: each.reply(port, authority), attempts))


def count(replies: list[bytes], start: bytes) -> int:
    return sum(reply.startswith(start) for reply in replies)


@contextmanager
def visiting(serving: Serving, *visitors: Attempt, seconds: float = 1.0) -> Iterator[list[bytes]]:
    """Have somebody log in again and again meanwhile; give what they were told."""
    told: list[bytes] = []
    is_over = threading.Event()

    def visit() -> None:
        while not is_over.wait(seconds):
            told.extend(replies(serving, list(visitors), at_once=1))

    with ThreadPoolExecutor(1) as pool:
        visit_ = pool.submit(visit)
        try:
            yield told
        finally:
            is_over.set()
        visit_.result()


@contextmanager
def serving_by(office: PostOffice, clock: Path) -> Iterator[Serving]:
    """Serve by a clock that stands where a file says."""
    ready = office.folder / "run" / "listeners.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.endtoend.clocked", str(office.folder), str(clock)]
    output = office.folder.with_name("clocked.log")
    with Process(command, env=os.environ, output=output) as process:
        process.wait_until(ready.exists)
        found = json.loads(ready.read_text("ascii"))
        yield Serving(process, {"pop3s": found["pop3s"][0][1]}, office.authority)


def set_clock(path: Path, seconds: float) -> None:
    """Let it be so many seconds after the start of the test."""
    new = path.with_suffix(".new")
    new.write_text(str(START + seconds), "ascii")
    new.rename(path)


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    set_clock(path, 0)
    return path


# Two servers


@pytest.mark.slow
def test_two_servers_on_one_home_count_together(office: PostOffice, clock: Path) -> None:
    guesses = [Attempt(HOME, "wrong", f"name{number}") for number in range(24)]
    with serving_by(office, clock) as one, serving_by(office, clock) as two:
        told = replies(one, guesses[:4]) + replies(two, guesses[4:8])
        told += replies(one, guesses[8:16]) + replies(two, guesses[16:])
        stranger = replies(one, [owner(HOME)])
        set_clock(clock, 60)
        told_later = replies(two, guesses)
        known = replies(one, [owner(OFFICE)]) + replies(two, [owner(OFFICE)])

    assert (12, 12) == (count(told, TRIED), count(told, NOT_TRIED))
    assert [NOT_TRIED] == [stranger[0][: len(NOT_TRIED)]]
    assert 6 == count(told_later, TRIED)
    assert 2 == count(known, b"+OK ")


# hydra


@pytest.mark.interop
def test_a_thousand_guesses_of_hydra_are_twenty_a_minute_and_nobody_else_is_held_up(
    office: PostOffice, tmp_path: Path
) -> None:
    office.add_account(OTHER)
    neighbours = [owner(OFFICE, OTHER), owner(GUESSER, OTHER)]
    guesses = [f"guess{number}" for number in range(1_000)]
    with office.serving() as serving:
        replies(serving, [owner(HOME)])
        replies(serving, neighbours)
        with visiting(serving, owner(HOME), *neighbours) as told:
            done = Hydra(tmp_path / "hydra").guess(serving.ports["pop3s"], ACCOUNT, guesses, 900)
        times = times_tried(serving.process.said())

    assert b"1 of 1 target completed, 0 valid password found" in done.out, done.out
    assert [] == hits(done.out)
    assert 0 < busiest(times, 60) <= 20
    assert len(told) == count(told, b"+OK ") > 0


@pytest.mark.interop
def test_without_the_throttle_hydra_finds_the_password(office: PostOffice, tmp_path: Path) -> None:
    path = office.folder / "pillarbox.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace(f"{SWITCH}false", f"{SWITCH}true"), "utf-8")
    guesses = [*(f"guess{number}" for number in range(60)), PASSWORD]
    with office.serving() as serving:
        done = Hydra(tmp_path / "hydra").guess(serving.ports["pop3s"], ACCOUNT, guesses, 300)
        times = times_tried(serving.process.said())

    assert [PASSWORD.encode()] == hits(done.out), done.out
    assert 60 == len(times)


# A hundred sources


@pytest.mark.interop
def test_a_hundred_sources_get_a_few_guesses_in_two_minutes_and_the_owner_gets_in(
    office: PostOffice,
) -> None:
    with office.serving() as serving:
        replies(serving, [owner(HOME)])
        with visiting(serving, owner(HOME), seconds=2.0) as told:
            guessed = replies(serving, five_each(100), at_once=10)
        abroad = replies(serving, [owner(ABROAD)])
        office.do("account", "unlock", ACCOUNT)
        unlocked = replies(serving, [owner(ABROAD)])
        times = times_tried(serving.process.said())
    locked = office.answer("audit", "list", ACCOUNT)

    assert 500 == count(guessed, TRIED) + count(guessed, NOT_TRIED)
    assert len(times) == count(guessed, TRIED) <= 50
    assert len(told) == count(told, b"+OK ") > 10
    assert (1, 1) == (count(abroad, NOT_TRIED), count(unlocked, b"+OK "))
    assert 1 == sum(line["event"] == "account.locked" for line in locked)


@pytest.mark.interop
def test_a_hundred_sources_get_fifty_guesses_in_an_hour_of_the_clock(
    office: PostOffice, clock: Path
) -> None:
    attempts, guessed, known = five_each(100), [], []
    with serving_by(office, clock) as serving:
        replies(serving, [owner(HOME)])
        for turn in range(25):
            set_clock(clock, turn * HOUR / 25)
            guessed += replies(serving, attempts[turn * AT_ONCE : (turn + 1) * AT_ONCE])
            known += replies(serving, [owner(HOME)])
        times = times_tried(serving.process.said())

    assert 500 == count(guessed, TRIED) + count(guessed, NOT_TRIED)
    assert count(guessed, TRIED) == len(times)
    assert 20 <= len(times) <= 50
    assert 25 == count(known, b"+OK ")
