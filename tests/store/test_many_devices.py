"""Whatever devices do, in whatever order: no message is lost to a device that is about.

Devices with any roles and bounds come, read, remove and go, mail arrives, and time passes. The test
keeps its own account of it in the words of the documentation, and knows none of the code's rules.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.base.names import Identity
from pillarbox.store.sqlite import SqliteMaildrop
from pillarbox.store.views.policy import AccountPolicy, AfterRemoval, Removal
from tests.store.devices import MAIN, Household

OCTETS = 10  # of every message
DAYS = st.sampled_from([None, 3, 10])


@dataclass(frozen=True)
class Bounds:
    """One device, as somebody has set it up; days, and octets."""

    role: str = "reader"
    window_days: int | None = None
    retention_days: int | None = None
    session_octets: int | None = None


@dataclass(frozen=True)
class Deliver:
    """A message arrives."""


@dataclass(frozen=True)
class Wait:
    """Days pass."""

    days: float


@dataclass(frozen=True)
class Settle:
    """The chore runs."""


@dataclass(frozen=True)
class Open:
    """A device logs in, unless it is in."""

    device: int


@dataclass(frozen=True)
class Close:
    """A device that is in takes and marks every so-many-th message, and QUITs or is cut off."""

    device: int
    had: int
    marked: int
    is_dropped: bool = False


@dataclass(frozen=True)
class Visit:
    """A device comes, takes and marks, and goes."""

    device: int
    had: int = 0
    marked: int = 0


Step = Deliver | Wait | Settle | Open | Close | Visit

EVERY = st.sampled_from([0, 1, 2, 3])  # 0: none
DEVICE = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.builds(Deliver),
        st.builds(Visit, DEVICE, EVERY, EVERY),
        st.builds(Visit, DEVICE, EVERY),
        st.builds(Wait, st.sampled_from([0.5, 2.0, 5.0, 11.0])),
        st.builds(Settle),
        st.builds(Open, DEVICE),
        st.builds(Close, DEVICE, EVERY, EVERY, st.sampled_from([False, False, True])),
    ),
    max_size=30,
)
DEVICES = st.lists(
    st.builds(
        Bounds, st.sampled_from(["master", "reader"]), DAYS, DAYS, st.sampled_from([None, 15])
    ),
    min_size=2,
    max_size=3,
)
SITES = st.builds(
    AccountPolicy,
    retention_days=st.sampled_from([0, 0, 12]),
    reach_days=st.sampled_from([4, 8]),
    removal=st.sampled_from(Removal),
    after_removal=st.sampled_from(AfterRemoval),
    removes_what_all_have=st.sampled_from([False, False, True]),
)


@dataclass
class Device:
    """A device as the test knows it."""

    identity: Identity
    bounds: Bounds
    since: int  # from when on it is waited for
    had: set[str] = field(default_factory=set)
    marked: set[str] = field(default_factory=set)
    uses: list[int] = field(default_factory=list)
    maildrop: SqliteMaildrop | None = None
    seen: tuple[str, ...] = ()  # at login

    def is_away(self, since: int, now: int, reach: float) -> bool:
        """Say whether it has been away for so long, at some time from `since` on."""
        times = [self.since, *self.uses, now]
        return any(end >= since and end - start >= reach for start, end in pairwise(times))


class Life:
    """The household, and what the test has seen happen in it."""

    def __init__(self, household: Household, site: AccountPolicy, devices: list[Bounds]) -> None:
        self.household = household
        self.site = site
        now = household.now
        self.devices = [
            Device(
                household.add_device(
                    each.role,
                    window_days=each.window_days,
                    retention_days=each.retention_days,
                    session_octets=each.session_octets,
                ),
                each,
                now,
            )
            for each in devices
        ]
        self.devices.append(Device(MAIN, Bounds("master"), now))
        self.arrived: dict[str, int] = {}
        self.wanted: dict[str, int] = {}  # when a master marked it first

    @property
    def reach(self) -> float:
        return self.site.reach_days * DAY_SECONDS

    def do(self, step: Step) -> None:
        match step:
            case Deliver():
                unique_id = self.household.deliver(b"x" * (OCTETS - 2) + b"\r\n")
                self.arrived[unique_id] = self.household.now
            case Wait(days):
                self.household.wait(days)
            case Settle():
                due = self.household.due()
                with self.nobody_misses(frozenset()):
                    assert due == self.household.settle()
            case Open(number) if number < len(self.devices):
                self.open(self.devices[number])
            case Close(number) if number < len(self.devices):
                self.close(self.devices[number], step)
            case Visit(number, had, marked) if number < len(self.devices):
                self.open(self.devices[number])
                self.close(self.devices[number], Close(number, had, marked))

    def open(self, device: Device) -> None:
        if device.maildrop is not None:
            return
        device.maildrop = self.household.store.open_maildrop(device.identity)
        self.household.use(device.identity)
        device.seen = tuple(each.unique_id for each in device.maildrop.messages)
        self.check(device, device.maildrop.expire_days)
        device.uses.append(self.household.now)

    def close(self, device: Device, step: Close) -> None:
        maildrop, device.maildrop = device.maildrop, None
        if maildrop is None:
            return
        messages = maildrop.messages
        assert device.seen == tuple(each.unique_id for each in messages)
        for each in messages:  # whatever has become of it since the login
            with closing(self.household.store.read(each.digest)) as reader:
                assert OCTETS == len(reader.read(OCTETS + 1))
        if not step.is_dropped:
            had = messages[:: step.had] if step.had else []
            marked = messages[:: step.marked] if step.marked else []
            marks = frozenset(each.unique_id for each in marked)
            with self.nobody_misses(marks, device):
                maildrop.commit(marked, had)
            self.note(device, {each.unique_id for each in had}, marks)
        maildrop.release()

    def note(self, device: Device, had: set[str], marks: frozenset[str]) -> None:
        device.had |= had | marks
        device.marked |= marks
        if device.bounds.role == "master":
            for each in marks:
                self.wanted.setdefault(each, self.household.now)

    @contextmanager
    def nobody_misses(self, marks: frozenset[str], by: Device | None = None) -> Iterator[None]:
        """What leaves the maildrop meanwhile was shown to no active device, or was due."""
        before = set(self.household.maildrop())
        shown = [(each, set(self.household.shown(each.identity))) for each in self.devices]
        yield
        left = before.difference(self.household.maildrop())
        assert left <= marks or by is None
        for device, messages in shown:
            if device is not by and self.is_active(device):
                for each in left & messages:
                    assert self.may_leave(device, each, by if each in marks else None)

    def is_active(self, device: Device) -> bool:
        last = device.uses[-1] if device.uses else device.since
        is_spare = device.identity == MAIN and not device.uses
        return self.household.now - last < self.reach and not is_spare

    def may_leave(self, device: Device, message: str, by: Device | None) -> bool:
        is_old = self.is_over(message, self.site.retention_days)
        all_have = self.site.removes_what_all_have and message in device.had
        by_master = by is not None and by.bounds.role == "master"
        at_once = self.site.removal is Removal.AT_ONCE
        return is_old or all_have or (by_master and (at_once or message in device.had))

    def is_over(self, message: str, *days: int | None) -> bool:
        age = self.household.now - self.arrived[message]
        return any(each and age >= each * DAY_SECONDS for each in days)

    def check(self, device: Device, expire_days: int | None) -> None:
        """Hold what a login shows to what was promised."""
        order = [each for each in self.arrived if each in device.seen]
        assert tuple(order) == device.seen
        there = set(self.household.maildrop())
        for message in self.arrived:
            is_spare = device.identity == MAIN and self.was_spare(device, message)
            is_pending = bool(device.bounds.session_octets) and message in there
            waits = is_pending and message not in device.had and bool(device.seen)
            if message not in device.seen and not is_spare and not waits:
                assert self.is_announced(device, message, expire_days)
                assert self.is_given(device, message)

    def was_spare(self, device: Device, message: str) -> bool:
        """Say whether nobody used the main password before the message was there."""
        return not device.uses or device.uses[0] > self.arrived[message]

    def is_announced(self, device: Device, message: str, days: int | None) -> bool:
        """Nothing leaves a view before EXPIRE says, but by its own DELE or a master's."""
        age = self.household.now - self.arrived[message]
        is_over = days is not None and age >= days * DAY_SECONDS
        return is_over or message in device.marked or message in self.wanted

    def is_given(self, device: Device, message: str) -> bool:
        """A device that is about can get each message, unless it is too old or removed at once."""
        bounds, now = device.bounds, self.household.now
        days = (self.site.retention_days, bounds.window_days, bounds.retention_days)
        is_old = self.is_over(message, *days)
        is_away = device.is_away(self.arrived[message], now, self.reach)
        wanted_at = self.wanted.get(message)
        is_removed = wanted_at is not None and (
            self.site.removal is Removal.AT_ONCE or now - wanted_at >= self.reach or is_away
        )
        is_missed = self.site.removes_what_all_have and is_away
        return message in device.had or is_old or is_removed or is_missed


