"""The embedded store: rows in the database, octets in blobs, leases as locked files."""

from collections.abc import Collection, Sequence
from pathlib import Path

from pillarbox.base.clock import Clock
from pillarbox.base.names import AccountId, Identity, SessionId
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.message.served import ServedForm, Transformation
from pillarbox.message.surrogate.whole import EDITION
from pillarbox.store.blobs.port import BlobReader, Blobs, Digest
from pillarbox.store.disk import said_as_store_fault
from pillarbox.store.incoming import SurveyedIncoming
from pillarbox.store.lease import Lease, take_lease
from pillarbox.store.old_mail import measure_old_mail
from pillarbox.store.quota import Quotas
from pillarbox.store.store import Kept, MaildropInUseError, Message, MessageId
from pillarbox.store.unique_id import new_unique_id

VIEW = """
    SELECT id, unique_id, digest, transformation, served_octets, header_octets, has_dot_lines,
           has_8bit_header, surrogate_octets, surrogate_header_octets, surrogate_edition
    FROM messages JOIN blobs USING (digest)
    WHERE account_id = ? AND state = 'maildrop'
    ORDER BY id
"""
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

# What leaves the maildrop stays in the archive where it is archived.
LEAVE = """
    UPDATE messages SET left_at = ?, state = CASE archived WHEN 1 THEN 'archive' ELSE 'removed' END
    WHERE state = 'maildrop'
"""


class SqliteStore:
    """Maildrops in one database; several processes may open the same one."""

    def __init__(
        self, database: Database, blobs: Blobs, leases: Path, clock: Clock, quota_octets: int = 0
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._leases = leases
        self._clock = clock
        self._quotas = Quotas(database, quota_octets)
        with said_as_store_fault(leases):
            leases.mkdir(parents=True, exist_ok=True, mode=0o700)

    def incoming(self) -> SurveyedIncoming:
        """Return a place for one new message."""
        return SurveyedIncoming(self._blobs)

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
        """Return what a login would see now, oldest first; raises StoreFault."""
        return [_message(row) for row in self._rows(account)]

    def open_maildrop(
        self, identity: Identity, session: SessionId | None = None
    ) -> "SqliteMaildrop":
        """Take the lease and the view; raises MaildropInUseError."""
        del session
        account = identity.account
        lease = take_lease(self._leases / str(account))
        if lease is None:
            raise MaildropInUseError("The maildrop is in use.")
        try:
            messages = self._measured_view(account)
        except BaseException:
            lease.release()
            raise
        return SqliteMaildrop(self._database, lease, messages, self._clock)

    def _measured_view(self, account: AccountId) -> Sequence[Message]:
        found = self._rows(account)
        if any(row[-1] != EDITION for row in found):
            measure_old_mail(self._database, self._blobs, account)
            found = self._rows(account)
        return [_message(row) for row in found]

    def _rows(self, account: AccountId) -> list[Row]:
        with self._database.reading() as rows:
            return rows.all(VIEW, account)


class SqliteMaildrop:
    """A view that was read once, and the lease that makes it ours."""

    expire_days = None

    def __init__(
        self, database: Database, lease: Lease, messages: Sequence[Message], clock: Clock
    ) -> None:
        self._database = database
        self._lease = lease
        self._clock = clock
        self.messages = messages

    def commit(self, marked: Collection[Message], had: Collection[Message] = ()) -> None:
        """Remove what is marked and nothing else, in one transaction; raises StoreFault."""
        del had
        if not marked:
            return
        left_at = int(self._clock.now())
        self._database.write(
            lambda rows: rows.run_each(
                LEAVE + " AND id = ?",
                [(left_at, message.id) for message in marked],
            )
        )

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


def _message(row: Row) -> Message:
    message_id, unique_id, digest, name, octets, header_octets, dots, eight_bit, *surrogate, _ = row
    form = ServedForm(
        Transformation(name), octets, header_octets, bool(dots), bool(eight_bit), *surrogate
    )
    return Message(MessageId(message_id), unique_id, Digest(digest), form)
