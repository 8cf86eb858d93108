"""Deliveries by many at once: each deliverer puts its blob, one writer commits what has arrived.

The group needs no waiting time: while one commit is at the disk, the next batch gathers.
"""

import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from bench.blobs.known import LAYOUTS
from bench.blobs.layout import Layout
from bench.blobs.mail import Blob, blob, blobs

MOST_IN_A_BATCH = 256  # about 4 MB in memory
DELIVERERS_OF_A_PROCESS = 8
NUMBER = 8  # octets of an acknowledged number on the pipe: below PIPE_BUF, so never torn
SPAWN = multiprocessing.get_context("spawn")  # a fork would carry SQLite's locks along

Waiting = tuple[Blob, "Future[None]"]


class GroupCommit:
    """The one writer thread of a process."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def deliver(self, blob: Blob) -> None:
        """Return when the blob and its row are durable."""
        self._layout.put(blob)
        done: Future[None] = Future()
        self._waiting.put((blob, done))
        done.result()

    def close(self) -> None:
        """Commit what waits, then end."""
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        for batch in self._batches():
            try:
                self._layout.commit([blob for blob, _ in batch])
            except Exception as fault:  # it is raised where the deliverer waits
                for _, done in batch:
                    done.set_exception(fault)
            else:
                for _, done in batch:
                    done.set_result(None)

    def _batches(self) -> Iterator[list[Waiting]]:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            while len(batch) < MOST_IN_A_BATCH and not self._waiting.empty():
                more = self._waiting.get()
                if more is None:
                    self._waiting.put(None)
                    break
                batch.append(more)
            yield batch


def fill(layout: Layout, numbers: range) -> list[bytes]:
    """Import in full batches, as a first import of a Maildir would; give the digests."""
    digests: list[bytes] = []
    with ThreadPoolExecutor(DELIVERERS_OF_A_PROCESS) as pool:
        for start in range(numbers.start, numbers.stop, MOST_IN_A_BATCH):
            batch = list(blobs(range(start, min(start + MOST_IN_A_BATCH, numbers.stop))))
            list(pool.map(layout.put, batch))
            layout.commit(batch)
            digests += [blob.digest for blob in batch]
    return digests


def deliveries_a_second(layout: Layout, mail: Sequence[Blob], deliverers: int) -> float:
    """Deliver `mail` by so many threads at once."""
    group = GroupCommit(layout)
    with ThreadPoolExecutor(deliverers) as pool:
        begin = time.perf_counter()
        list(pool.map(group.deliver, mail))
        seconds = time.perf_counter() - begin
    group.close()
    return len(mail) / seconds


def _deliver_apart(name: str, home: Path, numbers: range) -> tuple[float, float]:
    mail = list(blobs(numbers))
    layout = LAYOUTS[name](home)
    begin = time.time()
    deliveries_a_second(layout, mail, DELIVERERS_OF_A_PROCESS)
    end = time.time()
    layout.close()
    return begin, end


def two_processes(name: str, home: Path, numbers: range) -> float:
    """Let two processes deliver at once, as `serve` and `pillarbox deliver` do; give the rate."""
    half = len(numbers) // 2
    parts = (numbers[:half], numbers[half:])
    with SPAWN.Pool(2) as pool:
        spans = pool.map(partial(_deliver_apart, name, home), parts, chunksize=1)
    return len(numbers) / (max(end for _, end in spans) - min(begin for begin, _ in spans))


def _deliver_and_tell(name: str, home: Path, numbers: range, answers: Connection) -> None:
    layout = LAYOUTS[name](home)
    group = GroupCommit(layout)

    def deliver(some: range) -> None:
        for number in some:
            group.deliver(blob(number))
            os.write(answers.fileno(), number.to_bytes(NUMBER))

    parts = [numbers[first::DELIVERERS_OF_A_PROCESS] for first in range(DELIVERERS_OF_A_PROCESS)]
    with ThreadPoolExecutor(DELIVERERS_OF_A_PROCESS) as pool:
        list(pool.map(deliver, parts))


def kill_while_delivering(name: str, home: Path, numbers: range, seconds: float) -> list[int]:
    """Kill a delivering process `seconds` after its first answer; give what it acknowledged."""
    answers, to_parent = SPAWN.Pipe(duplex=False)
    child = SPAWN.Process(target=_deliver_and_tell, args=(name, home, numbers, to_parent))
    child.start()
    to_parent.close()
    told = bytearray(os.read(answers.fileno(), NUMBER))
    killer = threading.Timer(seconds, child.kill)
    killer.start()
    while chunk := os.read(answers.fileno(), 65536):
        told += chunk
    child.join()
    answers.close()
    return [int.from_bytes(told[at : at + NUMBER]) for at in range(0, len(told), NUMBER)]
