"""A password that a command prints: a password manager, a program of one's own."""

import os
import shlex
import signal
import subprocess
from contextlib import suppress
from threading import Thread
from typing import IO

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

SECONDS = 30.0  # a person may have to touch a key; a session does not wait for ever
PASSWORD_OCTETS = 65_536  # the longest first line; tokens have some thousands
COMPLAINT_OCTETS = 200  # of what it says on stderr, which may hold more than it should
READ_OCTETS = 4_096
GRACE_SECONDS = 1.0  # for what is in a pipe when its writer has ended


def password_from_command(command: Secret, seconds: float = SECONDS) -> Secret:
    """Return the first line that a program prints, which no shell starts.

    It is ended, with whatever it has started, after so many seconds. Raises OperatorFault where it
    cannot be run, is too slow, fails or prints nothing.
    """
    words = split_command(command.reveal().decode("utf-8"))
    run = Run(words)
    try:
        has_ended = run.wait(seconds)
    finally:
        run.end()
    if not has_ended:
        raise OperatorFault(
            "{program} gave no password within {seconds:g} seconds.",
            program=words[0],
            seconds=seconds,
        )
    return _password(run, words[0])


def split_command(text: str) -> list[str]:
    """Return the words of a command line as a shell would take them; raises OperatorFault."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise OperatorFault("The password command cannot be read: {why}.", why=error) from None
    if not words:
        raise OperatorFault("The password command names no program.")
    return words


class Run:
    """A program that runs; what it says is read on the way, so that it never waits for us."""

    def __init__(self, words: list[str]) -> None:
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise OperatorFault("{program}: {why}.", program=words[0], why=why) from error
        self._printed = _Listener(self._process.stdout, PASSWORD_OCTETS + 2)
        self._said = _Listener(self._process.stderr, COMPLAINT_OCTETS)

    def wait(self, seconds: float) -> bool:
        """Return whether it has ended within so many seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Leave nothing of it: neither a process nor a pipe."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # with whatever it has started
        self._process.wait()
        self._printed.end()
        self._said.end()

    @property
    def code(self) -> int:
        """What it ended with."""
        return self._process.returncode

    @property
    def line(self) -> bytes:
        """The first line that it printed, without its end."""
        return bytes(self._printed.octets).partition(b"\n")[0].removesuffix(b"\r")

    @property
    def complaint(self) -> str:
        """The first line that it said on stderr, cut short."""
        text = bytes(self._said.octets).decode("utf-8", "replace").strip()
        return text.splitlines()[0] if text else ""


class _Listener:
    """Reads a pipe to its end, keeps the beginning, and closes it."""

    def __init__(self, stream: IO[bytes] | None, most: int) -> None:
        self.octets = bytearray()
        self._most = most
        self._thread = Thread(target=self._listen, args=[stream], daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait for the end, but not for whoever a program left behind with the pipe."""
        self._thread.join(GRACE_SECONDS)

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            while came := os.read(stream.fileno(), READ_OCTETS):
                self.octets += came[: max(0, self._most - len(self.octets))]


def _password(run: Run, program: str) -> Secret:
    if run.code:
        raise OperatorFault(
            "{program} ended with {code} and gave no password. {said}",
            program=program,
            code=run.code,
            said=run.complaint,
        )
    if not run.line or len(run.line) > PASSWORD_OCTETS:
        raise OperatorFault("{program} printed no password.", program=program)
    return Secret(run.line)
