"""Bring back what was removed: the same row, with the same unique-id, where it was.

The record of a removal is what can be undone. It is there for the grace time, and for a message in
quarantine until that ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pillarbox.base.clock import DAY_SECONDS, Clock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, SessionId
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.journal.audit import append
from pillarbox.store.store import MessageId
from pillarbox.store.unique_id import new_unique_id

GRACE_DAYS = 30

# What may come back: what was removed, or left the maildrop, within the grace time, and what is in
# quarantine. Of the rows of one message the last is told, a policy's only where there is no other.
FIND = """
    SELECT removals.id, view_id, messages.id, unique_id, octets, session, devices.name, why,
           removed_at
    FROM messages JOIN removals ON message_id = messages.id JOIN blobs USING (digest)
    LEFT JOIN views ON views.id = view_id LEFT JOIN devices ON devices.id = device_id
    WHERE messages.account_id = ?1 AND (session = ?2 OR ?2 IS NULL)
        AND (removed_at > ?3 OR left_at > ?3 OR keep_until > ?4)
    ORDER BY messages.id, view_id IS NOT NULL, removals.id
"""
# Only the views whose removal is undone show it again; what another has hidden it keeps hidden.
SHOW = "UPDATE view_messages SET hidden_at = NULL WHERE message_id = ? AND view_id = ?"
# That a policy let it go, since nobody was shown it any more, holds no longer either.
FORGET = "DELETE FROM removals WHERE id = ?1 OR (message_id = ?2 AND view_id IS NULL)"
RETURN = """
    UPDATE messages
    SET state = 'maildrop', left_at = NULL, removal_wanted_at = NULL, keep_until = NULL
    WHERE id = ?
"""


@dataclass(frozen=True, slots=True)
class Returned:
    """A message that comes back; `octets` as stored, `removed_at` in seconds since 1970.

    `session` is None where a policy removed it, `device` where the main password or a policy did.
    """

    message: MessageId
    unique_id: str
    octets: int
    session: str | None
    device: str | None
    why: str
    removed_at: int


@dataclass(frozen=True, slots=True)
class _Removal:
    """A row of `removals`, with its message."""

    id: int
    view: int | None
    returned: Returned


class Undo:
    """The removals of every account; each call raises StoreFault."""

    def __init__(self, database: Database, clock: Clock, grace_days: int = GRACE_DAYS) -> None:
        self._database = database
        self._clock = clock
        self._grace_days = grace_days

    def find(self, account: AccountId, session: SessionId | None = None) -> Sequence[Returned]:
        """Return what would come back, oldest first."""
        with self._database.reading() as rows:
            return _messages(self._find(rows, account, session))

    def bring_back(
        self, account: AccountId, session: SessionId | None = None, *, as_new: bool = False
    ) -> Sequence[Returned]:
        """Bring back what was removed, by one session or by anybody, in one transaction.

        As new it has another unique-id, and no device has had it. Raises OperatorFault where there
        is nothing to bring back, and then changes nothing.
        """
        return self._database.write(lambda rows: self._bring(rows, account, session, as_new=as_new))

    def _bring(
        self, rows: Rows, account: AccountId, session: SessionId | None, *, as_new: bool
    ) -> Sequence[Returned]:
        removals = self._find(rows, account, session)
        if not removals:
            raise nothing_to_bring_back(session)
        found = _messages(removals)
        rows.run_each(SHOW, [(each.returned.message, each.view) for each in removals])
        rows.run_each(FORGET, [(each.id, each.returned.message) for each in removals])
        rows.run_each(RETURN, [(each.message,) for each in found])
        if as_new:
            found = [_renew(rows, each) for each in found]
        append(
            rows,
            int(self._clock.now()),
            "messages.restored",
            account,
            count=len(found),
            session=session,
            as_new=int(as_new) or None,
        )
        return found

    def _find(
        self, rows: Rows, account: AccountId, session: SessionId | None
    ) -> Sequence[_Removal]:
        now = int(self._clock.now())
        latest = now - self._grace_days * DAY_SECONDS
        return [_removal(row) for row in rows.all(FIND, account, session, latest, now)]


def nothing_to_bring_back(session: SessionId | None) -> OperatorFault:
    """Return what to say where a session, or None: nobody, removed what can be brought back."""
    if session is None:
        return OperatorFault("Nothing was removed that can be brought back.")
    return OperatorFault(
        "Session {session} removed nothing here that can be brought back.", session=session
    )


def _renew(rows: Rows, returned: Returned) -> Returned:
    """Make a message one that nobody has seen yet; nothing of its removals holds any more."""
    unique_id = new_unique_id()
    rows.run("UPDATE messages SET unique_id = ? WHERE id = ?", unique_id, returned.message)
    rows.run("DELETE FROM view_messages WHERE message_id = ?", returned.message)
    rows.run("DELETE FROM removals WHERE message_id = ?", returned.message)
    return replace(returned, unique_id=unique_id)


def _messages(removals: Sequence[_Removal]) -> list[Returned]:
    """Return each message once, as its last removal tells it."""
    return list({each.returned.message: each.returned for each in removals}.values())


def _removal(row: Row) -> _Removal:
    removal, view, message, *rest = row
    return _Removal(removal, view, Returned(MessageId(message), *rest))
