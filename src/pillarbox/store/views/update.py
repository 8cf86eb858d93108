"""What one session's QUIT writes, in one transaction: RFC 1939, section 6."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.base.names import Identity, SessionId
from pillarbox.db.sqlite import Rows
from pillarbox.journal.alerts import AlertKind, raise_alert
from pillarbox.journal.audit import Fact, append
from pillarbox.store.store import Message, MessageId
from pillarbox.store.views.leave import leave, record, want
from pillarbox.store.views.leaving import Why
from pillarbox.store.views.policy import AccountPolicy, Role, ViewId
from pillarbox.store.views.quarantine import quarantine
from pillarbox.store.views.reading import Stored, read_audience, read_known

# The unique-id is asked for too: what was brought back as a new message is another one.
HAD = """
    INSERT INTO view_messages (message_id, view_id, had_at)
    SELECT id, ?, ? FROM messages WHERE id = ? AND unique_id = ?
    ON CONFLICT DO UPDATE SET had_at = coalesce(had_at, excluded.had_at)
"""
LEFT = """
    INSERT INTO view_messages (message_id, view_id, passed_over_at)
    SELECT id, ?, ? FROM messages WHERE id = ? AND unique_id = ?
    ON CONFLICT DO UPDATE SET passed_over_at = coalesce(passed_over_at, excluded.passed_over_at)
"""
HIDE = "UPDATE view_messages SET hidden_at = ? WHERE message_id = ? AND view_id = ?"
ROLE = "SELECT role FROM views WHERE id = ?"
DEVICE = "SELECT name FROM devices WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Opened:
    """Whose view a session has open; `session` is None where nobody will ask for it by name."""

    identity: Identity
    view: ViewId
    session: SessionId | None


@dataclass(frozen=True, slots=True)
class Update:
    """One QUIT: what to remove, and what the device has from now on. Run it in a transaction."""

    opened: Opened
    marked: Collection[Message]
    had: Collection[Message]  # beside what is marked: to mark a message is to have it
    site: AccountPolicy
    now: int
    is_mass_delete: bool = False  # then what is removed goes to quarantine
    passed_over: Collection[Message] = ()  # the client was told of them, and left them

    def run(self, rows: Rows) -> None:
        """Write all of it."""
        view, now = self.opened.view, self.now
        had = {*self.had, *self.marked}
        for statement, messages in ((HAD, had), (LEFT, self.passed_over)):
            rows.run_each(statement, [(view, now, each.id, each.unique_id) for each in messages])
        removed = self._still_there(rows)
        if removed:
            self._remove(rows, removed)

    def _still_there(self, rows: Rows) -> list[Stored]:
        """Return what is marked, without what another device or a policy has removed meanwhile."""
        names = {each.id: each.unique_id for each in self.marked}
        found = read_known(rows, self.opened.identity.account, names) if names else []
        return [each for each in found if each.unique_id == names[each.id]]

    def _remove(self, rows: Rows, removed: Sequence[Stored]) -> None:
        opened, now = self.opened, self.now
        account = opened.identity.account
        ids = [each.id for each in removed]
        if rows.one(ROLE, opened.view) == (Role.MASTER,):
            want(rows, ids, now)
        rows.run_each(HIDE, [(now, each, opened.view) for each in ids])
        record(rows, ids, Why.DELE, now, (opened.view, opened.session))
        # What nobody is shown any more goes at once: it is the client's doing, and no policy's.
        audience = read_audience(rows, account, self.site, now)
        known = read_known(rows, account, ids)
        done = [each.id for each in known if audience.is_done_with(each.known)]
        leave(rows, done, audience.account.after_removal, now)
        append(
            rows,
            now,
            "messages.removed",
            account,
            device=_device_name(rows, opened.identity),
            session=opened.session,
            count=len(ids),
        )
        if self.is_mass_delete:
            self._quarantine(rows, ids)

    def _quarantine(self, rows: Rows, ids: Sequence[MessageId]) -> None:
        opened, now, days = self.opened, self.now, self.site.quarantine_days
        quarantine(rows, ids, now + days * DAY_SECONDS)
        facts: dict[str, Fact] = {
            "device": _device_name(rows, opened.identity),
            "session": opened.session,
            "count": len(ids),
            "days": days,
        }
        append(rows, now, "messages.quarantined", opened.identity.account, **facts)
        raise_alert(rows, now, AlertKind.MASS_DELETE, opened.identity.account, **facts)


def _device_name(rows: Rows, identity: Identity) -> str | None:
    found = None if identity.device is None else rows.one(DEVICE, identity.device)
    return None if found is None else str(found[0])
