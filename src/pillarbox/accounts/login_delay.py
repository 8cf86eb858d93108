"""LOGIN-DELAY: how soon an account may come again. RFC 2449, section 6.5.

The last login is in the database, so that a restart forgets nothing and two processes agree.
"""

from pillarbox.base.clock import Clock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Rows

# A last login that is still to come was noted before the clock was set back: it delays nobody.
NOTE = """
    UPDATE accounts SET last_login_at = ?1
    WHERE id = ?2 AND (last_login_at IS NULL OR last_login_at + ?3 <= ?1 OR last_login_at > ?1)
"""


class LoginDelay:
    """The delay of one site, in whole seconds; 0 is none."""

    def __init__(self, database: Database, clock: Clock, seconds: int) -> None:
        self._database = database
        self._clock = clock
        self.seconds = seconds

    def begin(self, account: AccountId) -> bool:
        """Note that the account comes in now; False, and nothing is noted, where it is too soon.

        Both in one statement: of two sessions that come together one is let in. Without a delay
        nothing is written. Raises StoreFault.
        """
        return self.seconds == 0 or self._database.write(lambda rows: self._note(rows, account))

    def _note(self, rows: Rows, account: AccountId) -> bool:
        # The time as it is under the write lock, so that no other login has noted a later one.
        return rows.run(NOTE, int(self._clock.now()), account, self.seconds) == 1
