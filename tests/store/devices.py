"""An account with several devices, over the embedded store, with a clock that tests move."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.base.names import AccountId, DeviceId, Identity, SessionId
from pillarbox.db.sqlite import Database, Row
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.retention import Retention
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import MessageId
from pillarbox.store.views.leaving import Why
from pillarbox.store.views.policy import SITE_DEFAULTS, AccountPolicy
from pillarbox.store.views.reading import read_audience, read_known

MROSE = AccountId(1)
MAIN = Identity(MROSE)
ADD_DEVICE = "INSERT INTO devices (account_id, name, created_at) VALUES (1, ?, ?)"
ADD_VIEW = """
    INSERT INTO views (account_id, device_id, role, window_days, window_since, session_octets,
                       retention_days, created_at)
    VALUES (1, ?, ?, ?, ?, ?, ?, ?)
"""
USED = "UPDATE views SET last_used_at = ? WHERE account_id = 1 AND device_id IS ?"


class Household:
    """One account, whose main password nobody uses, and its devices."""

    def __init__(self, folder: Path, site: AccountPolicy = SITE_DEFAULTS) -> None:
        self.clock = FakeClock()
        self.database = Database(folder / "pillarbox.db")
        self.run("INSERT INTO accounts (name, state, created_at) VALUES ('mrose', 'enabled', 0)")
        self.run("INSERT INTO views (account_id, role, created_at) VALUES (1, 'master', 0)")
        self.store = SqliteStore(self.database, MemoryBlobs(), folder / "leases", self.clock, site)
        self._site = site
        self.retention = Retention(self.database, self.clock, site)
        self._count = 0

    @property
    def now(self) -> int:
        return int(self.clock.now())

    def run(self, sql: str, *values: object) -> None:
        self.database.write(lambda rows: rows.run(sql, *values))

    def all(self, sql: str) -> list[Row]:
        with self.database.reading() as rows:
            return rows.all(sql)

    def add_device(self, role: str = "reader", /, **view: int | None) -> Identity:
        """Add a device; its view's columns by name."""
        self._count += 1
        now, name = self.now, f"device-{self._count}"
        bounds = ("window_days", "window_since", "session_octets", "retention_days")
        device = self.database.write(lambda rows: rows.insert(ADD_DEVICE, name, now))
        self.run(ADD_VIEW, device, role, *(view.get(each) for each in bounds), now)
        return Identity(MROSE, DeviceId(device))

    def deliver(self, octets: bytes = b"mail\r\n") -> str:
        with self.store.incoming() as incoming:
            incoming.write(octets)
            return self.store.deliver(incoming.keep(), MROSE)

    def use(self, identity: Identity) -> None:
        """Note a login, as the accounts do."""
        self.run(USED, self.now // 3600 * 3600, identity.device)

    def visit(
        self,
        identity: Identity,
        had: Collection[str] = (),
        marked: Collection[str] = (),
        session: str = "session",
        *,
        was_listed: bool = False,
    ) -> list[str]:
        """Log in, RETR and DELE these, QUIT; return what was shown."""
        maildrop = self.store.open_maildrop(identity, SessionId(session))
        self.use(identity)
        messages = {each.unique_id: each for each in maildrop.messages}
        try:
            maildrop.commit(
                [messages[each] for each in marked],
                [messages[each] for each in had],
                was_listed=was_listed,
            )
        finally:
            maildrop.release()
        return list(messages)

    def shown(self, identity: Identity) -> list[str]:
        return [message.unique_id for message in self.store.shown(identity)]

    def maildrop(self) -> list[str]:
        return [message.unique_id for message in self.store.view(MROSE)]

    def wait(self, days: float) -> None:
        self.clock.advance(days * DAY_SECONDS)

    def due(self) -> Mapping[Why, int]:
        """Count what is to leave, asking of each message of the maildrop."""
        with self.database.reading() as rows:
            audience = read_audience(rows, MROSE, self._site, self.now)
            found = rows.all("SELECT id FROM messages WHERE state = 'maildrop'")
            stored = read_known(rows, MROSE, [MessageId(message) for (message,) in found])
        reasons = (audience.reason_to_leave(each.known) for each in stored)
        return Counter(why for why in reasons if why is not None)

    def settle(self) -> Mapping[Why, int]:
        return self.retention.retire()
