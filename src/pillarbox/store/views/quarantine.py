"""Quarantine: what a session removed that hardly knew it can be brought back for longer.

A client that starts afresh, or a thief, may delete a whole maildrop that the device never had. It
is obeyed on the wire (RFC 1939 has no way to ask back); only the octets stay.
"""

from collections.abc import Collection

from pillarbox.db.sqlite import Rows
from pillarbox.store.store import MessageId
from pillarbox.store.views.policy import AccountPolicy

KEEP = "UPDATE messages SET keep_until = max(coalesce(keep_until, 0), ?) WHERE id = ?"


def guard(never_had: int, view: int, policy: AccountPolicy) -> bool:
    """Say whether a session that marked so many messages of a view is to be undoable for longer.

    `never_had` counts the marked ones that this device never had, `view` all that it was shown. A
    client that deletes old mail which it once fetched marks none that it never had.
    """
    return 0 < policy.mass_delete_messages <= never_had and 2 * never_had > view


def quarantine(rows: Rows, messages: Collection[MessageId], until: int) -> None:
    """Keep these until then at least, whatever the grace time is, inside a transaction."""
    rows.run_each(KEEP, [(until, message) for message in messages])
