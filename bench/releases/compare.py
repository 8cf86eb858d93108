"""`make bench-releases ARGS=CHECKOUT`: what this checkout does slower than another one.

Both serve at the same time, each a home of its own, and are asked in turn: so the load of the
machine is the same for both. Printed are medians of the rounds: how long one takes, the server's
processor time for it, and the ratios of this checkout to the other. Passwords cross loopback in
plaintext, so that no handshake hides what is measured.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.releases.side import MAIN, NAMES, Client, Side

HERE = Path(__file__).parents[2]
ROUNDS = 7
MESSAGES, OCTETS = 1_000, 4_096
BIG = 100_000
WRITERS = 8
SESSIONS = 1_000  # connections that are held, for their memory


@dataclass(frozen=True)
class Row:
    """One thing to measure: `work` does it `count` times in one round."""

    name: str
    count: int
    work: Callable[[Side, int], None]
    rounds: int = ROUNDS


def logins(side: Side, count: int) -> None:
    """Log in by an app password and leave."""
    for _ in range(count):
        _session(side, side.password)


def main_logins(side: Side, count: int) -> None:
    """Log in by the main password and leave."""
    for _ in range(count):
        _session(side, MAIN)


def polls(side: Side, count: int) -> None:
    """Ask for news where there is none."""
    for _ in range(count):
        client = side.connect()
        client.login(NAMES[0], side.password)
        client.ask("STAT")
        client.read("UIDL")
        _quit(client)


def big_logins(side: Side, count: int) -> None:
    """Log in to a large maildrop."""
    for _ in range(count):
        client = side.connect()
        client.login(NAMES[1], side.big_password)
        _quit(client)


def retrievals(side: Side, count: int) -> None:
    """Take the first messages of a large maildrop; the device has them afterwards."""
    client = side.connect()
    client.login(NAMES[1], side.big_password)
    for number in range(1, count + 1):
        client.read(f"RETR {number}")
    _quit(client)


def deliveries(side: Side, count: int) -> None:
    """Hand over messages one after another."""
    client = side.connect("lmtp")
    client.ask("LHLO bench.example")
    while client.heard()[3:4] == b"-":
        pass
    for number in range(count):
        client.ask("MAIL FROM:<a@example.org>")
        client.ask(f"RCPT TO:<{NAMES[1]}>")
        client.ask("DATA")
        text = f"Subject: {number} {time.time_ns()}\r\n\r\n"
        lines = "x" * 78 + "\r\n"
        client.ask(text + lines * ((OCTETS - len(text)) // len(lines)) + ".")
    client.close()


def deliveries_at_once(side: Side, count: int) -> None:
    """Hand over messages on several connections."""
    each = count // WRITERS
    threads = [threading.Thread(target=deliveries, args=(side, each)) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _session(side: Side, password: str) -> None:
    client = side.connect()
    client.login(NAMES[0], password)
    _quit(client)


def _quit(client: Client) -> None:
    client.ask("QUIT")
    client.close()


SMALL = [
    Row("login, app password", 100, logins),
    Row("login, main password", 20, main_logins),
    Row("poll without news, app password", 100, polls),
]
LARGE = [
    Row("LMTP delivery, one connection", 100, deliveries),
    Row("LMTP delivery, 8 connections", 160, deliveries_at_once),
    Row("RETR of 4 kB, with its QUIT", MESSAGES, retrievals),
]
BIGGEST = [Row(f"login, {BIG:,} messages", 3, big_logins)]


def measure(rows: list[Row], sides: tuple[Side, Side]) -> None:
    """Ask both in turn and say what was found."""
    for row in rows:
        times = {side.name: _Times() for side in sides}
        for number in range(row.rounds + 1):
            for side in sides if number % 2 else reversed(sides):
                taken = timed(row, side)
                if number:  # what is done once is done
                    times[side.name].add(*taken)
        before, here = (times[side.name] for side in sides)
        tell(row.name, before, here)


class _Times:
    """Milliseconds for one: by the clock, and of the server's processor."""

    def __init__(self) -> None:
        self._real: list[float] = []
        self._cpu: list[float] = []

    def add(self, real: float, cpu: float) -> None:
        """Note a round."""
        self._real.append(real)
        self._cpu.append(cpu)

    @property
    def real(self) -> float:
        """By the clock."""
        return median(self._real)

    @property
    def cpu(self) -> float:
        """Of the processor; a tick at least in all rounds."""
        return max(sum(self._cpu) / len(self._cpu), 0.001)


def timed(row: Row, side: Side) -> tuple[float, float]:
    """Return how many milliseconds one took, and how many of the server's processor."""
    cpu, start = side.cpu(), time.perf_counter()
    row.work(side, row.count)
    real = time.perf_counter() - start
    return real * 1000 / row.count, (side.cpu() - cpu) * 1000 / row.count


def tell(name: str, before: _Times, here: _Times) -> None:
    """Print a row."""
    real = f"{before.real:9.2f} {here.real:9.2f} ms {here.real / before.real:5.2f}x"
    cpu = f"{before.cpu:9.2f} {here.cpu:9.2f} ms CPU {here.cpu / before.cpu:5.2f}x"
    print(f"{name:34}{real}{cpu}", flush=True)


def tell_memory(name: str, sides: tuple[Side, Side]) -> None:
    """Print what the servers hold."""
    before, here = (side.memory() for side in sides)
    print(f"{name:34}{before:9} {here:9} kB {here / before:5.2f}x", flush=True)


def hold(sides: tuple[Side, Side], count: int) -> None:
    """Say what so many connections more cost."""
    taken = []
    for side in sides:
        memory = side.memory()
        clients = [side.connect() for _ in range(count)]
        taken.append((side.memory() - memory) / count)
        for client in clients:
            client.close()
    print(f"{'a connection, before login':34}{taken[0]:9.1f} {taken[1]:9.1f} kB", flush=True)


def compare(other: Path, cache_seconds: int, *, is_whole: bool) -> None:
    """Serve both and measure."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        sides = (
            Side("before", other, Path(name, "before")),
            Side("here", HERE, Path(name, "here")),
        )
        for side in sides:
            side.make(cache_seconds)
            stack.enter_context(side.serving())
        print(f"cache_seconds = {cache_seconds}", flush=True)
        tell_memory("memory, at first", sides)
        measure(SMALL, sides)
        if is_whole:
            measure(LARGE, sides)
            for side in sides:
                side.multiply(BIG)
            measure(BIGGEST, sides)
            hold(sides, SESSIONS)
        tell_memory("memory, at last", sides)


def main() -> None:
    """Measure with the cache of passwords and without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path, help="a checkout of an earlier release")
    parser.add_argument("--cache-alone", action="store_true", help="leave out the rest")
    asked = parser.parse_args()
    if not (asked.other / "src" / "pillarbox").is_dir():
        sys.exit(f"{asked.other} is no checkout")
    compare(asked.other.resolve(), 0, is_whole=False)
    if not asked.cache_alone:
        compare(asked.other.resolve(), 300, is_whole=True)


if __name__ == "__main__":
    main()
