"""The watching of system calls, with the real strace on small Python programs."""

import signal
import sys
from pathlib import Path

import pytest

from tests.peers import program, strace
from tests.peers.durability import Rule, violations
from tests.peers.program import environment, run
from tests.peers.strace import Count, count, inject, tally, watch
from tests.peers.trace import Renamed

interop = pytest.mark.interop

RENAMES = """
import os, sys
for n in range(3):
    os.rename(f"{sys.argv[1]}/{n}", f"{sys.argv[1]}/{n + 1}")
"""
THREADS = """
import os, sys, threading
file = os.open(sys.argv[1], os.O_RDONLY)
threads = [threading.Thread(target=os.fsync, args=(file,)) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
os.fsync(file)
os.fsync(file)
"""
# A server in miniature: it removes a message, says so in its database, and answers QUIT.
SERVER = """
import os, pathlib, socket, sqlite3, sys
home = pathlib.Path(sys.argv[1])
database = sqlite3.connect(home / "db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute(f"PRAGMA synchronous = {sys.argv[2]}")
database.execute("CREATE TABLE IF NOT EXISTS removed (id TEXT)")
client, server = socket.socketpair()
client.send(b"QUIT\\r\\n")
server.recv(100)
database.execute("INSERT INTO removed VALUES ('one')")
server.send(b"+OK Bye.\\r\\n")
"""


def python(script: str, *arguments: object) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", script, *(str(each) for each in arguments)]


@interop
@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_program_ends_at_the_call_which_does_not_take_place(tmp_path: Path, when: int) -> None:
    (tmp_path / "0").touch()
    done = run(inject(python(RENAMES, tmp_path), "rename", when), env=environment(tmp_path))

    assert -signal.SIGKILL == done.code, done
    assert [str(when - 1)] == [path.name for path in tmp_path.iterdir()]


@interop
def test_a_call_that_never_comes_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "0").touch()
    done = run(inject(python(RENAMES, tmp_path), "rename", 4), env=environment(tmp_path))

    assert 0 == done.code, done
    assert (tmp_path / "3").exists()


@interop
def test_calls_are_counted_in_all_and_by_thread(tmp_path: Path) -> None:
    counted = count(python(THREADS, tmp_path), ["fsync", "rename"], env=environment(tmp_path))

    assert {"fsync": Count(5, 2), "rename": Count(0, 0)} == counted


@interop
def test_a_call_is_counted_in_its_own_thread(tmp_path: Path) -> None:
    command = python(THREADS, tmp_path)
    second = run(inject(command, "fsync", 2), env=environment(tmp_path))
    third = run(inject(command, "fsync", 3), env=environment(tmp_path))

    assert (-signal.SIGKILL, 0) == (second.code, third.code)


def test_a_tally_is_of_whole_calls() -> None:
    lines = ["7 fsync(5 <unfinished ...>", "8 fsync(5) = 0", "7 <... fsync resumed>) = 0"]

    assert {"fsync": Count(2, 1)} == tally(lines, ["fsync"])


@interop
def test_a_trace_has_the_names_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "0").touch()
    home = tmp_path / "a <b> 山,c"
    home.mkdir()
    (tmp_path / "0").rename(home / "0")
    trace = tmp_path / "trace"
    done = run(watch(python(RENAMES, "."), trace), env=environment(tmp_path), cwd=home)
    renames = [each for each in strace.read(trace, home) if isinstance(each, Renamed)]

    assert 0 == done.code, done
    assert [str(home / name) for name in "123"] == [each.new for each in renames]


@interop
@pytest.mark.parametrize(("synchronous", "rules"), [("FULL", set()), ("NORMAL", {Rule.WAL})])
def test_the_judge_tells_a_durable_server_from_a_hasty_one(
    tmp_path: Path, synchronous: str, rules: set[Rule]
) -> None:
    home, trace, env = tmp_path / "home", tmp_path / "trace", environment(tmp_path)
    home.mkdir()
    first = run(python(SERVER, home, "FULL"), env=env)
    existing = [str(path) for path in home.iterdir()]
    done = run(watch(python(SERVER, home, synchronous), trace), env=env)
    found = violations(strace.read(trace), str(home), existing=existing)

    assert (0, 0) == (first.code, done.code), (first, done)
    assert rules == {each.rule for each in found}, [str(each) for each in found]


def test_a_test_skips_by_name_where_there_is_no_strace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "FOLDERS", "/nowhere")

    with pytest.raises(pytest.skip.Exception, match="strace is not installed"):
        inject(["true"], "fsync", 1)


def test_a_test_skips_where_strace_may_not_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strace, "find", lambda name: "/bin/strace")
    monkeypatch.setattr(strace, "_may_trace", lambda path: False)

    with pytest.raises(pytest.skip.Exception, match="may not trace"):
        watch(["true"], Path("trace"))
