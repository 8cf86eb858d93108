"""What is known of an account since a date: who came, what was read and removed, what changed."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pillarbox.app.build import System
from pillarbox.app.servers import living
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Rows
from pillarbox.journal.audit import Audit, Line
from pillarbox.journal.session_record import spans
from pillarbox.journal.sessions import Session
from pillarbox.store.undo import Returned

MOST = 10_000  # sessions
ENDING_SECONDS = 10.0  # for live sessions to end, and for what they did to be written down
LOOK_SECONDS = 0.25
# Until a server has heard of it and written down what there was: a login that is not written yet
# would be taken for none.
FIRST_SECONDS = 2.5
SIGN_INS = "sign-in."

MESSAGES = """
    SELECT id, unique_id, arrived_at, state FROM messages
    WHERE account_id = ? AND id BETWEEN ? AND ? ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Touched:
    """A message that was read or removed."""

    id: int
    unique_id: str
    arrived_at: int
    state: str  # where it is now: "maildrop", "archive" or "removed"


@dataclass(frozen=True, slots=True)
class Report:
    """All of it; a message that is gone for good is in no list, only counted by its session."""

    since: int
    sessions: Sequence[Session]  # those of the account; with those who tried it in vain
    servers: frozenset[str]  # that live
    read: Sequence[Touched]  # whole
    seen: Sequence[Touched]  # in part
    removed: Sequence[Touched]
    undoable: Sequence[Returned]  # removed since, and could be brought back
    refused: Sequence[Line]  # sign-ins
    changes: Sequence[Line]

    @property
    def live(self) -> Sequence[Session]:
        """The sessions that have not ended yet."""
        return [each for each in self.sessions if each.ended_at is None and self.is_live(each)]

    def is_live(self, session: Session) -> bool:
        """Return whether the process of a session lives."""
        return session.server in self.servers


def wait_until_ended(
    system: System, account: AccountId, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Give the sessions of an account the time to end, so that the report has what they did."""
    if living(system.home.servers):
        sleep(FIRST_SECONDS)
    for _ in range(int(ENDING_SECONDS / LOOK_SECONDS)):
        servers = living(system.home.servers)
        found = system.sessions.list(account, 0, MOST)
        if not any(each.ended_at is None and each.server in servers for each in found):
            return
        sleep(LOOK_SECONDS)


def report(system: System, account: AccountId, name: str, since: int) -> Report:
    """Gather what is known; raises StoreFault."""
    sessions = system.sessions.list(account, since, MOST)
    own = [each for each in sessions if each.account == account]
    lines = [line for line, _ in Audit(system.database).lines(name, since)]
    lines = [line for line in lines if line.account == account]
    with system.database.reading() as rows:
        read = _messages(rows, account, (each.read for each in own))
        seen = _messages(rows, account, (each.seen for each in own))
        removed = _messages(rows, account, (each.removed for each in own))
    return Report(
        since=since,
        sessions=sessions,
        servers=living(system.home.servers),
        read=read,
        seen=seen,
        removed=removed,
        undoable=[each for each in system.undo.find(account) if each.removed_at >= since],
        refused=[line for line in lines if line.event == "sign-in.refused"],
        changes=[line for line in lines if not line.event.startswith(SIGN_INS)],
    )


def _messages(rows: Rows, account: AccountId, texts: Iterable[str]) -> Sequence[Touched]:
    found = {
        row[0]: Touched(*row)
        for text in texts
        for low, high in spans(text)
        for row in rows.all(MESSAGES, account, low, high)
    }
    return [found[number] for number in sorted(found)]
