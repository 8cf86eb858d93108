"""A command's first line is the password; whatever else it does ends, and shows nothing."""

import asyncio
import os
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from pillarbox.app.password_command import (
    PASSWORD_OCTETS,
    password_from_command,
)
from pillarbox.app.program import started
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret


def command(program: str) -> Secret:
    return Secret(shlex.join([sys.executable, "-c", program]).encode())


@pytest.mark.parametrize(
    "program",
    [
        "print('correct horse')",
        "print('correct horse'); print('url: pop.example.org')",
        "print('correct horse', end='')",
        "print('correct horse', end='\\r\\n')",
        "print('correct horse'); print('x' * 1_000_000)",
        "import sys; sys.stderr.write('x' * 1_000_000); print('correct horse')",
    ],
)
def test_the_first_line_is_the_password(program: str) -> None:
    assert Secret(b"correct horse") == password_from_command(command(program))


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    marked = tmp_path / "marked"

    password = password_from_command(Secret(f"echo '$HOME' ; touch {marked}".encode()))

    assert Secret(f"$HOME ; touch {marked}".encode()) == password
    assert not marked.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "names no program"),
        ("'open", "cannot be read: No closing quotation"),
        ("/no/such/program", "cannot be started: No such file or directory."),
        ("'a\0b'", "cannot be started: embedded null byte."),
        ("true", "printed no password."),
        ("false", "ended with 1 and gave no password."),
    ],
)
def test_a_command_that_gives_none_says_why(words: str, said: str) -> None:
    with pytest.raises(OperatorFault) as caught:
        password_from_command(Secret(words.encode()))

    assert said in str(caught.value)


def test_a_line_without_an_end_is_no_password() -> None:
    with pytest.raises(OperatorFault, match="printed no password"):
        password_from_command(command(f"print('x' * {PASSWORD_OCTETS + 1})"))


def test_a_failure_shows_nothing_that_was_printed_or_complained_of(
    capfd: pytest.CaptureFixture[str],
) -> None:
    program = "import sys; print('canary'); print('+ echo canary', file=sys.stderr); sys.exit(3)"

    with pytest.raises(OperatorFault) as caught:
        password_from_command(command(program))

    assert "The password command ended with 3 and gave no password." == str(caught.value)
    assert "canary" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("words", ["canary", "TOKEN=canary bw get password work", "canary 'open"])
def test_a_command_that_cannot_be_run_is_not_repeated(words: str) -> None:
    with pytest.raises(OperatorFault) as caught:
        password_from_command(Secret(words.encode()))

    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_command_has_none_of_our_descriptors(tmp_path: Path) -> None:
    program = "import os; print(' '.join(sorted(os.listdir('/proc/self/fd'), key=int)))"
    ours = os.open(tmp_path / "ours", os.O_CREAT)
    inherited = os.dup2(ours, ours + 100)  # inheritable, unlike what open returns

    password = password_from_command(command(program))

    os.close(ours)
    os.close(inherited)

    assert Secret(b"0 1 2 3") == password  # the last is the folder that it lists


@pytest.mark.slow
def test_no_descriptor_is_left_with_us() -> None:
    password_from_command(command("print('correct horse')"))
    before = descriptors()

    for program in ("print('correct horse')", "import time; time.sleep(600)"):
        with suppress(OperatorFault):
            password_from_command(command(program), seconds=0.3)

    assert before == descriptors()


def test_a_command_that_hangs_is_ended() -> None:
    with pytest.raises(OperatorFault, match=r"gave no password within 0\.1 seconds"):
        password_from_command(command("import time; time.sleep(600)"), seconds=0.1)


def parent(noted: Path, last: str) -> str:
    """Return a program that starts another, and notes which."""
    return (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(noted)!r} + '~', 'w').write(str(child.pid))\n"
        f"os.rename({str(noted)!r} + '~', {str(noted)!r})\n"
        f"{last}"
    )


def test_what_a_command_has_started_ends_with_it(tmp_path: Path) -> None:
    noted = tmp_path / "child"

    password = password_from_command(command(parent(noted, "print('correct horse')")))

    assert Secret(b"correct horse") == password
    wait_until(lambda: not is_running(int(noted.read_text())))


def test_whoever_gives_up_ends_it_with_what_it_has_started(tmp_path: Path) -> None:
    noted = tmp_path / "child"

    async def give_up() -> None:
        async with started([sys.executable, "-c", parent(noted, "time.sleep(600)")]):
            await asyncio.to_thread(wait_until, noted.exists)

    asyncio.run(give_up())

    wait_until(lambda: not is_running(int(noted.read_text())))


@pytest.mark.slow
def test_a_program_that_leaves_an_heir_behind_is_not_waited_for(tmp_path: Path) -> None:
    noted = tmp_path / "heir"
    program = (
        "import subprocess, sys\n"
        "heir = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " start_new_session=True)\n"
        f"open({str(noted)!r}, 'w').write(str(heir.pid))\n"
        "print('correct horse', flush=True)"
    )

    password = password_from_command(command(program))
    os.kill(int(noted.read_text()), signal.SIGKILL)

    assert Secret(b"correct horse") == password


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def wait_until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.01)


def is_running(process: int) -> bool:
    """Say whether a process is there and is more than an entry that nobody has waited for."""
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
