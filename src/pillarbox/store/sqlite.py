"""The embedded store: rows in the database, octets in blobs, leases as locked files."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pillarbox.base.clock import Clock
from pillarbox.base.names import AccountId, Identity, SessionId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.message.surrogate.whole import EDITION
from pillarbox.store.blobs.port import BlobReader, Blobs, Digest
from pillarbox.store.disk import said_as_store_fault
from pillarbox.store.incoming import SurveyedIncoming, keep_all
from pillarbox.store.lease import Lease, take_view_lease
from pillarbox.store.old_mail import measure_old_mail
from pillarbox.store.quota import Quotas
from pillarbox.store.store import Kept, MaildropInUseError, Message, MessageId
from pillarbox.store.unique_id import new_unique_id
from pillarbox.store.views.policy import SITE_DEFAULTS, AccountPolicy, ViewId
from pillarbox.store.views.quarantine import guard
from pillarbox.store.views.reading import add_view, find_view
from pillarbox.store.views.shown import Shown, read_shown, read_whole
from pillarbox.store.views.update import Opened, Update

ADD_BLOB = """
    INSERT INTO blobs (digest, octets, transformation, served_octets, header_octets, has_dot_lines,
                       has_8bit_header, surrogate_octets, surrogate_header_octets,
                       surrogate_edition)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (digest) DO UPDATE
    SET surrogate_octets = excluded.surrogate_octets,
        surrogate_header_octets = excluded.surrogate_header_octets,
        surrogate_edition = excluded.surrogate_edition
    WHERE surrogate_edition <> excluded.surrogate_edition
"""


class SqliteStore:
    """Maildrops in one database; several processes may open the same one."""

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
        self._quotas = Quotas(database, site.quota_octets)
        self._site = site
        with said_as_store_fault(leases):
            leases.mkdir(parents=True, exist_ok=True, mode=0o700)

    def incoming(self) -> SurveyedIncoming:
        """Return a place for one new message."""
        return SurveyedIncoming(self._blobs)

    def keep_all(self, messages: Sequence[bytes]) -> list[Kept]:
        """Return once several whole messages are durable; raises StoreFault."""
        return keep_all(self._blobs, messages)

    def deliver(self, kept: Kept, account: AccountId) -> str:
        """Add a kept message to an account's maildrop; return its unique-id once durable.

        Raises MaildropFullError, NeverFitsError and StoreFault.
        """
        unique_id = new_unique_id()
        arrived_at = int(self._clock.now())

        def add(rows: Rows) -> None:
            self._blobs.open(kept.digest).close()  # raises where a purge was faster
            self._quotas.take(rows, account, kept.octets, arrived_at)
            add_blob(rows, kept)
            rows.insert(
                "INSERT INTO messages (account_id, unique_id, digest, arrived_at, state)"
                " VALUES (?, ?, ?, ?, 'maildrop')",
                account,
                unique_id,
                kept.digest,
                arrived_at,
            )

        self._database.write(add)
        return unique_id

    def read(self, digest: Digest) -> BlobReader:
        """Return a reader of a message's octets as they came; raises StoreFault."""
        return self._blobs.open(digest)

    def view(self, account: AccountId) -> Sequence[Message]:
        """Return the whole maildrop, whoever is shown it, oldest first; raises StoreFault."""
        with self._database.reading() as rows:
            return read_whole(rows, account)

    def shown(self, identity: Identity) -> Sequence[Message]:
        """Return what a login would see now, oldest first; raises StoreFault."""
        return self._shown(identity).messages

    def open_maildrop(
        self, identity: Identity, session: SessionId | None = None
    ) -> "SqliteMaildrop":
        """Take the lease and the view; raises MaildropInUseError."""
        opened = Opened(identity, self._view(identity), session)
        lease = take_view_lease(self._leases, identity.account, opened.view)
        if lease is None:
            raise MaildropInUseError("The maildrop is in use.")
        try:
            shown = self._measured(identity)
        except BaseException:
            lease.release()
            raise
        return SqliteMaildrop(self._database, lease, shown, partial(self._update, opened))

    def _view(self, identity: Identity) -> ViewId:
        with self._database.reading() as rows:
            found = find_view(rows, identity)
        if found is not None:
            return found
        now = int(self._clock.now())
        return self._database.write(lambda rows: add_view(rows, identity, now))

    def _measured(self, identity: Identity) -> Shown:
        shown = self._shown(identity)
        if shown.is_measured:
            return shown
        measure_old_mail(self._database, self._blobs, identity.account)
        return self._shown(identity)

    def _shown(self, identity: Identity) -> Shown:
        with self._database.reading() as rows:
            return read_shown(rows, identity, self._site, int(self._clock.now()))

    def _update(
        self, opened: Opened, marked: Collection[Message], had: Collection[Message]
    ) -> Update:
        return Update(opened, marked, had, self._site, int(self._clock.now()))


class SqliteMaildrop:
    """A view that was read once, and the lease that makes it ours."""

    def __init__(
        self,
        database: Database,
        lease: Lease,
        shown: Shown,
        update: Callable[[Collection[Message], Collection[Message]], Update],
    ) -> None:
        self._database = database
        self._lease = lease
        self._update = update
        self._had = shown.had
        self.messages = shown.messages
        self.expire_days = shown.expire_days
        self.is_cut = shown.is_cut

    def commit(
        self,
        marked: Collection[Message],
        had: Collection[Message] = (),
        *,
        was_listed: bool = False,
    ) -> None:
        """Remove what is marked and nothing else, in one transaction; raises StoreFault."""
        news = [message for message in had if message.id not in self._had]
        known = self._had.union(message.id for message in had)
        passed_over = self._left(known) if was_listed and self.is_cut else []
        if marked or news or passed_over:
            update = self._update(marked, news)
            strange = sum(message.id not in known for message in marked)
            is_mass = guard(strange, len(self.messages), update.site)
            update = replace(update, is_mass_delete=is_mass, passed_over=passed_over)
            self._database.write(update.run)

    def _left(self, known: Collection[MessageId]) -> list[Message]:
        return [message for message in self.messages if message.id not in known]

    def release(self) -> None:
        """Give the lease back; nothing is removed by it."""
        self._lease.release()


def add_blob(rows: Rows, kept: Kept) -> None:
    """Record what was learnt of a kept message, unless it is known already."""
    rows.run(
        ADD_BLOB,
        kept.digest,
        kept.octets,
        kept.form.transformation,
        kept.form.octets,
        kept.form.header_octets,
        kept.form.has_dot_lines,
        kept.form.has_8bit_header,
        kept.form.surrogate_octets,
        kept.form.surrogate_header_octets,
        EDITION,
    )
