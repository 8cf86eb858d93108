"""How a message leaves the maildrop: a change of state, and a row by which it can be undone."""

from collections.abc import Collection

from pillarbox.base.names import SessionId
from pillarbox.db.sqlite import Rows
from pillarbox.store.store import MessageId
from pillarbox.store.views.leaving import Why
from pillarbox.store.views.policy import AfterRemoval, ViewId

# What is archived leaves the maildrop for the archive, whatever else leaves for good.
LEAVE = """
    UPDATE messages
    SET left_at = ?, state = CASE archived OR ? WHEN 1 THEN 'archive' ELSE 'removed' END
    WHERE id = ? AND state = 'maildrop'
"""
REMOVAL = """
    INSERT INTO removals (message_id, view_id, session, why, removed_at) VALUES (?, ?, ?, ?, ?)
"""
WANT = "UPDATE messages SET removal_wanted_at = ? WHERE id = ? AND removal_wanted_at IS NULL"


def want(rows: Rows, messages: Collection[MessageId], now: int) -> None:
    """Take messages out of every view as soon as it has them."""
    rows.run_each(WANT, [(now, message) for message in messages])


def leave(rows: Rows, messages: Collection[MessageId], after: AfterRemoval, now: int) -> None:
    """Take messages out of the maildrop."""
    is_kept = after is not AfterRemoval.DELETE
    rows.run_each(LEAVE, [(now, is_kept, message) for message in messages])


def record(
    rows: Rows,
    messages: Collection[MessageId],
    why: Why,
    now: int,
    by: tuple[ViewId, SessionId | None] | None = None,
) -> None:
    """Write down what was taken out, and by whose DELE; None: by a policy."""
    view, session = by or (None, None)
    rows.run_each(REMOVAL, [(message, view, session, why, now) for message in messages])
