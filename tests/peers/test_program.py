"""The running of programs: none of them outlives its test."""

import os
import socket
import sys
from pathlib import Path

import pytest

from tests.peers.program import (
    DeadlineFault,
    EndedFault,
    PortTakenFault,
    Process,
    bind_by_trying,
    environment,
    find,
    free_port,
    is_listening,
    is_running,
    run,
)

SLEEPER = "import signal; signal.pause()"
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""
# A child in the group and one that leaves it; both ids are said when both are there.
FAMILY = """
import os, signal
first = os.fork()
if first:
    reader, writer = os.pipe()
    second = os.fork()
    if second == 0:
        os.setsid()
        os.write(writer, b".")
    else:
        os.read(reader, 1)
        print(first, second, flush=True)
signal.pause()
"""


def python(script: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", script]


def ids_of(family: Process) -> list[int]:
    family.wait_until(lambda: family.said().endswith(b"\n"))
    return [family.pid, *(int(word) for word in family.said().split())]


def test_a_program_that_is_not_there_skips_the_test_by_name() -> None:
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        find("no-such-program")


def test_a_run_gives_all_that_was_said(tmp_path: Path) -> None:
    done = run(["/bin/sh", "-c", "cat; echo no >&2; exit 3"], env={}, said=b"yes\r\n")

    assert (3, b"yes\r\n", b"no\n") == (done.code, done.out, done.err)


def test_a_run_past_its_deadline_ends_with_its_children(tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/pid; sleep 60 & wait"
    with pytest.raises(DeadlineFault):
        run(["/bin/sh", "-c", script], env=environment(tmp_path), deadline=0.1)

    assert not is_running(int((tmp_path / "pid").read_text()))


def test_a_process_ends_with_all_its_family(tmp_path: Path) -> None:
    with Process(python(FAMILY), env={}, output=tmp_path / "output") as family:
        pids = ids_of(family)
        assert set(pids) == set(family.pids())

    assert 3 == len(pids)
    assert [] == [pid for pid in pids if is_running(pid)]


def test_a_killed_process_leaves_no_family(tmp_path: Path) -> None:
    with Process(python(FAMILY), env={}, output=tmp_path / "output") as family:
        pids = ids_of(family)
        family.kill()

        assert [] == [pid for pid in pids if is_running(pid)]
        assert -9 == family.code


def test_a_process_that_will_not_end_is_ended(tmp_path: Path) -> None:
    with Process(python(STUBBORN), env={}, output=tmp_path / "output") as stubborn:
        stubborn.wait_until(lambda: b"ready" in stubborn.said())

        assert -9 == stubborn.stop(grace=0.05)


def test_a_process_that_ends_early_says_why(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", "echo no room; exit 4"]
    with (
        Process(command, env={}, output=tmp_path / "output") as short,
        pytest.raises(EndedFault, match="ended with 4; it said:\nno room"),
    ):
        short.wait_until_listening(free_port())


def test_a_process_that_is_never_ready_has_a_deadline(tmp_path: Path) -> None:
    with Process(python(SLEEPER), env={}, output=tmp_path / "output") as idle:
        with pytest.raises(DeadlineFault, match="was not ready"):
            idle.wait_until(lambda: False, deadline=0.02)
        with pytest.raises(DeadlineFault, match="has not ended"):
            idle.wait(deadline=0.02)


def test_a_port_is_listening_while_somebody_accepts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert is_listening(port)

    assert not is_listening(port)


def test_binding_is_tried_again_while_the_port_is_taken() -> None:
    answers = [PortTakenFault(), PortTakenFault(), None]

    def start() -> str:
        fault = answers.pop(0)
        if fault is not None:
            raise fault
        return "bound"

    assert "bound" == bind_by_trying(start)
    with pytest.raises(PortTakenFault):
        bind_by_trying(_never)


def _never() -> str:
    raise PortTakenFault


def test_an_environment_has_nothing_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")

    assert {"PATH", "HOME", "LC_ALL", "TZ"} == set(environment(Path("/h")))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may lend a process to another user")
def test_a_process_runs_as_the_user_that_it_is_given(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", "id -un"]
    with Process(
        command, env=environment(tmp_path), output=tmp_path / "output", cwd=Path("/"), user="nobody"
    ) as lent:
        lent.wait()

        assert b"nobody\n" == lent.said()
