"""The measurements: each takes a filled layout and gives figures by name."""

import ast
import gc
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bench.blobs import deliver
from bench.blobs.known import LAYOUTS
from bench.blobs.layout import Layout
from bench.blobs.mail import SEED, blob, blobs, message

ROUNDS = 7
READS = 1_000
TOP_OCTETS = 2_048
CHUNK_OCTETS = 16_384
NEAR_15_KB = range(14_000, 16_001)
KILLS = 5
NEW_MESSAGES = 1_000
DELIVERIES = {1: 1_000, 8: 4_000, 64: 8_000}  # by deliverers: one to two seconds each
AGAINST_MESSAGES = 20  # a quick run delivers no more than a part of what is stored
SOURCES = {"A": ("files",), "B": ("packs",), "C": ("tables", "files"), "D": ("tables", "files")}

T = TypeVar("T")
Figures = dict[str, str]


@dataclass(slots=True)
class Trial:
    """One layout under test: where it lies, what is in it, which number comes next."""

    name: str
    home: Path
    layout: Layout
    digests: list[bytes] = field(default_factory=list)
    next_number: int = 0

    def numbers(self, count: int) -> range:
        """Give the numbers of messages that were never delivered before."""
        first, self.next_number = self.next_number, self.next_number + count
        return range(first, self.next_number)

    def open(self) -> float:
        """Open, and give the seconds until the first read."""
        begin = time.perf_counter()
        self.layout = LAYOUTS[self.name](self.home)
        self.layout.read(self.digests[0])
        return time.perf_counter() - begin


@contextmanager
def stopwatch(figures: Figures, name: str) -> Iterator[None]:
    """Note how long the block takes, the file system's own writing included."""
    begin = time.perf_counter()
    yield
    figures[name] = f"{time.perf_counter() - begin:.2f}"


def sync(home: Path) -> None:
    """Wait until the file system has written."""
    subprocess.run(["/usr/bin/env", "sync", "-f", str(home)], check=True)


def filled(trial: Trial, messages: int) -> Figures:
    """Import `messages` in batches, durably."""
    begin = time.perf_counter()
    numbers = trial.numbers(messages)
    trial.digests = deliver.fill(trial.layout, numbers)
    seconds = time.perf_counter() - begin
    return {"import, messages/s": f"{messages / seconds:.0f}"}


