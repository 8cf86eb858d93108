"""A password that a command prints: a password manager, a program of one's own."""

import os
import shlex
import signal
import subprocess
from contextlib import suppress
from threading import Thread, Timer
from typing import IO

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

SECONDS = 30.0  # a person may have to touch a key; a session does not wait for ever
PASSWORD_OCTETS = 65_536  # the longest first line; tokens have some thousands
COMPLAINT_OCTETS = 200  # of what it says on stderr, which may hold more than it should
READ_OCTETS = 4_096


def password_from_command(command: Secret, seconds: float = SECONDS) -> Secret:
    """Return the first line that a program prints, which no shell starts.

    It is ended, with whatever it has started, after so many seconds. Raises OperatorFault where it
    cannot be run, is too slow, fails or prints nothing.
    """
    words = split_command(command.reveal().decode("utf-8"))
    run = _Run(words)
    timer = Timer(seconds, run.cut)
    timer.daemon = True
    timer.start()
    try:
        line = run.first_line()
    finally:
        timer.cancel()
        run.end()
    if run.is_cut:
        raise OperatorFault(
            "{program} gave no password within {seconds:g} seconds.",
            program=words[0],
            seconds=seconds,
        )
    return Secret(_required(run, words[0], line))


def split_command(text: str) -> list[str]:
    """Return the words of a command line as a shell would take them; raises OperatorFault."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise OperatorFault("The password command cannot be read: {why}.", why=error) from None
    if not words:
        raise OperatorFault("The password command names no program.")
    return words


class _Run:
    """A program that runs; its stderr is read on the way, so that it never waits for us."""

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
        self._said = bytearray()
        self._reader = Thread(target=self._listen, args=[self._process.stderr], daemon=True)
        self._reader.start()
        self.is_cut = False

    def first_line(self) -> bytes:
        """Return its first line, and wait for its end; what else it prints is dropped."""
        stdout = self._process.stdout
        line = stdout.readline(PASSWORD_OCTETS + 1) if stdout else b""
        while stdout and stdout.read(READ_OCTETS):
            pass
        self._process.wait()
        return line.rstrip(b"\r\n")

    def cut(self) -> None:
        """End it before its time."""
        self.is_cut = True
        self._kill()

    def end(self) -> None:
        """Leave nothing of it: no process, no pipe."""
        self._kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    @property
    def code(self) -> int:
        """What it ended with."""
        return self._process.returncode

    @property
    def complaint(self) -> str:
        """The first line that it said on stderr, cut short."""
        text = bytes(self._said).decode("utf-8", "replace").strip()
        return text.splitlines()[0] if text else ""

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # with whatever it has started

    def _listen(self, stderr: IO[bytes]) -> None:
        while came := stderr.read(READ_OCTETS):
            self._said += came[: max(0, COMPLAINT_OCTETS - len(self._said))]


def _required(run: _Run, program: str, line: bytes) -> bytes:
    if run.code:
        raise OperatorFault(
            "{program} ended with {code} and gave no password. {said}",
            program=program,
            code=run.code,
            said=run.complaint,
        )
    if not line or len(line) > PASSWORD_OCTETS:
        raise OperatorFault("{program} printed no password.", program=program)
    return line
