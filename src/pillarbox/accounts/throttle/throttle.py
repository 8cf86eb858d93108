"""The throttle: says before anything is hashed whether an attempt may be tried, and when.

What is let through counts as a failure at once, in one transaction, so that the bounds hold for all
threads and processes of a home; what is proved is given back. Of a pair that is known (somebody
came in by the name from there in the last 30 days) a few attempts at a time go free until they
fail, so that a mail program's daily logins write nothing. Whoever is refused costs a look at the
database, and no transaction. Blocking, and safe in threads.

On a disk that is full, strangers are not tried, as they cannot be counted. A known pair's attempts
go free as ever, and of those that fail each process remembers the last two minutes'.
"""

from collections.abc import Callable
from contextlib import suppress

from pillarbox.accounts.accounts import require_account
from pillarbox.accounts.throttle import rows as kept
from pillarbox.accounts.throttle.buckets import BUCKETS, Kind
from pillarbox.accounts.throttle.names import NOBODY, ThrottledNames
from pillarbox.accounts.throttle.rows import Pair
from pillarbox.accounts.throttle.tickets import Ticket, Tickets
from pillarbox.base.clock import DAY_SECONDS, Clock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, SignIn
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.alerts import AlertKind, raise_alert
from pillarbox.journal.audit import append

FREE = 4.0  # attempts of a known pair that may be under way or have failed and go free still
TICKET_SECONDS = 120.0  # more than an attempt takes from its delay to its answer
FIND = "SELECT id FROM accounts WHERE name = ? AND state <> 'removed'"
NEW_EDITION = "UPDATE accounts SET password_edition = password_edition + 1 WHERE id = ?"


class Throttle:
    """The throttle of one database. Every call may raise StoreFault."""

    def __init__(self, database: Database, clock: Clock, names: ThrottledNames) -> None:
        self._database = database
        self._clock = clock
        self._names = names
        self._tickets = Tickets(TICKET_SECONDS)

    def delay(self, name: str, sign_in: SignIn) -> float | None:
        """Return how many seconds an attempt has to wait; None: it is not to be tried.

        What may be tried counts as a failure until `give_back`.
        """
        self._fail(self._tickets.take(sign_in.session))  # nobody said what came of it
        pair = Pair(self._names.key_of(name), sign_in.source)
        now = self._clock.now()
        with self._database.reading() as rows:
            outlook = kept.look(rows, pair, now)
        if outlook.seconds is None:
            return None
        if outlook.is_known and self._tickets.hold_free(
            sign_in.session, pair.known, now, FREE - outlook.level
        ):
            return outlook.seconds
        seconds, ticket = self._database.write(lambda rows: self._count(rows, pair))
        if ticket is not None:
            self._tickets.hold(sign_in.session, ticket)
        return seconds

    def refused(self, name: str, sign_in: SignIn) -> None:
        """Note that an attempt failed; the one that fills an account's bucket locks the account."""
        ticket = self._tickets.take(sign_in.session)
        self._fail(ticket)
        if ticket is not None and self._is_full(ticket):
            pair = Pair(self._names.key_of(name), sign_in.source)
            self._database.write(lambda rows: self._lock(rows, name, pair))

    def give_back(self, sign_in: SignIn) -> None:
        """Let what was let through count no more: it was right, or was not tried after all."""
        ticket = self._tickets.take(sign_in.session)
        if ticket is None or ticket.is_free:
            return
        places = ticket.places
        with suppress(StoreFault):  # then it counts as one failure: no reason to keep them out
            self._database.write(lambda rows: kept.lower_each(rows, places, self._clock.now()))

    def let_in(self, name: str, sign_in: SignIn) -> None:
        """Note that somebody came in: the pair is known from now on.

        Not whoever has a right password that opens nothing, being out of date or for other
        networks: that would be a way around the lock.
        """
        pair = Pair(self._names.key_of(name), sign_in.source)
        if pair.account == NOBODY or not self._is_news(pair):
            return
        self._database.write(lambda rows: kept.set_proved(rows, pair, self._clock.now()))

    def locked_until(self, name: str) -> int | None:
        """Return until when strangers may not try a name, None where they may."""
        with self._database.reading() as rows:
            return kept.locked_until(rows, self._names.key_of(name), self._clock.now())

    def unlock(self, name: str) -> None:
        """Forget every failure at an account, and its lock; raises OperatorFault: there is none."""
        key = self._names.key_of(name)

        def unlock(rows: Rows) -> None:
            account = require_account(rows, name)
            kept.unlock(rows, key)
            append(rows, int(self._clock.now()), "account.unlocked", account.id)

        self._database.write(unlock)

    def forgetting(self, name: str) -> Callable[[Rows], None]:
        """Return what lets nobody be known to a name any more, inside a transaction."""
        key = self._names.key_of(name)
        return lambda rows: kept.forget(rows, key)

    def sweep(self) -> int:
        """Drop the rows that say nothing any more; return how many."""
        return self._database.write(lambda rows: kept.sweep(rows, self._clock.now()))

    def _count(self, rows: Rows, pair: Pair) -> tuple[float | None, Ticket | None]:
        # Once more, under the write lock: of all who saw room, only so many have it.
        now = self._clock.now()
        outlook = kept.look(rows, pair, now)
        if outlook.seconds is None:
            return None, None
        places = kept.acquainted(pair.known) if outlook.is_known else pair.strangers
        held = kept.raise_each(rows, places, now)
        return outlook.seconds, Ticket(held, pair.known, now)

    def _fail(self, ticket: Ticket | None) -> None:
        """Count what went free as a failure."""
        if ticket is None or not ticket.is_free:
            return
        places = kept.acquainted(ticket.pair)
        try:
            self._database.write(lambda rows: kept.raise_each(rows, places, self._clock.now()))
        except StoreFault:
            # It is free no more: a full disk is no licence to guess.
            self._tickets.keep(ticket, self._clock.now())

    def _is_full(self, ticket: Ticket) -> bool:
        places = [place for place in ticket.places if place[0] is Kind.ACCOUNT]
        if not places:
            return False
        with self._database.reading() as rows:
            now = self._clock.now()
            levels = [kept.level(rows, place, now) for place in places]
        return any(not BUCKETS[Kind.ACCOUNT].takes(level) for level in levels)

    def _lock(self, rows: Rows, name: str, pair: Pair) -> None:
        now = self._clock.now()
        if kept.locked_until(rows, pair.account, now) is not None:
            return
        is_news = kept.lock(rows, pair.account, now)
        found = rows.one(FIND, self._names.account_of(name))
        if found is None:
            return
        account, at = AccountId(found[0]), int(now)
        rows.run(NEW_EDITION, account)
        append(rows, at, "account.locked", account, source=pair.source)
        if is_news:
            raise_alert(rows, at, AlertKind.LOCKED, account, source=pair.source)

    def _is_news(self, pair: Pair) -> bool:
        now = self._clock.now()
        with self._database.reading() as rows:
            at = kept.proved_at(rows, pair, now)
        return at is None or at <= now - DAY_SECONDS
