"""Messages that another program fetched before us: known by their unique-ids alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from pillarbox.archive.ledger import State
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.audit import append

# What we know of a message ourselves stays as it is.
ENTER = """
    INSERT INTO ledger (remote_id, unique_id, state, collected_at) VALUES (?, ?, ?, ?)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Entered:
    """How many were new to the ledger, and how many it knew, or were named twice."""

    taken: int
    known: int


def enter_seen(
    database: Database, remote: RemoteId, unique_ids: Iterable[str], now: float, listed_by: str
) -> Entered:
    """Enter messages as seen, with a line in the audit, all in one transaction.

    `listed_by` is whose list it is. What `unique_ids` raises leaves nothing behind. Raises
    OperatorFault where the remote is gone, and StoreFault.
    """
    at = int(now)

    def work(rows: Rows) -> Entered:
        account, name = _remote(rows, remote)
        taken = known = 0
        for unique_id in unique_ids:  # never all of them in memory
            is_new = rows.run(ENTER, remote, unique_id, State.SEEN, at)
            taken, known = taken + is_new, known + 1 - is_new
        append(
            rows,
            at,
            "remote.seen",
            account,
            remote=name,
            listed_by=listed_by,
            taken=taken,
            known=known,
        )
        return Entered(taken, known)

    return database.write(work)


def _remote(rows: Rows, remote: RemoteId) -> tuple[AccountId, str]:
    row = rows.one("SELECT account_id, name FROM remotes WHERE id = ?", remote)
    if row is None:
        raise OperatorFault("The remote was removed meanwhile.")
    return AccountId(row[0]), str(row[1])
