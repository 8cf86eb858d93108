"""Gives the messages of a maildrop the unique-ids that another server gave them.

All in one transaction, and while nobody is in the maildrop: a unique-id does not change within a
session. Messages are known by their content, so nothing is delivered here.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.names import AccountId, DeviceId, Identity, RemoteId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.audit import append
from pillarbox.store.blobs.port import Blobs, Digest
from pillarbox.store.lease import take_view_lease
from pillarbox.store.ledger.entries import UNIQUE_ID, Entry
from pillarbox.store.ledger.message_id import HEADER_OCTETS, message_id_of
from pillarbox.store.ledger.pairs import Held, Pairs, pair
from pillarbox.store.store import Message, MessageId
from pillarbox.store.views.policy import SITE_DEFAULTS, AccountPolicy, ViewId
from pillarbox.store.views.shown import read_shown, read_whole

HELD = """
    SELECT id, unique_id, digest, EXISTS (
        SELECT 1 FROM view_messages WHERE message_id = messages.id AND had_at IS NOT NULL
    )
    FROM messages WHERE account_id = ? AND state = 'maildrop' ORDER BY id
"""
OCTETS = """
    SELECT DISTINCT digest, octets FROM messages JOIN blobs USING (digest)
    WHERE account_id = ? AND messages.state = 'maildrop'
"""
# An id that one message had is given to no other, whether or not the message is still there.
GIVEN = """
    SELECT unique_id, id FROM messages WHERE account_id = ?1
    UNION ALL SELECT unique_id, message_id FROM unique_ids_taken_over WHERE account_id = ?1
"""
GIVE = "UPDATE messages SET unique_id = ? WHERE id = ?"
NOTE = """
    INSERT INTO unique_ids_taken_over (account_id, unique_id, message_id, taken_over_at)
    VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
HAVE = """
    INSERT INTO view_messages (message_id, view_id, had_at) VALUES (?, ?, ?)
    ON CONFLICT (message_id, view_id) DO UPDATE SET had_at = excluded.had_at
    WHERE had_at IS NULL
"""
VIEWS = """
    SELECT views.id, devices.name, devices.id FROM views LEFT JOIN devices ON devices.id = device_id
    WHERE views.account_id = ? AND revoked_at IS NULL ORDER BY views.id
"""
COLLECTED = """
    SELECT ledger.unique_id, digest FROM ledger JOIN messages ON messages.id = message_id
    WHERE remote_id = ? ORDER BY messages.id
"""


Match = tuple[Entry, Held]


