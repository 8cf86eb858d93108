"""A password that a command prints: a password manager, a program of one's own.

No fault quotes the command, or anything that it says: either may hold the password.
"""

import asyncio
import os
import shlex
from contextlib import suppress
from typing import IO

from pillarbox.app.program import end_all, started
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

SECONDS = 30.0  # a person may have to touch a key; a session does not wait for ever
PASSWORD_OCTETS = 65_536  # the longest first line; tokens have some thousands
READ_OCTETS = 4_096
GRACE_SECONDS = 1.0  # for what is in a pipe when its writer has ended


def password_from_command(command: Secret, seconds: float = SECONDS) -> Secret:
    """Return the first line that a program prints, which no shell starts.

    It is ended, with whatever it has started, after so many seconds. Blocking: for a thread without
    an event loop. Raises OperatorFault where it cannot be run, is too slow, fails or prints
    nothing.
    """
    words = split_command(command.reveal().decode("utf-8"))
    printed = bytearray()
    try:
        code = asyncio.run(_run(words, seconds, printed))
    except TimeoutError:  # before OSError, which it is as well
        raise OperatorFault(
            "The password command gave no password within {seconds:g} seconds.", seconds=seconds
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise OperatorFault("The password command cannot be started: {why}.", why=why) from None
    return _password(code, bytes(printed).partition(b"\n")[0].removesuffix(b"\r"))


def split_command(text: str) -> list[str]:
    """Return the words of a command line as a shell would take them; raises OperatorFault."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise OperatorFault("The password command cannot be read: {why}.", why=error) from None
    if not words:
        raise OperatorFault("The password command names no program.")
    return words


async def _run(words: list[str], seconds: float, printed: bytearray) -> int:
    """Return what a program ended with; raises TimeoutError, and what `started` raises."""
    read, write = _pipe()
    with read, write:
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), read
        )
        listening = asyncio.create_task(_listen(reader, printed))
        try:
            async with asyncio.timeout(seconds), started(words, stdout=write) as process:
                write.close()
                code = await process.wait()
            end_all(process)
            # Whoever it has left behind with the pipe is not waited for.
            with suppress(TimeoutError):
                await asyncio.wait_for(listening, GRACE_SECONDS)
        finally:
            listening.cancel()
            transport.close()
    return code


async def _listen(reader: asyncio.StreamReader, printed: bytearray) -> None:
    """Read to the end, so that the program never waits for us; keep the beginning."""
    while came := await reader.read(READ_OCTETS):
        printed += came[: max(0, PASSWORD_OCTETS + 2 - len(printed))]


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    read, write = os.pipe()
    return os.fdopen(read, "rb", buffering=0), os.fdopen(write, "wb", buffering=0)


def _password(code: int, line: bytes) -> Secret:
    if code:
        raise OperatorFault(
            "The password command ended with {code} and gave no password.", code=code
        )
    if not line or len(line) > PASSWORD_OCTETS:
        raise OperatorFault("The password command printed no password.")
    return Secret(line)
