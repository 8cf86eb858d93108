"""A program that the operator names, started without a shell, and ended with all it started."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import IO


@asynccontextmanager
async def started(
    words: Sequence[str],
    *,
    stdin: int | IO[bytes] = DEVNULL,
    stdout: int | IO[bytes] = DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Process]:
    """Give a program that runs in a session of its own; one that still runs then is ended.

    What it says on stderr is read by nobody: it may repeat a secret. Raises OSError and ValueError
    where it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *words, stdin=stdin, stdout=stdout, stderr=DEVNULL, env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            end_all(process)
            await process.wait()


def end_all(process: Process) -> None:
    """End a program with whatever it has started, which may live on when the program has ended."""
    # The number is nobody else's: while a group has members, none is given it again.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
