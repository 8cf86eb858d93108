"""Sessions that are to end at once since their password is worth nothing any more.

Every serving process looks here each second. A row is written in the transaction that makes the
password worthless, so that neither is there without the other.
"""

from collections.abc import Sequence

from pillarbox.base.names import AccountId, DeviceId, Ended
from pillarbox.db.sqlite import Database, Rows

ADD = """
    INSERT INTO ended_sessions (account_id, device_id, is_whole_account, at) VALUES (?, ?, ?, ?)
"""
SINCE = """
    SELECT id, account_id, device_id, is_whole_account FROM ended_sessions
    WHERE id > ? ORDER BY id
"""
MARK = "SELECT coalesce(max(id), 0) FROM ended_sessions"


def end_sessions(rows: Rows, account: AccountId, device: DeviceId | None, at: int) -> None:
    """End the sessions of a device; None: those that the main password, or a token, let in."""
    rows.run(ADD, account, device, 0, at)


def end_all_sessions(rows: Rows, account: AccountId, at: int) -> None:
    """End every session of an account."""
    rows.run(ADD, account, None, 1, at)


class EndedSessions:
    """What is to end, as the processes that serve ask for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self) -> int:
        """Return the number of the last that there is; raises StoreFault."""
        with self._database.reading() as rows:
            found = rows.one(MARK)
        return int(found[0]) if found else 0

    def since(self, mark: int) -> Sequence[Ended]:
        """Return what came after a number, in order; raises StoreFault."""
        with self._database.reading() as rows:
            found = rows.all(SINCE, mark)
        return [
            Ended(number, account, device, bool(is_whole))
            for number, account, device, is_whole in found
        ]
