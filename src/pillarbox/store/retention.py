"""Mail that has stayed for as long as the site keeps it leaves the maildrop: RFC 2449, section 6.7.

It leaves as it does by DELE: what is archived stays in the archive. This runs outside sessions,
under the lease, so that no session's messages vanish under it (RFC 1939, section 6).
"""

from pathlib import Path

from pillarbox.base.clock import Clock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database
from pillarbox.store.lease import take_lease
from pillarbox.store.sqlite import LEAVE

DAY_SECONDS = 86_400


class Retention:
    """The maildrops of one database, whose leases lie in `leases`."""

    def __init__(self, database: Database, leases: Path, clock: Clock) -> None:
        self._database = database
        self._leases = leases
        self._clock = clock

    def retire(self, days: int) -> int:
        """Take out what arrived `days` ago or earlier; return how many messages that were.

        A maildrop that is in use is left for the next time. Raises StoreFault.
        """
        now = int(self._clock.now())
        before = now - days * DAY_SECONDS
        return sum(self._retire(account, before, now) for account in self._accounts(before))

    def _accounts(self, before: int) -> list[AccountId]:
        with self._database.reading() as rows:
            found = rows.all(
                "SELECT DISTINCT account_id FROM messages"
                " WHERE state = 'maildrop' AND arrived_at <= ? ORDER BY account_id",
                before,
            )
        return [AccountId(account) for (account,) in found]

    def _retire(self, account: AccountId, before: int, now: int) -> int:
        lease = take_lease(self._leases / str(account))
        if lease is None:
            return 0
        try:
            return self._database.write(
                lambda rows: rows.run(
                    LEAVE + " AND account_id = ? AND arrived_at <= ?",
                    now,
                    account,
                    before,
                )
            )
        finally:
            lease.release()
