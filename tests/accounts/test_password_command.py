"""A command's first line is the password; whatever else it does ends, and shows little."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pillarbox.accounts.password_command import (
    COMPLAINT_OCTETS,
    PASSWORD_OCTETS,
    Run,
    password_from_command,
)
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
        ("/no/such/program", "/no/such/program: No such file or directory."),
        ("true", "true printed no password."),
        ("false", "false ended with 1 and gave no password."),
    ],
)
def test_a_command_that_gives_none_says_why(words: str, said: str) -> None:
    with pytest.raises(OperatorFault) as caught:
        password_from_command(Secret(words.encode()))

    assert said in str(caught.value)


def test_a_line_without_an_end_is_no_password() -> None:
    with pytest.raises(OperatorFault, match="printed no password"):
        password_from_command(command(f"print('x' * {PASSWORD_OCTETS + 1})"))


def test_a_failure_shows_the_beginning_of_what_was_complained_of_and_nothing_printed() -> None:
    program = (
        "import sys; print('canary'); print('locked ' + 'x' * 1000, file=sys.stderr);"
        " print('second canary', file=sys.stderr); sys.exit(3)"
    )

    with pytest.raises(OperatorFault) as caught:
        password_from_command(command(program))

    said = str(caught.value)
    assert "ended with 3 and gave no password. locked xxx" in said
    assert "canary" not in said
    assert len(said) < COMPLAINT_OCTETS + len(sys.executable) + 100


def test_a_command_that_hangs_is_ended() -> None:
    with pytest.raises(OperatorFault, match=r"gave no password within 0\.1 seconds"):
        password_from_command(command("import time; time.sleep(600)"), seconds=0.1)


def test_what_a_command_has_started_ends_with_it(tmp_path: Path) -> None:
    noted = tmp_path / "child"
    program = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(noted)!r} + '~', 'w').write(str(child.pid))\n"
        f"os.rename({str(noted)!r} + '~', {str(noted)!r})\n"
        "time.sleep(600)"
    )
    run = Run([sys.executable, "-c", program])
    wait_until(noted.exists)

    run.end()

    assert b"" == run.line
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