@pytest.mark.slow
@given(SITES, DEVICES, STEPS)
@example(
    AccountPolicy(),
    [Bounds("master"), Bounds()],
    [Deliver(), Visit(0, marked=1), Settle(), Visit(1, had=1), Settle(), Open(1)],
)
@example(
    AccountPolicy(reach_days=4),
    [Bounds(), Bounds()],
    [Deliver(), Visit(0, marked=1), Wait(5.0), Visit(0), Settle(), Open(1)],
)
@example(
    AccountPolicy(reach_days=4),
    [Bounds("master"), Bounds()],
    [Visit(1), Deliver(), Wait(3.5), Visit(0, marked=1), Settle(), Open(1)],
)
@example(
    AccountPolicy(removes_what_all_have=True),
    [Bounds(), Bounds()],
    [Deliver(), Visit(0, had=1), Settle(), Open(1)],
)
@example(
    AccountPolicy(),
    [Bounds("master"), Bounds(session_octets=15)],
    [Deliver(), Deliver(), Visit(0, marked=1), Visit(1, had=1), Settle(), Visit(1, had=1)],
)
def test_no_device_loses_what_it_was_promised(
    tmp_path_factory: pytest.TempPathFactory,
    site: AccountPolicy,
    devices: list[Bounds],
    steps: list[Step],
) -> None:
    household = Household(tmp_path_factory.mktemp("life"), site)
    life = Life(household, site, devices)

    for step in steps:
        life.do(step)

    for number in range(len(life.devices)):
        life.do(Close(number, 0, 0, is_dropped=True))
        life.do(Open(number))
        life.do(Close(number, 0, 0))
    household.database.close()