def reading(trial: Trial) -> Figures:
    """Processor time to read 15 KB whole, in chunks, and its first 2 KB, from a warm cache."""
    chosen = [
        digest
        for number, digest in enumerate(trial.digests[: READS * 40])
        if len(message(number)) in NEAR_15_KB
    ][:READS]
    random.Random(SEED).shuffle(chosen)  # an order, not a secret
    read, part = trial.layout.read, trial.layout.read_range

    def in_chunks(digest: bytes) -> None:
        for start in range(0, NEAR_15_KB.start, CHUNK_OCTETS // 4):
            part(digest, start, CHUNK_OCTETS // 4)

    known = [trial.layout.reader(digest) for digest in chosen]
    return {
        "read 15 KB, us CPU": f"{_micros(read, chosen):.1f}",
        "read 15 KB, place known, us CPU": f"{_micros(lambda one: one(), known):.1f}",
        "first 2 KB (TOP), us CPU": f"{_micros(lambda one: part(one, 0, TOP_OCTETS), chosen):.1f}",
        "15 KB in four ranges, us CPU": f"{_micros(in_chunks, chosen):.1f}",
    }


def _micros(read: Callable[[T], object], chosen: Sequence[T]) -> float:
    times = []
    gc.disable()
    for _ in range(ROUNDS + 1):
        begin = time.thread_time()
        for one in chosen:
            read(one)
        times.append((time.thread_time() - begin) / len(chosen) * 1e6)
    gc.enable()
    return statistics.median(times[1:])  # the first round warms the cache


def delivering(trial: Trial) -> Figures:
    """Durable deliveries a second by 1, 8 and 64 at once, and by two processes."""
    figures = {}
    for deliverers, most in DELIVERIES.items():
        count = min(most, len(trial.digests) // AGAINST_MESSAGES * deliverers)
        mail = list(blobs(trial.numbers(count)))
        spent = time.process_time()
        rate = deliver.deliveries_a_second(trial.layout, mail, deliverers)
        spent = (time.process_time() - spent) / count * 1e6
        figures[f"deliveries/s by {deliverers} (us CPU each)"] = f"{rate:.0f} ({spent:.0f})"
    count = min(DELIVERIES[8], len(trial.digests))
    rate = deliver.two_processes(trial.name, trial.home, trial.numbers(count))
    figures["deliveries/s by 2 processes of 8"] = f"{rate:.0f}"
    return figures


def space(home: Path) -> tuple[float, float]:
    """Give megabytes on the disk and megabytes as listed."""
    found = [entry.lstat() for entry in (home, *home.rglob("*"))]
    return sum(one.st_blocks for one in found) * 512 / 1e6, sum(one.st_size for one in found) / 1e6


def copying(trial: Trial) -> Figures:
    """A whole copy, and what a backup does when 1,000 messages are new."""
    disk, listed = space(trial.home)
    figures = {"du / apparent, MB": f"{disk:.0f} / {listed:.0f}"}
    there = trial.home.with_name("copy")
    sync(trial.home)
    with stopwatch(figures, "cp -a and sync, s"):
        subprocess.run(["/usr/bin/env", "cp", "-a", str(trial.home), str(there)], check=True)
        sync(there)
    deliver.fill(trial.layout, trial.numbers(NEW_MESSAGES))
    sync(trial.home)
    with stopwatch(figures, "copy of 1,000 missing and sync, s"):
        trial.layout.copy_missing(there)
        sync(there)
    shutil.rmtree(there)
    return figures


def killing(trial: Trial) -> Figures:
    """SIGKILL while eight deliver; count what was acknowledged and cannot be read."""
    acknowledged, lost, seconds, left = 0, 0, [], ""
    chance = random.Random(SEED)  # when to kill is no secret
    for _ in range(KILLS):
        trial.layout.close()
        told = deliver.kill_while_delivering(
            trial.name, trial.home, trial.numbers(100_000), 0.2 + chance.random() / 2
        )
        seconds.append(trial.open())
        left = trial.layout.mend()
        named = trial.layout.named()
        acknowledged += len(told)
        lost += sum(not _is_whole(trial.layout, named, number) for number in told)
    return {
        "kill -9 five times: lost of acknowledged": f"{lost} of {acknowledged}",
        "left after the kills": left,
        "open after a kill, ms": f"{statistics.median(seconds) * 1000:.0f}",
    }


def _is_whole(layout: Layout, named: set[bytes], number: int) -> bool:
    expected = blob(number)
    return expected.digest in named and layout.read(expected.digest) == expected.body


def collecting(trial: Trial) -> Figures:
    """Remove a random tenth; then give the space back."""
    chance = random.Random(SEED)  # a sample, not a secret
    gone = chance.sample(trial.digests, len(trial.digests) // 10)
    before, _ = space(trial.home)
    figures: Figures = {}
    with stopwatch(figures, "remove a tenth, s"):
        trial.layout.remove(gone)
        sync(trial.home)
    after, _ = space(trial.home)
    figures["given back at once, MB"] = f"{before - after:.0f}"
    with stopwatch(figures, "tidy, s"):
        trial.layout.tidy()
        sync(trial.home)
    figures["given back by tidy, MB"] = f"{after - space(trial.home)[0]:.0f}"
    return figures


def lines_of_code(name: str) -> Figures:
    """Count the lines one must trust: statements' lines, without docstrings and comments."""
    folder = Path(__file__).parent
    paths = [folder / f"{module}.py" for module in SOURCES[name[0]]]
    return {"lines of code": str(sum(_code_lines(path.read_text("utf-8")) for path in paths))}


def _code_lines(text: str) -> int:
    tree = ast.parse(text)
    prose: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return sum(
        1
        for number, line in enumerate(text.splitlines(), 1)
        if number not in prose and line.strip() and not line.strip().startswith("#")
    )


def everything(name: str, folder: Path, messages: int) -> Figures:
    """Measure one layout from empty to emptied; nothing of it stays on the disk."""
    home = folder / "home"
    trial = Trial(name, home, LAYOUTS[name](home))
    try:
        figures = filled(trial, messages)
        for measure in (reading, delivering, copying, killing, collecting):
            figures |= measure(trial)
        return figures | lines_of_code(name)
    finally:
        trial.layout.close()
        shutil.rmtree(home)


def one_size(name: str, folder: Path, octets: int) -> Figures:
    """Read and deliver messages of one size, to see where files overtake a table."""
    home = folder / "home"
    layout = LAYOUTS[name](home)
    count = max(40, min(400, 2**24 // octets))
    try:
        mail = [blob(number, octets) for number in range(count)]
        rate = deliver.deliveries_a_second(layout, mail, 8)
        micros = _micros(layout.read, [one.digest for one in mail])
        return {f"{octets // 1024} KB: read us CPU, deliveries/s": f"{micros:.0f}, {rate:.0f}"}
    finally:
        layout.close()
        shutil.rmtree(home)
