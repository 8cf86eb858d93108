"""Find a real program, run it, and surely end it.

A program leads a process group of its own. It is ended by group, and those of its descendants that
left the group by their own id, so nothing outlives the test and nothing else is touched.
"""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from select import POLLIN, poll
from time import monotonic
from types import TracebackType
from typing import IO, Self, TypeVar

import pytest

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
DEADLINE = 30.0  # seconds: peers answer in less than one; a busy machine is slow
GRACE = 5.0  # seconds between asking a program to end and ending it
PAUSE = 0.01  # seconds between two looks at what tells nobody when it changes
PORT_ATTEMPTS = 5  # another program may take a free port before ours binds it
FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # no user's own shims


class DeadlineFault(AssertionError):
    """A program did not do in time what the test waits for."""


class EndedFault(AssertionError):
    """A program ended before it did what the test waits for."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended: its exit code (negative: the signal) and all that it said."""

    code: int
    out: bytes
    err: bytes


def find(name: str) -> str:
    """Give the path of a program; the test skips, naming it, where it is absent."""
    path = shutil.which(name, path=FOLDERS)
    if path is None:
        pytest.skip(f"{name} is not installed; tests/peers/install.sh brings it")
    return path


def environment(home: Path, **more: str) -> dict[str, str]:
    """Give an environment with this home and nothing of the user's: no proxy, locale or rc file."""
    return {"PATH": FOLDERS, "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC", **more}


def free_port() -> int:
    """Give a loopback port that was free a moment ago; who cannot bind it asks again."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def bind_by_trying(start: Callable[[], T]) -> T:
    """Call `start`, which picks free ports, again while it finds that one was taken."""
    for _ in range(PORT_ATTEMPTS - 1):
        with suppress(PortTakenFault):
            return start()
    return start()


class PortTakenFault(AssertionError):
    """Another program took the port between the choice and the bind."""


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    said: bytes = b"",
    deadline: float = DEADLINE,
) -> Done:
    """Run a program to its end with `said` on its standard input.

    Raises DeadlineFault, after ending it and its children, when it takes longer.
    """
    with subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        cwd=cwd,
        start_new_session=True,
    ) as started:
        try:
            out, err = started.communicate(said, timeout=deadline)
        except subprocess.TimeoutExpired as fault:
            end(started)
            out, err = started.communicate()
            why = f"{command[0]} took more than {deadline} s: {err[-2000:]!r}"
            raise DeadlineFault(why) from fault
        except BaseException:
            end(started)
            raise
    return Done(started.returncode, out, err)


def descendants(pid: int) -> list[int]:
    """Give the ids of the living children of a process, and of theirs, parents first."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


def is_running(pid: int) -> bool:
    """Whether a process of this id lives; a zombie, which waits to be counted, does not."""
    return _born(pid) is not None


def end(started: subprocess.Popen[bytes], grace: float = 0) -> None:
    """End a group leader, its group and its descendants, letting it tidy up for `grace` seconds."""
    # Without a child subreaper a grandchild can only be found while its parent lives.
    family = [(pid, _born(pid)) for pid in descendants(started.pid)]
    if grace and started.poll() is None:
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(grace)
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    for pid, born in family:
        if born is not None and born == _born(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    started.wait()
    until = monotonic() + GRACE
    for pid, born in family:
        while born is not None and born == _born(pid) and monotonic() < until:
            pause()


def _born(pid: int) -> str | None:
    """Tell a process from a later one with the same id; a zombie is no longer one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]  # proc(5): field 3 is state, 22 starttime


def pause() -> None:
    """Wait a moment, between two looks at what gives no signal."""
    poll().poll(PAUSE * 1000)


class Process:
    """A program that runs beside the test, its output in a file, and surely ended with it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        output: Path,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> None:
        self.command = list(command)
        self.output = output
        self._env = dict(env)
        self._cwd = cwd
        self._user = user
        self._file: IO[bytes] | None = None
        self._started: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self.output.open("ab")
        try:
            self._started = subprocess.Popen(  # it lives on past this block; __exit__ ends it
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=self._file,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                user=self._user,
                group=_group_of(self._user),
                extra_groups=[] if self._user else None,
                start_new_session=True,
            )
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._started is not None, "the process was never started"
        return self._started

    @property
    def pid(self) -> int:
        """Give the id of the process, which is the id of its group too."""
        return self._running().pid

    @property
    def code(self) -> int | None:
        """Give the exit code (negative: the signal), or None while it runs."""
        return self._running().poll()

    def said(self) -> bytes:
        """Give all that the program has written to stdout and stderr so far."""
        return self.output.read_bytes()

    def pids(self) -> list[int]:
        """Give the ids of the process and of its living descendants."""
        return [self.pid, *descendants(self.pid)]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone; nothing happens when it has ended."""
        self._running().send_signal(number)

    def kill(self) -> None:
        """End the whole group at once, as a loss of power would."""
        self.stop(grace=0)

    def stop(self, grace: float = GRACE) -> int:
        """Ask the program to end, end what is left after `grace` seconds, and give its code."""
        started = self._running()
        end(started, grace)
        if self._file is not None:
            self._file.close()
        return int(started.returncode)

    def wait(self, deadline: float = DEADLINE) -> int:
        """Wait for the program to end by itself and give its code; raises DeadlineFault."""
        try:
            return self._running().wait(deadline)
        except subprocess.TimeoutExpired as fault:
            raise DeadlineFault(self._complain("has not ended")) from fault

    def wait_until(self, claim: Callable[[], bool], deadline: float = DEADLINE) -> None:
        """Wait until `claim` holds; raises EndedFault or DeadlineFault when it never will."""
        until = monotonic() + deadline
        while not claim():
            if self.code is not None:
                raise EndedFault(self._complain(f"ended with {self.code}"))
            if monotonic() > until:
                raise DeadlineFault(self._complain(f"was not ready in {deadline} s"))
            pause()

    def wait_until_listening(self, port: int, deadline: float = DEADLINE) -> None:
        """Wait until something on loopback accepts connections at this port; see wait_until."""
        self.wait_until(lambda: is_listening(port), deadline)

    def _complain(self, what: str) -> str:
        tail = self.said()[-2000:].decode(errors="replace")
        return f"{self.command[0]} {what}; it said:\n{tail}"


def is_listening(port: int) -> bool:
    """Whether a connection to this loopback port is accepted now."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_for_datagram(inbox: socket.socket, process: Process, deadline: float = DEADLINE) -> bytes:
    """Give the next datagram of `inbox`; raises as `Process.wait_until` does."""
    waiter = poll()
    waiter.register(inbox, POLLIN)
    process.wait_until(lambda: bool(waiter.poll(0)), deadline)
    return inbox.recv(4096)


def _group_of(user: str | None) -> int | None:
    import pwd  # absent where there are no such peers either

    return None if user is None else pwd.getpwnam(user).pw_gid
