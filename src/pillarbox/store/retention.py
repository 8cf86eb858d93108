"""What leaves the maildrops by policy: by time, and because every device has it.

RFC 1939, section 6: this runs outside sessions, and what leaves stays readable in those that are
open, whose view is fixed and whose octets stay. What a client's DELE removes goes in its UPDATE;
what it leaves for other devices goes here, once these have it or are waited for no more.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from pillarbox.base.clock import DAY_SECONDS, Clock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.audit import append
from pillarbox.store.store import MessageId
from pillarbox.store.views.leave import leave, record, want
from pillarbox.store.views.leaving import Audience, Why
from pillarbox.store.views.policy import SITE_DEFAULTS, AccountPolicy, AfterRemoval
from pillarbox.store.views.reading import batches, read_audience, read_known
from pillarbox.store.views.visibility import LONG_AGO

BATCH = 1000  # messages that leave in one transaction: no QUIT waits long for it

ACCOUNTS = "SELECT DISTINCT account_id FROM messages WHERE state = 'maildrop' ORDER BY account_id"
# What may be due, and of what is not due as little as a query can tell: leaving.py decides. A view
# without a window or a retention of its own (?2) that knows nothing of a message is waited for.
MAY_BE_DUE = """
    SELECT id FROM messages
    WHERE account_id = ?1 AND state = 'maildrop' AND removal_wanted_at IS NOT NULL AND NOT ?4
        AND (removal_wanted_at <= ?3 OR NOT EXISTS (
            SELECT 1 FROM json_each(?2) LEFT JOIN view_messages
                ON message_id = messages.id AND view_id = value
            WHERE had_at IS NULL AND hidden_at IS NULL))
    UNION
    SELECT id FROM messages JOIN view_messages hidden ON hidden.message_id = id
    WHERE account_id = ?1 AND state = 'maildrop' AND removal_wanted_at IS NULL AND NOT ?4
        AND hidden.hidden_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM json_each(?2) LEFT JOIN view_messages seen
                ON seen.message_id = messages.id AND seen.view_id = value
            WHERE seen.hidden_at IS NULL)
    UNION
    SELECT id FROM messages JOIN view_messages had ON had.message_id = id
    WHERE account_id = ?1 AND state = 'maildrop' AND ?5 AND had.had_at IS NOT NULL
        AND (removal_wanted_at IS NULL OR NOT ?4) AND NOT EXISTS (
            SELECT 1 FROM json_each(?2) LEFT JOIN view_messages seen
                ON seen.message_id = messages.id AND seen.view_id = value
            WHERE seen.had_at IS NULL)
    UNION
    SELECT id FROM messages WHERE account_id = ?1 AND state = 'maildrop' AND arrived_at <= ?6
    ORDER BY id
"""
LEAST_RETENTION = (
    "SELECT min(retention_days) FROM views WHERE account_id = ? AND retention_days > 0"
)


class Retention:
    """The maildrops of one database."""

    def __init__(
        self, database: Database, clock: Clock, site: AccountPolicy = SITE_DEFAULTS
    ) -> None:
        self._database = database
        self._clock = clock
        self._site = site

    def retire(self) -> Mapping[Why, int]:
        """Take out what no device is to be shown any more; return how many that were, and why.

        Raises StoreFault; what was taken out before it stays out.
        """
        now = int(self._clock.now())
        counts: Counter[Why] = Counter()
        for account in self._accounts():
            for batch in batches(self._due(account, now), BATCH):
                counts += self._database.write(partial(self._take_out, account, batch, now))
        return counts

    def _accounts(self) -> list[AccountId]:
        with self._database.reading() as rows:
            return [AccountId(account) for (account,) in rows.all(ACCOUNTS)]

    def _due(self, account: AccountId, now: int) -> list[MessageId]:
        """Return what is to leave, by a first look that makes nobody wait."""
        with self._database.reading() as rows:
            audience = read_audience(rows, account, self._site, now)
            found = _may_be_due(rows, account, audience, now)
            return [
                each
                for batch in batches(found, BATCH)
                for each, why in _reasons(rows, account, batch, audience)
            ]

    def _take_out(
        self, account: AccountId, messages: Sequence[MessageId], now: int, rows: Rows
    ) -> "Counter[Why]":
        """Look again, inside the transaction, and take out what still is to leave."""
        audience = read_audience(rows, account, self._site, now)
        by_reason: dict[Why, list[MessageId]] = {}
        for each, why in _reasons(rows, account, messages, audience):
            by_reason.setdefault(why, []).append(each)
        for why, leaving in by_reason.items():
            _remove(rows, leaving, why, audience.account.after_removal, now)
            append(rows, now, "messages.removed", account, why=why.value, count=len(leaving))
        return Counter({why: len(leaving) for why, leaving in by_reason.items()})


def _may_be_due(rows: Rows, account: AccountId, audience: Audience, now: int) -> list[MessageId]:
    """Return what devices removed or have, without what is waited for, and what is old."""
    policy = audience.account
    (of_views,) = rows.one(LEAST_RETENTION, account) or (None,)
    days = min((each for each in (policy.retention_days, of_views) if each), default=None)
    found = rows.all(
        MAY_BE_DUE,
        account,
        json.dumps(audience.unbounded),
        now - policy.waiting_seconds,
        policy.after_removal is AfterRemoval.KEEP,
        policy.removes_what_all_have,
        LONG_AGO if days is None else now - days * DAY_SECONDS,
    )
    return [MessageId(message) for (message,) in found]


def _reasons(
    rows: Rows, account: AccountId, messages: Sequence[MessageId], audience: Audience
) -> list[tuple[MessageId, Why]]:
    known = read_known(rows, account, messages)
    reasons = [(each.id, audience.reason_to_leave(each.known)) for each in known]
    return [(message, why) for message, why in reasons if why is not None]


def _remove(
    rows: Rows, messages: Sequence[MessageId], why: Why, after: AfterRemoval, now: int
) -> None:
    record(rows, messages, why, now)
    if why is Why.ALL_HAVE and after is AfterRemoval.KEEP:
        want(rows, messages, now)  # out of every view, and still there
    else:
        leave(rows, messages, after, now)
