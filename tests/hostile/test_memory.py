"""What hostile peers cost a real server's memory, by the kernel's own count.

The rows are those of the threat model: bp1, ll1, sn1, ar1. There is a control: a build that does
not wait for its readers goes over the bound.
"""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from pillarbox.accounts.argon2id import MEMORY_KIB
from pillarbox.app.service import HASHING_THREADS
from tests.endtoend.plain_client import DEADLINE, PlainClient, connected
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving, open_office
from tests.hostile.hall import client_hello

MEBI = 1 << 20
BOUND = 8 * MEBI
MESSAGE = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * (10 * MEBI // 78)
OTHER = "another"
AT_ONCE = 40
REFUSED = b"-ERR [AUTH] Name or password not accepted.\r\n"
HONEST = 2  # sessions that `warm` has
LEFT_BY_A_HANDSHAKE = 8192  # less than the least that OpenSSL has for a connection
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class BrokenOffice(PostOffice):
    """A home that a broken build serves."""

    def command(self, *words: object) -> list[str]:
        true = super().command(*words)
        return [true[0], "-m", "tests.hostile.broken_build", "no-waiting", *true[3:]]


def peak_octets(serving: Serving) -> int:
    status = Path(f"/proc/{serving.process.pid}/status").read_text("ascii")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found, status
    return int(found[1]) * 1024


@contextmanager
def warm(office: PostOffice) -> Iterator[Serving]:
    """Give a server that has done once what honest clients want, with a big message for each."""
    message = office.folder.with_suffix(".eml")
    message.write_bytes(MESSAGE)
    office.add_account(OTHER)
    for account in (ACCOUNT, OTHER):
        office.do("deliver", account, message)
    with office.serving() as serving:
        for account in (ACCOUNT, OTHER):
            read_all(serving, account)
        yield serving


def read_all(serving: Serving, account: str) -> None:
    """Be an honest client, from the greeting to the goodbye."""
    with connected(serving.ports["pop3s"], serving.authority) as client:
        assert client.login(account).startswith(b"+OK 1 ")
        client.ask("RETR 1")
        assert len(MESSAGE) == sum(map(len, client.lines()))
        client.ask("QUIT")


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with warm(open_office(tmp_path / "home")) as serving:
        yield serving


@pytest.fixture
def unthrottled(tmp_path: Path) -> Iterator[Serving]:
    """Give a server that tries whatever it is asked to, so that the flood reaches the hashing."""
    office = open_office(tmp_path / "home")
    path = office.folder / "pillarbox.toml"
    switch = "allow_unlimited_guesses = "
    path.write_text(path.read_text("utf-8").replace(f"{switch}false", f"{switch}true"), "utf-8")
    with warm(office) as serving:
        yield serving


@contextmanager
def never_reading(serving: Serving, messages: int) -> Iterator[PlainClient]:
    """Give a client that has asked for so many messages, and reads none."""
    with connected(serving.ports["pop3s"], serving.authority) as client:
        client.login()
        client.sock.sendall(b"RETR 1\r\n" * messages)
        assert client.line().startswith(b"+OK")
        yield client


def test_500_messages_that_nobody_reads_cost_little(serving: Serving) -> None:
    before = peak_octets(serving)

    with never_reading(serving, 500):
        for _ in range(3):  # meanwhile others are served: the server has had its turns
            read_all(serving, OTHER)
        grown = peak_octets(serving) - before

    assert grown < BOUND


def test_a_build_that_does_not_wait_for_its_readers_goes_over_the_bound(tmp_path: Path) -> None:
    open_office(tmp_path / "home")
    with warm(BrokenOffice(tmp_path / "home")) as serving:
        before = peak_octets(serving)

        with never_reading(serving, 5):  # no more: what they cost is the machine's
            serving.process.wait_until(lambda: peak_octets(serving) - before > BOUND)


def test_a_line_of_32_mb_costs_little(serving: Serving) -> None:
    before = peak_octets(serving)
    line = bytes(MEBI)

    with connected(serving.ports["pop3s"], serving.authority) as client:
        for _ in range(32):
            client.sock.sendall(line)
        assert client.ask("").startswith(b"-ERR")
        assert client.login().startswith(b"+OK")
        for _ in range(32):
            client.sock.sendall(line)
        assert client.ask("").startswith(b"-ERR")

    assert peak_octets(serving) - before < BOUND


def log_in_wrongly(serving: Serving) -> bytes:
    """Return what a wrong password is answered with."""
    with connected(serving.ports["pop3s"], serving.authority) as client:
        client.ask(f"USER {ACCOUNT}")
        return client.ask("PASS wrong")


@pytest.mark.interop
def test_wrong_passwords_all_at_once_cost_no_more_than_those_that_are_tried(
    unthrottled: Serving,
) -> None:
    before = peak_octets(unthrottled)

    with ThreadPoolExecutor(AT_ONCE) as callers:
        replies = set(callers.map(log_in_wrongly, [unthrottled] * 3 * AT_ONCE))

    assert replies <= {REFUSED, b"-ERR [SYS/TEMP] Try again later.\r\n"}
    assert peak_octets(unthrottled) - before < BOUND + HASHING_THREADS * MEMORY_KIB * 1024
    read_all(unthrottled, OTHER)


def begin(port: int, octets: bytes) -> None:
    """Send the start of a handshake, and leave."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        sock.sendall(octets)


def begin_and_leave(serving: Serving, first: int, count: int) -> None:
    """Begin handshakes, whole and half, each for another name; no more than 40 at a time."""
    for number in range(first, first + count):
        hello = client_hello(f"host-{number}.example")
        begin(serving.ports["pop3s"], hello if number % 2 else hello[: number % len(hello)])
        if number % 40 == 39:
            serving.process.wait_until(partial(has_closed, serving, HONEST + number + 1))


@pytest.mark.interop
def test_2000_handshakes_that_are_begun_and_left_cost_little(serving: Serving) -> None:
    # The first ones are what the rest is measured by: what is freed is not given back at once.
    begin_and_leave(serving, 0, 1000)
    before = peak_octets(serving)

    begin_and_leave(serving, 1000, 2000)

    assert peak_octets(serving) - before < 2000 * LEFT_BY_A_HANDSHAKE


def has_closed(serving: Serving, count: int) -> bool:
    return serving.process.said().count(b"session.closed") >= count
