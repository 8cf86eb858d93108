"""Collecting 500 messages from a real Dovecot: whole, twice, and killed in the middle.

The kill is SIGKILL to a collector that is a process of its own, at a moment that chance picks.
"""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pillarbox.archive.ledger import Removal
from pillarbox.client.server import Tls
from tests.archive.home import REMOTE, open_home
from tests.peers.dovecot import Dovecot
from tests.peers.openssl import Certificate, make_certificate

ROOT = Path(__file__).resolve().parents[2]
COUNT = 500
DEADLINE = 120.0  # seconds for one collection; it takes a few
AT_ONCE = ["--delete-after-days", "0"]
MESSAGE_SECONDS = 0.02  # longer than it takes to keep a message
REMOVAL_SECONDS = 0.05  # about as long as it takes to remove them


def message(number: int) -> bytes:
    """Return octets that no other number has: dots, 8-bit, long lines, sizes up to 300 KB."""
    chance = random.Random(number)
    line = b"." * chance.randrange(4) + chance.randbytes(30).hex().encode() + b"\r\n"
    times = 5_000 if number % 100 == 0 else chance.randrange(1, 100)
    header = f"From: a@example.org\r\nSubject: {number} 山田\r\n\r\n".encode()
    return header + line * times + b"x" * chance.randrange(5000) + b"\r\n"


MESSAGES = [message(number) for number in range(COUNT)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def dovecot(certificate: Certificate) -> Iterator[Dovecot]:
    with Dovecot(certificate) as running:
        running.deliver("mrose", MESSAGES)
        yield running


class Runner:
    """Runs collections of one home against one server."""

    def __init__(self, home: Path, dovecot: Dovecot, authority: Path) -> None:
        self.home = home
        self.dovecot = dovecot
        self.authority = authority

    def start(self, tls: Tls, *more: str) -> subprocess.Popen[bytes]:
        port = self.dovecot.port if tls is Tls.STLS else self.dovecot.tls_port
        module = "tests.collector.run_once"
        arguments = [str(self.home), str(port), tls, str(self.authority), *more]
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE
        )

    def finish(self, tls: Tls = Tls.STLS, *more: str) -> int:
        with self.start(tls, *more) as running:
            running.communicate(timeout=DEADLINE)
            return running.returncode

    def kill(self, lines: int, seconds: float, *more: str) -> None:
        """Kill a collection so long after it has said so many lines, or has said its last one."""
        with self.start(Tls.STLS, *more) as running:
            assert running.stdout is not None
            for _ in range(lines):
                running.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                running.wait(seconds)
            running.kill()

    def kill_removing(self, seconds: float) -> None:
        """Kill a collection so long after all that it fetches is durable."""
        with self.start(Tls.STLS, *AT_ONCE) as running:
            assert running.stdout is not None
            for _ in range(int(running.stdout.readline().split()[1])):
                running.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                running.wait(seconds)
            running.kill()

    def is_server_empty(self) -> bool:
        with suppress(FileNotFoundError):  # Dovecot is removing them
            return not self.dovecot.messages("mrose")
        return False

    def removals(self) -> Counter[str]:
        home = open_home(self.home)
        try:
            return Counter(entry.removal for entry in home.ledger.entries(REMOTE).values())
        finally:
            home.database.close()

    def contents(self) -> list[bytes]:
        home = open_home(self.home)
        try:
            return sorted(home.contents())
        finally:
            home.database.close()


@pytest.fixture
def runner(tmp_path: Path, dovecot: Dovecot, certificate: Certificate) -> Runner:
    return Runner(tmp_path / "home", dovecot, certificate.authority.certificate)


@pytest.mark.slow
@pytest.mark.parametrize("tls", [Tls.STLS, Tls.IMPLICIT])
def test_every_message_is_kept_octet_for_octet_and_the_second_poll_brings_nothing(
    runner: Runner, tls: Tls
) -> None:
    assert 0 == runner.finish(tls)
    assert sorted(MESSAGES) == runner.contents()
    assert 1 == runner.finish(tls)
    assert sorted(MESSAGES) == runner.contents()
    assert COUNT == len(runner.dovecot.messages("mrose"))


@pytest.mark.slow
def test_what_is_kept_is_removed_from_the_server_when_that_is_asked_for(runner: Runner) -> None:
    assert 0 == runner.finish(Tls.STLS, *AT_ONCE)

    assert sorted(MESSAGES) == runner.contents()
    assert [] == runner.dovecot.messages("mrose")


KILLS = [pytest.param(3, id="3"), pytest.param(25, id="25", marks=pytest.mark.interop)]


def moment() -> tuple[int, float]:
    """Return after how many lines, and seconds, to kill; others in every run."""
    chance = random.SystemRandom()
    return chance.randrange(1, 35), chance.uniform(0, MESSAGE_SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("kills", KILLS)
@pytest.mark.parametrize("policy", [[], AT_ONCE], ids=["leaving", "removing"])
def test_a_collector_that_is_killed_while_it_fetches_loses_nothing_and_doubles_nothing(
    runner: Runner, kills: int, policy: list[str]
) -> None:
    for _ in range(kills):
        runner.kill(*moment(), *policy)
    code = runner.finish(Tls.STLS, *policy)

    assert code in {0, 1}  # the last kill may have come behind the last message
    assert sorted(MESSAGES) == runner.contents()
    assert 1 == runner.finish(Tls.STLS, *policy)
    assert (0 if policy else COUNT) == len(runner.dovecot.messages("mrose"))


@pytest.mark.slow
@pytest.mark.parametrize("kills", KILLS)
def test_a_collector_that_is_killed_while_it_removes_loses_nothing_and_ends_sure(
    runner: Runner, kills: int
) -> None:
    chance = random.SystemRandom()
    for _ in range(kills):
        if runner.is_server_empty():  # the last kill came too late
            runner.dovecot.deliver("mrose", MESSAGES[:100])
        runner.kill_removing(chance.uniform(0, REMOVAL_SECONDS))
    runner.finish(Tls.STLS, *AT_ONCE)

    assert sorted(MESSAGES) == runner.contents()
    runner.dovecot.process.wait_until(runner.is_server_empty)
    assert {Removal.DONE} == set(runner.removals())


@pytest.mark.slow
@pytest.mark.parametrize("build", ["losing", pytest.param("doubling", marks=pytest.mark.interop)])
def test_a_build_that_writes_the_ledger_apart_is_caught(runner: Runner, build: str) -> None:
    for _ in range(10):
        runner.kill(*moment(), "--build", build)
    runner.finish(Tls.STLS, "--build", build)

    found = len(runner.contents())
    assert found < COUNT if build == "losing" else found > COUNT
