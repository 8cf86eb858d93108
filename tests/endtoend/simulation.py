"""Days that pass by a clock in a file: mail comes, and three real clients poll when chance says.

The server is a process of its own on real sockets. What a chore of the server does from time to
time is done here, once a day, by the same clock.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from unittest.mock import patch

from pillarbox.app import build
from pillarbox.app.build import System
from pillarbox.app.home import Home
from tests.endtoend.clocked import SetClock
from tests.endtoend.post_office import ACCOUNT, PASSWORD, PostOffice, Serving
from tests.peers import fetchmail, getmail, mpop
from tests.peers.fetch import Fetched, Server, Tls
from tests.peers.fetchmail import Fetchmail
from tests.peers.getmail import Getmail
from tests.peers.mpop import Mpop
from tests.peers.program import DEADLINE

START = 1_800_000_000  # seconds since 1970
DAY = 86_400
MOST_A_DAY = 4  # messages
POLLS = 0.3  # of the days on which a device polls; never is one away for 30 days with this chance
ENDS = {
    "desk": {fetchmail.OK, fetchmail.NO_MAIL},
    "phone": {mpop.OK},
    "tablet": {getmail.OK},
}
SUBJECT = re.compile(rb"^Subject: day \d+ number (\d+)\r?$", re.MULTILINE)


POLL_SECONDS = 4 * DEADLINE  # real ones: each login and QUIT waits for the disk


class Client(Protocol):
    def fetch(self, server: Server, deadline: float) -> Fetched: ...


def make_clients(folder: Path) -> Mapping[str, Client]:
    """Return the desk, which empties its maildrop; the phone, which leaves all; the tablet."""
    return {
        "desk": Fetchmail(folder / "desk", keeps=False),
        "phone": Mpop(folder / "phone", keeps=True),
        "tablet": Getmail(folder / "tablet", keeps=False),
    }


@dataclass(frozen=True)
class ClockedOffice(PostOffice):
    """A post office whose server goes by the clock in a file."""

    @property
    def clock(self) -> Path:
        return self.folder.with_name("clock")

    def set_clock(self, seconds: int) -> None:
        written = self.clock.with_name("clock.new")
        written.write_text(str(seconds), "ascii")
        written.replace(self.clock)

    def command(self, *words: object) -> list[str]:
        module = "tests.endtoend.clocked"
        return [super().command()[0], "-m", module, str(self.folder), str(self.clock)]

    @contextmanager
    def opened(self) -> Iterator[System]:
        """Give what the server works on, by the same clock."""
        with (
            patch.object(build, "SystemClock", lambda: SetClock(self.clock)),
            build.opened(Home(self.folder)) as system,
        ):
            yield system

    def device_password(self, name: str, *more: str) -> str:
        with patch.object(build, "SystemClock", lambda: SetClock(self.clock)):
            return self.do("device", "add", ACCOUNT, name, *more).decode().strip()


@dataclass
class Story:
    """What came, who has fetched what, and how many were in the maildrop when each day ended."""

    delivered: int = 0
    fetched: dict[str, Counter[int]] = field(default_factory=dict)
    in_maildrop: list[int] = field(default_factory=list)
    waited_for: list[int] = field(default_factory=list)  # what one device or more had not fetched

    def lost(self, name: str) -> int:
        """Say how many messages a device never saw."""
        return self.delivered - len(self.fetched[name])


@dataclass(frozen=True)
class Simulation:
    """Days in one office; `passwords` says who each client is."""

    office: ClockedOffice
    clients: Mapping[str, Client]
    passwords: Mapping[str, str]
    chance: random.Random

    def run(self, days: int) -> Story:
        """Let so many days pass, and one more on which every device polls twice."""
        story = Story(fetched={name: Counter() for name in self.clients})
        self.office.set_clock(START)
        with self.office.serving() as serving, self.office.opened() as system:
            for day in range(1, days + 1):
                self._deliver(system, story, day)
                names = [name for name in self.clients if self.chance.random() < POLLS]
                self.chance.shuffle(names)
                self._end(system, story, serving, names, day)
            self._end(system, story, serving, [*self.clients, *self.clients], days + 1)
        return story

    def _deliver(self, system: System, story: Story, day: int) -> None:
        account = system.accounts.show(ACCOUNT).id
        for hour in range(self.chance.randrange(MOST_A_DAY + 1)):
            self.office.set_clock(START + day * DAY + hour * 3600)
            with system.store.incoming() as incoming:
                incoming.write(message(day, story.delivered))
                kept = incoming.keep()
            system.store.deliver(kept, account)
            story.delivered += 1

    def _end(
        self, system: System, story: Story, serving: Serving, names: Sequence[str], day: int
    ) -> None:
        for hour, name in enumerate(names):
            self.office.set_clock(START + day * DAY + (12 + hour) * 3600)
            server = serving.as_peer(Tls.IMPLICIT, password=self.passwords[name])
            arrived = self.clients[name].fetch(server, POLL_SECONDS)
            assert arrived.code in ENDS[name], arrived.done
            story.fetched[name].update(number_of(each) for each in arrived.messages)
        system.retention.retire()
        story.in_maildrop.append(len(system.store.view(system.accounts.show(ACCOUNT).id)))
        had_by_all = set.intersection(*(set(each) for each in story.fetched.values()))
        story.waited_for.append(story.delivered - len(had_by_all))


def message(day: int, number: int) -> bytes:
    """Return a message that no other number has."""
    text = f"From: a@example.org\r\nSubject: day {day} number {number}\r\n\r\n.\r\n{number}\r\n"
    return text.encode("ascii")


def number_of(octets: bytes) -> int:
    """Return the number in a message's subject."""
    found = SUBJECT.search(octets)
    assert found is not None, octets
    return int(found[1])


def open_clocked(folder: Path) -> ClockedOffice:
    """Return a new home, whose clock stands at the start."""
    office = ClockedOffice(folder, dict(os.environ))
    office.set_clock(START)
    with patch.object(build, "SystemClock", lambda: SetClock(office.clock)):
        office.do("init")
        office.take_any_ports()
        office.add_account(ACCOUNT)
    return office


def as_devices(folder: Path, seed: int) -> Simulation:
    """Return a simulation in which each client is a device: one master, two readers."""
    office = open_clocked(folder / "home")
    roles = {"desk": "master", "phone": "reader", "tablet": "reader"}
    passwords = {name: office.device_password(name, "--role", role) for name, role in roles.items()}
    return Simulation(office, make_clients(folder), passwords, random.Random(seed))


def as_one(folder: Path, seed: int) -> Simulation:
    """Return the same, except that all have the main password: what the RFC alone makes of it."""
    office = open_clocked(folder / "home")
    clients = make_clients(folder)
    return Simulation(office, clients, dict.fromkeys(clients, PASSWORD), random.Random(seed))
