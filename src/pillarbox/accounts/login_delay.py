"""LOGIN-DELAY: how soon an account may come again. RFC 2449, section 6.5.

The last login is in the database, so that a restart forgets nothing and two processes agree.
"""

from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Rows

# A last login that is still to come was noted before the clock was set back: it delays nobody.
NOTE = """
    UPDATE accounts SET last_login_at = ?1
    WHERE id = ?2 AND (last_login_at IS NULL OR last_login_at + ?3 <= ?1 OR last_login_at > ?1)
"""
ASK = """
    SELECT last_login_at IS NULL OR last_login_at + ?3 <= ?1 OR last_login_at > ?1
    FROM accounts WHERE id = ?2
"""


def begin_login(rows: Rows, account: AccountId, now: int, seconds: int) -> bool:
    """Note that the account comes in now; False, and nothing is noted, where it is too soon.

    Both in one statement: of two sessions that come together one is let in. Without a delay
    nothing is written. `now` is the time under the write lock, so that no other login has noted a
    later one.
    """
    return seconds == 0 or rows.run(NOTE, now, account, seconds) == 1


def may_begin_login(rows: Rows, account: AccountId, now: int, seconds: int) -> bool:
    """Return whether the account may come in, by the last login that was noted."""
    return seconds == 0 or rows.one(ASK, now, account, seconds) == (1,)