@dataclass(frozen=True, slots=True)
class View:
    """A view of an account, and whose it is; None: the main password's."""

    id: ViewId
    device: DeviceId | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A message of a maildrop as an export lists it; `octets` as stored."""

    unique_id: str
    digest: Digest
    octets: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of every entry."""

    given: Sequence[Match]  # the message has the unique-id from now on
    same: Sequence[Match]  # it had it already
    missing: Sequence[Entry]  # the maildrop has no such message
    refused: Sequence[Entry]  # the unique-id was given to another message of this account
    fetched: Sequence[Match]  # some device has the message under the id that it keeps

    @property
    def count(self) -> int:
        """Say how many entries these are."""
        return len(self.given) + len(self.same) + len(self.not_given)

    @property
    def not_given(self) -> Sequence[Entry]:
        """Return the entries whose unique-ids nobody has in the end."""
        return [*self.missing, *self.refused, *(entry for entry, _ in self.fetched)]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be taken over: for whom it counts as had, and how far that may go."""

    devices: Collection[str] = ()  # by name; none: every device, and the main password
    replaces_fetched: bool = False  # although a device will fetch these messages once more


class Takeover:
    """The unique-ids of one database's maildrops."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        leases: Path,
        clock: Clock,
        site: AccountPolicy = SITE_DEFAULTS,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._leases = leases
        self._clock = clock
        self._site = site

    def listed(self, account: AccountId, device: str | None = None) -> Sequence[Listed]:
        """Return the messages of a maildrop, or of a device's view of it, oldest first.

        Raises OperatorFault where there is no such device, and StoreFault.
        """
        with self._database.reading() as rows:
            octets = dict[Digest, int](rows.all(OCTETS, account))
            shown = self._shown(rows, account, device)
        return [Listed(each.unique_id, each.digest, octets[each.digest]) for each in shown]

    def collected(self, remote: RemoteId) -> Sequence[Entry]:
        """Return the unique-ids that a remote gave what was collected from it."""
        with self._database.reading() as rows:
            found = rows.all(COLLECTED, remote)
        # Where the server gave none, what stands in for it is no unique-id.
        return [
            Entry(unique_id, digest=Digest(digest))
            for unique_id, digest in found
            if UNIQUE_ID.fullmatch(unique_id)
        ]

    def compare(
        self, account: AccountId, entries: Sequence[Entry], device: str | None = None
    ) -> Pairs:
        """Return which messages have their unique-ids; with a device, in what it is shown."""
        message_ids = self._message_ids(account, entries)
        with self._database.reading() as rows:
            pairs = pair(entries, _held(rows, account, message_ids))
            shown = {message.id for message in self._shown(rows, account, device)}
        other = [(entry, message) for entry, message in pairs.other if message.id in shown]
        return Pairs(pairs.same, other, pairs.missing)

    def plan(self, account: AccountId, entries: Sequence[Entry], wish: Wish) -> Outcome:
        """Return what `take_over` would do now, and do nothing; raises as it does."""
        message_ids = self._message_ids(account, entries)
        with self._database.reading() as rows:
            _views(rows, account, wish.devices)
            return _outcome(rows, account, pair(entries, _held(rows, account, message_ids)), wish)

    def take_over(self, account: AccountId, entries: Sequence[Entry], wish: Wish) -> Outcome:
        """Give every message that can have it its unique-id, durable on return.

        Raises OperatorFault where somebody is in the maildrop or a device is unknown, StoreFault.
        """
        message_ids = self._message_ids(account, entries)
        now = int(self._clock.now())

        def take_over(rows: Rows, alone: Sequence[View]) -> Outcome:
            if _views(rows, account) != alone:
                raise _in_use()  # by a device that has been added just now
            held = _held(rows, account, message_ids)
            outcome = _outcome(rows, account, pair(entries, held), wish)
            views = _views(rows, account, wish.devices)
            _write(rows, account, outcome, views, now)
            return outcome

        with self._alone(account) as views:
            return self._database.write(lambda rows: take_over(rows, views))

    @contextlib.contextmanager
    def _alone(self, account: AccountId) -> Iterator[Sequence[View]]:
        """Keep every session out of the maildrop meanwhile."""
        with self._database.reading() as rows:
            views = _views(rows, account)
        with contextlib.ExitStack() as stack:
            for view in views:
                lease = take_view_lease(self._leases, account, view.id)
                if lease is None:
                    raise _in_use()
                stack.callback(lease.release)
            yield views

    def _shown(self, rows: Rows, account: AccountId, device: str | None) -> Sequence[Message]:
        if device is None:
            return read_whole(rows, account)
        (view,) = _views(rows, account, [device])
        identity, now = Identity(account, view.device), int(self._clock.now())
        return read_shown(rows, identity, self._site, now).messages

    def _message_ids(self, account: AccountId, entries: Sequence[Entry]) -> Mapping[Digest, str]:
        """Return the Message-IDs of a maildrop, read only where an entry is known by nothing else.

        A message that cannot be read has none.
        """
        if all(entry.digest for entry in entries):
            return {}
        with self._database.reading() as rows:
            digests = {Digest(row[2]) for row in rows.all(HELD, account)}
        found = {}
        for digest in digests:
            with contextlib.suppress(StoreFault):
                if message_id := message_id_of(self._header(digest)):
                    found[digest] = message_id
        return found

    def _header(self, digest: Digest) -> bytes:
        with contextlib.closing(self._blobs.open(digest)) as reader:
            return reader.read(HEADER_OCTETS)


def _in_use() -> OperatorFault:
    return OperatorFault("Somebody is in the maildrop. Try again when the session has ended.")


def _views(rows: Rows, account: AccountId, devices: Collection[str] = ()) -> Sequence[View]:
    """Return the views of the devices that are named; where none is, all views."""
    found = {name: View(ViewId(view), device) for view, name, device in rows.all(VIEWS, account)}
    for device in devices:
        if device not in found:
            raise OperatorFault("There is no device {name!r} of this account.", name=device)
    return [found[device] for device in devices] or list(found.values())


def _held(rows: Rows, account: AccountId, message_ids: Mapping[Digest, str]) -> Sequence[Held]:
    return [
        Held(MessageId(message), unique_id, Digest(digest), bool(had), message_ids.get(digest))
        for message, unique_id, digest, had in rows.all(HELD, account)
    ]


def _outcome(rows: Rows, account: AccountId, pairs: Pairs, wish: Wish) -> Outcome:
    owners = dict[str, MessageId](rows.all(GIVEN, account))
    given, fetched = list[Match](), list[Match]()
    refused = list[Entry]()
    for entry, message in pairs.other:
        if owners.get(entry.unique_id, message.id) != message.id:
            refused.append(entry)
        elif message.is_had and not wish.replaces_fetched:
            fetched.append((entry, message))
        else:
            given.append((entry, message))
    return Outcome(given, pairs.same, pairs.missing, refused, fetched)


def _write(
    rows: Rows, account: AccountId, outcome: Outcome, views: Sequence[View], now: int
) -> None:
    done = [*outcome.same, *outcome.given]
    rows.run_each(GIVE, [(entry.unique_id, message.id) for entry, message in outcome.given])
    rows.run_each(NOTE, [(account, entry.unique_id, message.id, now) for entry, message in done])
    had = rows.run_each(HAVE, [(message.id, view.id, now) for _, message in done for view in views])
    if outcome.given or had > 0:
        append(
            rows,
            now,
            "ledger.imported",
            account,
            given=len(outcome.given),
            of=outcome.count,
            views=len(views),
        )
