"""Coming in: what somebody who has proved who they are is asked besides, and what is noted of it.

All of it is one transaction, which is written whether or not somebody comes in. A full disk keeps
nobody from their mail: where nothing can be written, what can be read is asked, and whoever calls
hears that nothing was noted.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from pillarbox.accounts.habits import Visit, is_new_network, is_odd_hour
from pillarbox.accounts.login_delay import begin_login, may_begin_login
from pillarbox.accounts.login_name import read_login_name
from pillarbox.accounts.restrictions import network_of
from pillarbox.accounts.visitor import (
    Refused,
    Visitor,
    comes_by_main_password,
    find_visitor,
    refuses_main_password,
)
from pillarbox.base.clock import Clock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, Identity, SignIn
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.alerts import AlertKind, raise_alert
from pillarbox.journal.audit import Fact, append

NEWS_SECONDS = 3_600  # what is noted of the last use is as old as this at most

NOTE_USE = "UPDATE views SET last_used_at = ?, last_used_from = ? WHERE id = ?"
KNOWN = "SELECT id FROM accounts WHERE name = ? AND state <> 'removed'"


@dataclass(frozen=True, slots=True)
class Entered:
    """What holds for somebody who has come in."""

    login_delay_seconds: int
    unnoted: StoreFault | None = None  # why nothing of it is on record


class Entry:
    """The door of one database's accounts; hours are those of `zone`, None: the server's."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        login_delay_seconds: int = 0,
        zone: tzinfo | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._login_delay_seconds = login_delay_seconds
        self._zone = zone

    def enter(self, identity: Identity, sign_in: SignIn) -> Entered | Refused:
        """Let somebody in and note it, or note why not; raises StoreFault."""
        try:
            return self._database.write(lambda rows: self._enter(rows, identity, sign_in))
        except StoreFault as fault:
            with self._database.reading() as rows:
                return self._look(rows, identity, sign_in, fault)

    def refused(self, name: str, sign_in: SignIn) -> None:
        """Note that what was tried under a name was not accepted; raises StoreFault.

        A name that nobody has is left out: it may be a password in the wrong place. The line is
        written all the same, so that it takes as long as for a name that somebody has.
        """

        def note(rows: Rows) -> None:
            known = rows.one(KNOWN, read_login_name(name).account)
            account = AccountId(known[0]) if known else None
            facts = {**_facts(sign_in), "why": Refused.NOT_ACCEPTED}
            append(rows, int(self._clock.now()), "sign-in.refused", account, **facts)

        self._database.write(note)

    def _enter(self, rows: Rows, identity: Identity, sign_in: SignIn) -> Entered | Refused:
        time = datetime.fromtimestamp(self._clock.now(), self._zone)
        visitor = find_visitor(rows, identity)
        delay = self._delay(visitor)
        why = _refusal(rows, identity, sign_in, visitor, time)
        now = int(time.timestamp())
        if why is None and not begin_login(rows, identity.account, now, delay):
            why = Refused.LOGIN_DELAY
        facts = {**_facts(sign_in), "device": visitor.device if visitor else None}
        if visitor is None or why is not None:
            append(rows, now, "sign-in.refused", identity.account, **facts, why=why)
            return why or Refused.GONE
        visit = Visit(identity.account, visitor.view, network_of(sign_in.source), now, time.hour)
        _warn(rows, visit, visitor, facts)
        _note_use(rows, visitor, sign_in.source, now)
        append(rows, now, "sign-in.accepted", identity.account, **facts)
        return Entered(delay)

    def _look(
        self, rows: Rows, identity: Identity, sign_in: SignIn, fault: StoreFault
    ) -> Entered | Refused:
        """Ask all that `_enter` asks, and write nothing."""
        time = datetime.fromtimestamp(self._clock.now(), self._zone)
        visitor = find_visitor(rows, identity)
        why = _refusal(rows, identity, sign_in, visitor, time)
        if why is not None:
            return why
        delay = self._delay(visitor)
        # The last login that is on record counts: those that are not delay nobody.
        may_begin = may_begin_login(rows, identity.account, int(time.timestamp()), delay)
        return Entered(delay, fault) if may_begin else Refused.LOGIN_DELAY

    def _delay(self, visitor: Visitor | None) -> int:
        own = visitor.login_delay_seconds if visitor else None
        return self._login_delay_seconds if own is None else own


def _refusal(
    rows: Rows, identity: Identity, sign_in: SignIn, visitor: Visitor | None, time: datetime
) -> Refused | None:
    if visitor is None:
        return Refused.GONE
    # Where the password is tried already; it may have changed since.
    if comes_by_main_password(identity, sign_in) and refuses_main_password(rows, identity.account):
        return Refused.MAIN
    return visitor.refusal(sign_in, time)


def _warn(rows: Rows, visit: Visit, visitor: Visitor, facts: dict[str, Fact]) -> None:
    """Note where from and when; raise an alert where that is new, unless all is new."""
    if is_new_network(rows, visit) and visitor.last_used_at is not None:
        kind, network = AlertKind.NEW_NETWORK, visit.network
        raise_alert(rows, visit.now, kind, visit.account, **facts, network=network)
    if is_odd_hour(rows, visit):
        raise_alert(rows, visit.now, AlertKind.ODD_HOUR, visit.account, **facts, hour=visit.hour)


def _note_use(rows: Rows, visitor: Visitor, source: str, now: int) -> None:
    last = visitor.last_used_at
    # A last use that is still to come was noted before the clock was set back.
    is_news = last is None or not last <= now < last + NEWS_SECONDS
    if is_news or visitor.last_used_from != source:
        rows.run(NOTE_USE, now, source, visitor.view)


def _facts(sign_in: SignIn) -> dict[str, Fact]:
    return {
        "session": sign_in.session,
        "source": sign_in.source,
        "protocol": sign_in.protocol,
        "mechanism": sign_in.mechanism or None,  # not known where an exchange was left
        "tls": sign_in.tls,
    }
