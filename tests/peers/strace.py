"""Watch a real program's system calls, and end it at a chosen one.

strace 6.1 counts `when=` in each thread by itself: `when=2` ends the program when one thread makes
its second such call, and never if two threads make one each. The call at which the program ends
does not take place. `--seccomp-bpf`, which makes tracing cheap, silently disarms the injection.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.peers.program import DEADLINE, FOLDERS, find, run
from tests.peers.trace import TRACED, Event, read_calls, read_events

OCTETS = "512"  # of each string in a trace: enough for any reply line of RFC 1939, section 3
DURABLE = ("openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "link", "unlink", "mkdir")


@dataclass(frozen=True, slots=True)
class Count:
    """How often a system call was made: in all, and most often by one thread."""

    total: int = 0
    by_one_thread: int = 0
    """The highest `when` at which `inject` can end this program."""


def tracer() -> str:
    """Give strace's path; the test skips where it is absent or may not trace."""
    path = find("strace")
    if not _may_trace(path):
        pytest.skip("strace may not trace here (ptrace is not allowed)")
    return path


@cache
def _may_trace(path: str) -> bool:
    command = [path, "-f", "-qq", "-o", "/dev/null", "true"]
    return 0 == run(command, env={"PATH": FOLDERS}).code


def inject(command: Sequence[str], syscall: str, when: int, signal: str = "KILL") -> list[str]:
    """Give a command that runs `command` and signals the first to make its `when`-th such call.

    With KILL, strace ends as its program does: killed, once no traced process is left.
    """
    name = signal.removeprefix("SIG")
    return [
        *(tracer(), "-f", "-qq", "-o", "/dev/null", "-e", f"trace={syscall}", "-e", "signal=none"),
        *("-e", f"inject={syscall}:signal=SIG{name}:when={when}", "--", *command),
    ]


def watch(command: Sequence[str], trace: Path, syscalls: Iterable[str] = TRACED) -> list[str]:
    """Give a command that runs `command` and writes its trace to a file for `trace.read_events`."""
    # A leading ? makes a call that this machine's kernel lacks no fault.
    wanted = ",".join(f"?{name}" for name in syscalls)
    return [
        *(tracer(), "-f", "-qq", "-y", "-s", OCTETS, "--seccomp-bpf", "-o", str(trace)),
        *("-e", f"trace={wanted}", "-e", "signal=none", "--", *command),
    ]


def read(trace: Path, cwd: Path = Path("/")) -> list[Event]:
    """Give the events in a trace that `watch` wrote by a program that began in `cwd`."""
    text = trace.read_text(encoding="utf-8", errors="surrogateescape")
    return read_events(text.splitlines(), str(cwd))


def count(
    command: Sequence[str],
    syscalls: Iterable[str] = DURABLE,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    deadline: float = DEADLINE,
) -> dict[str, Count]:
    """Run a command to its end and count its system calls, the failed ones included."""
    wanted = list(syscalls)
    with TemporaryDirectory(prefix="strace-") as folder:
        trace = Path(folder) / "trace"
        done = run(watch(command, trace, wanted), env=env, cwd=cwd, deadline=deadline)
        text = trace.read_text(encoding="utf-8", errors="surrogateescape")

    assert 0 == done.code, done.err.decode(errors="replace")

    return tally(text.splitlines(), wanted)


def tally(lines: Iterable[str], syscalls: Iterable[str]) -> dict[str, Count]:
    """Count the system calls in the lines of a trace; one that never occurs has Count(0, 0)."""
    by_thread = Counter((call.name, call.thread) for call in read_calls(lines))
    counts = dict.fromkeys(syscalls, Count())
    for (name, _), times in by_thread.items():
        known = counts.get(name, Count())
        counts[name] = Count(known.total + times, max(known.by_one_thread, times))
    return counts
