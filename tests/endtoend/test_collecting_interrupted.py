"""Real processes that are told to stop in the middle of a message, or that a server sends away."""

import json
import signal
from pathlib import Path
from threading import Event

import pytest

from pillarbox.collector.outcome import Outcome
from tests.client.fake_server import NAME, PASSWORD
from tests.collector.faulty_server import Fault, FaultyServer, Maildrop
from tests.endtoend.post_office import ACCOUNT, PostOffice, open_office
from tests.peers.program import Process

pytestmark = pytest.mark.slow
MESSAGES = {f"id-{n}": b"Subject: %d\r\n\r\n.dot\r\n" % n for n in range(1, 6)}
ONE = {"id-1": MESSAGES["id-1"]}
THIRD = 3


@pytest.fixture
def ours(tmp_path: Path) -> PostOffice:
    """Give the home that is collected into."""
    return open_office(tmp_path / "ours")


def add(ours: PostOffice, server: FaultyServer, *more: str, name: str = "there") -> None:
    ours.do(
        *("remote", "add", name, "--server", f"127.0.0.1:{server.port}", "--user", NAME),
        *("--account", ACCOUNT, "--tls", "none", "--allow-password-without-tls"),
        *("--password-stdin", *more),
        said=PASSWORD.encode() + b"\n",
    )


class Plain(Fault):
    tls = "none"


class Held(Plain):
    """The third message does not come before it is let go."""

    def __init__(self) -> None:
        self.is_reached, self.may_go = Event(), Event()

    def begins(self, keyword: str, number: int | None, maildrop: Maildrop) -> None:
        if keyword == "RETR" and number == THIRD:
            self.is_reached.set()
            self.may_go.wait()


@pytest.mark.parametrize(
    "words",
    [  # ten seconds each, which a session has to end
        ("serve",),
        pytest.param(("collect", "--watch"), marks=pytest.mark.interop),
        pytest.param(("collect",), marks=pytest.mark.interop),
    ],
)
def test_a_stop_in_the_middle_of_a_message_loses_nothing_and_ends(
    words: tuple[str, ...], ours: PostOffice, tmp_path: Path
) -> None:
    held = Held()
    with FaultyServer(MESSAGES, held) as server:
        add(ours, server, "--delete-after-days", "0")

        command, log = ours.command(*words), tmp_path / "stopped.log"
        with Process(command, env=ours.environment, output=log) as process:
            process.wait_until(held.is_reached.is_set)
            process.send(signal.SIGTERM)
            code = process.wait()
        held.may_go.set()
        there = len(server.maildrop.messages)
        server.fault = Plain()
        done = ours.attempt("collect", "there", "--json")

    assert (Outcome.SOCKET if words == ("collect",) else 0) == code
    assert len(MESSAGES) == there
    assert Outcome.MAIL == done.code
    assert 0 == json.loads(done.out)[0]["known"]
    assert len(MESSAGES) == len(ours.answer("archive", "list"))
    assert {} == server.maildrop.messages


class Refusing(Plain):
    """A server that lets nobody in, and says why."""

    def __init__(self, why: bytes) -> None:
        self.why = why

    def says(self, keyword: str, number: int | None) -> bytes | None:
        return self.why if keyword == "AUTH" else None


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (b"-ERR [IN-USE] Somebody is in.\r\n", Outcome.LOCKED, b"is in use"),
        (b"-ERR [SYS/TEMP] A disk is away.\r\n", Outcome.SERVER, b"cannot let us in now"),
        (b"-ERR [LOGIN-DELAY] Too soon.\r\n", Outcome.SERVER, b"cannot let us in now"),
        (b"-ERR [AUTH] No.\r\n", Outcome.AUTHENTICATION, b"did not accept"),
    ],
)
def test_who_is_sent_away_says_why_and_comes_back_later(
    said: bytes, code: Outcome, words: bytes, ours: PostOffice
) -> None:
    with FaultyServer(MESSAGES, Refusing(said)) as server:
        add(ours, server)

        first = ours.attempt("collect")
        rests = ours.attempt("collect")
        logins = server.count("AUTH")
        server.fault = Plain()
        named = ours.attempt("collect", "there")

    assert (code, code) == (first.code, rests.code)
    assert words in first.err
    assert b"It rests until " in rests.err
    assert 1 == logins
    assert Outcome.MAIL == named.code
    assert len(MESSAGES) == len(ours.answer("archive", "list"))


def test_a_run_by_cron_beside_a_server_that_collects_takes_what_is_free(ours: PostOffice) -> None:
    held = Held()
    with FaultyServer(MESSAGES, held) as busy, FaultyServer(ONE, Plain()) as free:
        add(ours, busy, name="busy")
        with ours.serving() as serving:
            serving.process.wait_until(held.is_reached.is_set)
            alone = ours.attempt("collect")
            add(ours, free, name="free")
            serving.process.wait_until(lambda: free.count("QUIT") > 0)
            both = ours.attempt("collect")
            held.may_go.set()

    assert Outcome.LOCKED == alone.code
    assert Outcome.NONE == both.code
    assert b"busy: another process is collecting from it." in both.err
