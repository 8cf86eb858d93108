"""Run a program to its end: how long it took, and how much memory it had."""

import pwd
import re
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.peers.program import descendants, end

LOOK_SECONDS = 0.02  # between two looks at the memory; the kernel keeps the peak meanwhile
SECONDS = 600.0  # the longest run
PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


class FailedFault(Exception):
    """A program did not do its work."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the program and what it may need of us."""

    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock on the wall, and at work on a processor, its children's too.

    `octets` is the most memory that one process of the program's had.
    """

    seconds: float
    busy_seconds: float
    octets: int


def measure(run: Run) -> Cost:
    """Return what a run cost; raises FailedFault where it failed."""
    began, busy = time.perf_counter(), _busy()
    with subprocess.Popen(
        list(run.command),
        env=dict(run.env),
        cwd=run.cwd,
        user=run.user,
        group=None if run.user is None else pwd.getpwnam(run.user).pw_gid,
        extra_groups=None if run.user is None else [],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(run.cwd / "said").open("wb"),
        start_new_session=True,
    ) as started:
        try:
            peak = _watch(started, began)
        finally:
            end(started)
        seconds = time.perf_counter() - began
    if started.returncode:
        said = (run.cwd / "said").read_text(errors="replace")
        why = f"{run.command[0]} ended with {started.returncode}: {said[-2000:]}"
        raise FailedFault(why)
    return Cost(seconds, _busy() - busy, peak)


def _busy() -> float:
    """Return what all programs that have ended cost the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(started: "subprocess.Popen[bytes]", began: float) -> int:
    """Return the largest peak of any of its processes, once it has ended."""
    # Not wait4: what that says of a child counts the memory of the parent that it was forked from.
    peak = 0
    while time.perf_counter() - began < SECONDS:
        with suppress(subprocess.TimeoutExpired):
            started.wait(LOOK_SECONDS)
            return peak
        peak = max(peak, *(_peak(pid) for pid in (started.pid, *descendants(started.pid))))
    why = f"{started.args!r} took more than {SECONDS:g} seconds"
    raise FailedFault(why)


def _peak(pid: int) -> int:
    with suppress(OSError):
        found = PEAK.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
        return int(found[1]) * 1024 if found else 0
    return 0
