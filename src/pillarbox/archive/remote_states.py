"""How it went with each remote: what the next session must know, also in another process."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.alerts import AlertKind, raise_alert


@dataclass(frozen=True, slots=True)
class RemoteState:
    """Times in seconds since 1970; None: never, or not known.

    `failures` counts those since the last success, `next_at` is when the rest after them ends.
    `day` is one since 1970 in UTC; what was fetched on it is counted. `edits` tells whether it is
    still the remote that it was.
    """

    tried_at: int | None = None
    logged_in_at: int | None = None  # at the latest: LOGIN-DELAY counts from it
    succeeded_at: int | None = None
    failures: int = 0
    next_at: int = 0
    outcome: str | None = None
    login_delay_seconds: int | None = None  # RFC 2449, section 6.5
    expire_days: int | None = None  # RFC 2449, section 6.7
    pipelining_failed_at: int | None = None
    day: int | None = None
    day_messages: int = 0
    day_octets: int = 0
    stale_told_at: int | None = None
    edits: int = 0

    def fetched_on(self, day: int) -> tuple[int, int]:
        """Return how many messages and octets were fetched on a day."""
        return (self.day_messages, self.day_octets) if self.day == day else (0, 0)


@dataclass(frozen=True, slots=True)
class Stale:
    """A remote that was tried in vain for too long, and whose mail is missing."""

    remote: RemoteId
    name: str
    account: AccountId
    since: int
    outcome: str | None


# Both in the order of RemoteState.
SELECT = """
    SELECT remote_id, tried_at, logged_in_at, succeeded_at, failures, next_at, outcome,
           login_delay_seconds, expire_days, pipelining_failed_at, day, day_messages, day_octets,
           stale_told_at, edits
    FROM remote_states WHERE remote_id = coalesce(?, remote_id)
"""
WRITE = """
    INSERT OR REPLACE INTO remote_states (
           remote_id, tried_at, logged_in_at, succeeded_at, failures, next_at, outcome,
           login_delay_seconds, expire_days, pipelining_failed_at, day, day_messages, day_octets,
           stale_told_at, edits)
    SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM remotes WHERE id = ?
"""
Change = Callable[[RemoteState], RemoteState]


class RemoteStates:
    """The states of all remotes; what is written is durable on return. Raises StoreFault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, remote: RemoteId) -> RemoteState:
        """Return a remote's state; an empty one where it was never tried."""
        with self._database.reading() as rows:
            return _read(rows, remote)

    def all(self) -> dict[RemoteId, RemoteState]:
        """Return the states of the remotes that were ever tried."""
        with self._database.reading() as rows:
            return {RemoteId(row[0]): RemoteState(*row[1:]) for row in rows.all(SELECT, None)}

    def change(self, remote: RemoteId, change: Change) -> RemoteState:
        """Change a state in one transaction and return it; a remote that is gone has none."""

        def work(rows: Rows) -> RemoteState:
            state = change(_read(rows, remote))
            _write(rows, remote, state)
            return state

        return self._database.write(work)

    def tell_stale(self, stale: Sequence[Stale], now: int) -> list[Stale]:
        """Have somebody told of these, each at most once a day; return those that are news.

        A remote that was collected from since is none.
        """
        return self._database.write(lambda rows: [each for each in stale if _tell(rows, each, now)])


def _read(rows: Rows, remote: RemoteId) -> RemoteState:
    row = rows.one(SELECT, remote)
    return RemoteState(*row[1:]) if row else RemoteState()


def _write(rows: Rows, remote: RemoteId, state: RemoteState) -> None:
    rows.run(WRITE, remote, *astuple(state), remote)


def _tell(rows: Rows, stale: Stale, now: int) -> bool:
    state = _read(rows, stale.remote)
    is_told = state.stale_told_at is not None and now - state.stale_told_at < DAY_SECONDS
    if is_told or (state.succeeded_at or 0) > stale.since:
        return False
    raise_alert(
        rows,
        now,
        AlertKind.NOT_COLLECTED,
        stale.account,
        remote=stale.name,
        since=stale.since,
        why=stale.outcome,
    )
    _write(rows, stale.remote, replace(state, stale_told_at=now))
    return True
