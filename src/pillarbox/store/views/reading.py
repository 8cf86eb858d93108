"""Views and their policies as the database has them. The accounts room writes them; this reads."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from pillarbox.base.names import AccountId, Identity
from pillarbox.db.sqlite import Row, Rows
from pillarbox.store.store import MessageId
from pillarbox.store.views.leaving import Audience, Known, View
from pillarbox.store.views.policy import (
    AccountPolicy,
    AfterRemoval,
    Removal,
    Role,
    ViewId,
    ViewPolicy,
)

ACCOUNT = """
    SELECT retention_days, reach_days, removal, after_removal, removes_what_all_have
    FROM accounts WHERE id = ?
"""
VIEWS = """
    SELECT v.id, v.role, v.window_days, v.window_since, v.session_octets, v.retention_days,
           v.device_id IS NULL,
           d.revoked_at IS NULL AND coalesce(v.expires_at > ?2, 1) AND (
               v.device_id IS NOT NULL OR ?3
               OR NOT coalesce(a.main_password = 'refuse', EXISTS (
                   SELECT 1 FROM second_factors WHERE account_id = ?1))), -- as accounts/visitor.py
           v.last_used_at, v.created_at
    FROM views v JOIN accounts a ON a.id = v.account_id LEFT JOIN devices d ON d.id = v.device_id
    WHERE v.account_id = ?1 ORDER BY v.id
"""
FIND = "SELECT id FROM views WHERE account_id = ? AND device_id IS ?"
ADD = "INSERT INTO views (account_id, device_id, role, created_at) VALUES (?, ?, ?, ?)"
KNOWN = """
    SELECT id, unique_id, arrived_at, removal_wanted_at FROM messages
    WHERE id IN (SELECT value FROM json_each(?)) AND account_id = ? AND state = 'maildrop'
"""
KNOWN_BY_VIEW = """
    SELECT message_id, view_id, had_at, hidden_at FROM view_messages
    WHERE message_id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that is in the maildrop, with what every view knows of it."""

    id: MessageId
    unique_id: str
    known: Known


def read_account_policy(rows: Rows, account: AccountId, site: AccountPolicy) -> AccountPolicy:
    """Return what holds for an account: its own, else the site's."""
    row = rows.one(ACCOUNT, account)
    if row is None:
        return site
    retention, reach, removal, after, all_have = row
    return replace(
        site,
        retention_days=site.retention_days if retention is None else retention,
        reach_days=site.reach_days if reach is None else reach,
        removal=site.removal if removal is None else Removal(removal),
        after_removal=site.after_removal if after is None else AfterRemoval(after),
        removes_what_all_have=bool(all_have) or site.removes_what_all_have,
    )


def read_views(
    rows: Rows, account: AccountId, now: int, *, takes_tokens: bool = True
) -> list[View]:
    """Return every view of an account, the revoked ones too."""
    return [_view(row) for row in rows.all(VIEWS, account, now, takes_tokens)]


def read_view(rows: Rows, identity: Identity, now: int) -> tuple[ViewId | None, ViewPolicy]:
    """Return an identity's view and its policy; where it has none yet, none that hides anything."""
    found = find_view(rows, identity)
    for view in read_views(rows, identity.account, now):
        if view.id == found:
            return view.id, view.policy
    return None, ViewPolicy()


def read_audience(rows: Rows, account: AccountId, site: AccountPolicy, now: int) -> Audience:
    """Return who is shown an account's messages now."""
    policy = read_account_policy(rows, account, site)
    views = read_views(rows, account, now, takes_tokens=site.takes_tokens)
    return Audience(policy, views, now)


def find_view(rows: Rows, identity: Identity) -> ViewId | None:
    """Return an identity's view, None where it has none yet."""
    row = rows.one(FIND, identity.account, identity.device)
    return None if row is None else ViewId(row[0])


def add_view(rows: Rows, identity: Identity, now: int) -> ViewId:
    """Return an identity's view, and make it where somebody made the account without one."""
    found = find_view(rows, identity)
    if found is not None:
        return found
    role = Role.MASTER if identity.device is None else Role.READER
    return ViewId(rows.insert(ADD, identity.account, identity.device, role, now))


def read_known(rows: Rows, account: AccountId, messages: Collection[MessageId]) -> Sequence[Stored]:
    """Return those messages that are in the account's maildrop, oldest first."""
    wanted = json.dumps(list(messages))
    had, hidden = _times(rows.all(KNOWN_BY_VIEW, wanted))
    return [
        Stored(
            MessageId(message),
            unique_id,
            Known(arrived_at, wanted_at, had.get(message, {}), hidden.get(message, {})),
        )
        for message, unique_id, arrived_at, wanted_at in sorted(rows.all(KNOWN, wanted, account))
    ]


Times = dict[MessageId, dict[ViewId, int]]


def _times(found: Sequence[Row]) -> tuple[Times, Times]:
    had: Times = {}
    hidden: Times = {}
    for message, view, had_at, hidden_at in found:
        if had_at is not None:
            had.setdefault(message, {})[view] = had_at
        if hidden_at is not None:
            hidden.setdefault(message, {})[view] = hidden_at
    return had, hidden


def _view(row: Row) -> View:
    view, role, days, since, octets, retention, is_default, may_be_used, used_at, created_at = row
    policy = ViewPolicy(Role(role), days, since, octets, retention)
    return View(ViewId(view), policy, bool(is_default), bool(may_be_used), used_at, created_at)


def batches(messages: Sequence[MessageId], most: int) -> Iterator[Sequence[MessageId]]:
    """Cut a list into pieces of at most so many."""
    for start in range(0, len(messages), most):
        yield messages[start : start + most]
