"""A maildrop as one view shows it, read in one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

from pillarbox.base.names import AccountId, Identity
from pillarbox.db.sqlite import Row, Rows
from pillarbox.message.served import ServedForm, Transformation
from pillarbox.message.surrogate.whole import EDITION
from pillarbox.store.blobs.port import Digest
from pillarbox.store.store import Message, MessageId
from pillarbox.store.views.policy import AccountPolicy, expire_days
from pillarbox.store.views.reading import read_account_policy, read_view
from pillarbox.store.views.visibility import LONG_AGO, in_one_session, rule_of

# As visibility.py decides it, which would take longer to be asked of each message.
VIEW = """
    SELECT had_at IS NOT NULL, passed_over_at IS NOT NULL, id, unique_id, digest, transformation,
           served_octets, header_octets, has_dot_lines, has_8bit_header, surrogate_octets,
           surrogate_header_octets, surrogate_edition
    FROM messages JOIN blobs USING (digest)
    LEFT JOIN view_messages ON message_id = id AND view_id = ?2
    WHERE account_id = ?1 AND state = 'maildrop' AND hidden_at IS NULL AND arrived_at > ?3
          AND (removal_wanted_at IS NULL OR (had_at IS NULL AND removal_wanted_at > ?4))
    ORDER BY id
"""
NO_VIEW = 0  # knows nothing of any message


@dataclass(frozen=True, slots=True)
class Shown:
    """What a session is shown, oldest first, and what holds for it."""

    messages: Sequence[Message]
    had: frozenset[MessageId]  # those that the device has had in earlier sessions
    expire_days: int | None
    is_measured: bool  # by today's edition
    is_cut: bool  # more is to come in later sessions


def read_whole(rows: Rows, account: AccountId) -> list[Message]:
    """Return all that is in an account's maildrop, whoever is shown it."""
    found = rows.all(VIEW, account, NO_VIEW, LONG_AGO, LONG_AGO)
    return [_message(row) for row in found]


def read_shown(rows: Rows, identity: Identity, site: AccountPolicy, now: int) -> Shown:
    """Return what a view shows now; one that is not there yet shows all."""
    account = read_account_policy(rows, identity.account, site)
    view, policy = read_view(rows, identity, now)
    rule = rule_of(account, policy, now)
    found = rows.all(VIEW, identity.account, view, rule.after, rule.wanted_after)
    octets = policy.session_octets
    shown = found if octets is None else _cut(found, octets)
    return Shown(
        [_message(row) for row in shown],
        frozenset(row[2] for row in shown if row[0]),
        expire_days(account, policy),
        all(row[-1] == EDITION for row in shown),
        len(shown) < len(found),
    )


def _cut(found: Sequence[Row], most_octets: int) -> list[Row]:
    # LIST shows the octets of the served form, so these are counted here.
    served = ((bool(row[0] or row[1]), row[6]) for row in found)
    return list(compress(found, in_one_session(served, most_octets)))


def _message(row: Row) -> Message:
    _, _, message, unique_id, digest, name, octets, header, dots, eight_bit, *surrogate, _ = row
    form = ServedForm(Transformation(name), octets, header, bool(dots), bool(eight_bit), *surrogate)
    return Message(MessageId(message), unique_id, Digest(digest), form)
