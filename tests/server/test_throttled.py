"""Attempts that wait or are not tried: the driver asks before anything is, and tells what came."""

from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import Literal

import pytest

from pillarbox.base.errors import StoreFault
from pillarbox.base.names import Identity, SignIn
from pillarbox.base.secret import Secret
from pillarbox.net.pool import Pool
from pillarbox.server.services import Services, Timers
from tests.server.rig import Door, Rig, Talk, converse, try_password

TRY_LATER = b"-ERR [SYS/TEMP] Try again later."
NOT_ACCEPTED = b"-ERR [AUTH] Name or password not accepted."
RIGHT, WRONG = b"correct horse", b"wrong"
SOON = Timers(throttled=0.01)


@dataclass
class Guard(Door):
    """Has everybody wait, or lets nobody try; notes what it is told."""

    seconds: float | None = 0.0
    is_broken: bool = False
    recalls: bool = False
    remembers: bool = False
    told: list[str] = field(default_factory=list)

    def delay(self, name: str, sign_in: SignIn) -> float | None:
        if self.is_broken:
            raise StoreFault("Input/output error.")
        self.told.append(f"delay {name} {sign_in.protocol}")
        return self.seconds

    def recall(self, name: str, password: Secret) -> Identity | Literal[False] | None:
        found = try_password(name, password) if self.recalls else None
        return False if found is None and self.remembers else found

    def refused(self, name: str, sign_in: SignIn) -> None:
        self.told.append(f"refused {name} {sign_in.mechanism}")

    def give_back(self, sign_in: SignIn) -> None:
        self.told.append(f"give back {sign_in.mechanism}".strip())


@dataclass
class GuardedRig(Rig):
    """A driver whose admission is guarded."""

    guard: Guard = field(default_factory=lambda: Guard(try_password))

    def services(self) -> Services:
        return replace(super().services(), admission=self.guard)


def nobody(name: str, secret: Secret) -> Identity | None:
    pytest.fail("it was tried")


def answers(rig: GuardedRig, *passwords: bytes) -> list[bytes]:
    """Return what each of these passwords is told."""
    replies: list[bytes] = []

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        for password in passwords:
            await talk.ask(b"USER mrose\r\n")
            replies.append((await talk.ask(b"PASS " + password + b"\r\n")).strip())

    converse(rig, talk)
    return replies


def test_what_is_throttled_is_not_tried_and_told_to_come_later() -> None:
    rig = GuardedRig(timers=SOON, guard=Guard(nobody, seconds=None))

    assert [TRY_LATER] * 2 == answers(rig, RIGHT, WRONG)
    assert ["delay mrose pop3"] * 2 == rig.guard.told
    assert 2 == rig.journal.getvalue().count("why=throttled")


def test_what_came_of_an_attempt_is_told_once() -> None:
    rig = GuardedRig(guard=Guard(try_password, seconds=0.001))

    assert [NOT_ACCEPTED, b"+OK 2 messages"] == answers(rig, WRONG, RIGHT)
    assert [
        "delay mrose pop3",
        "refused mrose USER",
        "delay mrose pop3",
        "give back USER",
    ] == rig.guard.told


def test_who_cannot_be_counted_is_not_tried() -> None:
    rig = GuardedRig(guard=Guard(nobody, is_broken=True))

    assert [TRY_LATER] == answers(rig, RIGHT)
    assert "why=busy" in rig.journal.getvalue()


@pytest.mark.parametrize("seconds", [None, 60.0])
def test_a_wait_ends_with_the_time_before_login(seconds: float | None) -> None:
    timers = Timers(pre_login=0.05, throttled=60.0)
    rig = GuardedRig(timers=timers, guard=Guard(nobody, seconds=seconds))

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        await talk.stream.write(b"USER mrose\r\nPASS wrong\r\n")
        assert b"+OK\r\n" == await talk.rest()

    converse(rig, talk)

    assert "timeout" == rig.why


def base64(text: str) -> bytes:
    return b64encode(text.encode())


def test_what_was_not_tried_writes_nothing_and_waits() -> None:
    rig = GuardedRig(timers=SOON, guard=Guard(nobody))
    turned = base64("\0\u202emrose\0wrong")  # SASLprep lets nobody be called that

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        for _ in range(20):
            reply = await talk.ask(b"AUTH PLAIN " + turned + b"\r\n")
            assert NOT_ACCEPTED == reply.strip()

    converse(rig, talk)

    assert [] == rig.guard.told


BEGIN_SCRAM = b"AUTH SCRAM-SHA-256 " + base64("n,,n=mrose,r=fyko+d2lbbFgONRv9qkxdawL") + b"\r\n"


def test_an_exchange_that_the_client_leaves_was_refused() -> None:
    rig = GuardedRig(timers=SOON, guard=Guard(try_password))

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        await talk.ask(BEGIN_SCRAM)
        await talk.ask(b"*\r\n")
        await talk.ask(BEGIN_SCRAM)

    converse(rig, talk)

    assert ["delay mrose pop3", "refused mrose "] * 2 == rig.guard.told


def test_what_finds_no_room_is_given_back() -> None:
    full = Pool("hashing", threads=1, waiting=-1)
    rig = GuardedRig(timers=SOON, guard=Guard(nobody), hashing=full)

    assert [TRY_LATER] == answers(rig, RIGHT)
    assert ["delay mrose pop3", "give back"] == rig.guard.told


def test_what_was_compared_with_a_right_password_was_a_guess() -> None:
    full = Pool("hashing", threads=1, waiting=-1)
    guard = Guard(nobody, recalls=True, remembers=True)
    rig = GuardedRig(timers=SOON, guard=guard, hashing=full)

    assert [TRY_LATER] == answers(rig, WRONG)
    assert ["delay mrose pop3", "refused mrose "] == guard.told


def test_who_is_known_at_once_waits_behind_no_guess() -> None:
    full = Pool("hashing", threads=1, waiting=-1)
    rig = GuardedRig(timers=SOON, guard=Guard(nobody, recalls=True), hashing=full)

    assert [TRY_LATER, b"+OK 2 messages"] == answers(rig, WRONG, RIGHT)
