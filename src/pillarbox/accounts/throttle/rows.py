"""The throttle's rows: read and written inside transactions of the caller's."""

from collections.abc import Iterable
from dataclasses import dataclass

from pillarbox.accounts.throttle.buckets import BUCKETS, Kind, delay
from pillarbox.accounts.throttle.names import NOBODY
from pillarbox.accounts.throttle.sources import narrow, wide
from pillarbox.accounts.throttle.tickets import Place
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.db.sqlite import Rows

KNOWN_SECONDS = 30 * DAY_SECONDS  # a pair is known for so long after it was proved
LOCK_SECONDS = 3_600
MOST_ROWS = 200_000  # buckets; an attack of more has long filled those that matter
MOST_KNOWN = 1_000  # sources of one name: a telephone on the move has some fifty a day

EMPTY_AT = "SELECT empty_at FROM throttle WHERE kind = ? AND account = ? AND source = ?"
SET = "INSERT OR REPLACE INTO throttle (kind, account, source, empty_at) VALUES (?, ?, ?, ?)"
PROVED_AT = "SELECT proved_at FROM known_pairs WHERE account = ? AND source = ?"
SET_PROVED = "INSERT OR REPLACE INTO known_pairs (account, source, proved_at) VALUES (?, ?, ?)"
FORGET_EXCESS = """
    DELETE FROM known_pairs WHERE account = ?1 AND source NOT IN
        (SELECT source FROM known_pairs WHERE account = ?1 ORDER BY proved_at DESC LIMIT ?2)
"""
UNTIL = "SELECT until FROM throttle_locks WHERE account = ?"
LOCK = "INSERT OR REPLACE INTO throttle_locks (account, until) VALUES (?, ?)"
FORGET_EMPTIEST = """
    DELETE FROM throttle WHERE empty_at <=
        (SELECT empty_at FROM throttle ORDER BY empty_at DESC LIMIT 1 OFFSET ?)
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Somebody who tries a name from a source."""

    account: bytes  # as ThrottledNames calls it
    source: str

    @property
    def known(self) -> Place:
        """The bucket of a known pair."""
        return Kind.KNOWN, self.account, narrow(self.source)

    @property
    def strangers(self) -> tuple[Place, ...]:
        """The buckets that hold a stranger's attempt."""
        source, wider = narrow(self.source), wide(self.source)
        places: list[Place] = [(Kind.SOURCE, NOBODY, source)]
        if wider is not None:
            places.append((Kind.WIDE, NOBODY, wider))
        if self.account != NOBODY:
            places += [(Kind.ACCOUNT, self.account, ""), (Kind.PAIR, self.account, source)]
        return tuple(places)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an attempt has to expect now."""

    seconds: float | None  # None: it is not to be tried
    is_known: bool
    level: float  # of a known pair's bucket


def acquainted(known: Place) -> tuple[Place, ...]:
    """Return the buckets that hold a known pair's failure, by that which is its own."""
    return known, (Kind.SOURCE, NOBODY, known[2])


def look(rows: Rows, pair: Pair, now: float) -> Outlook:
    """Return what an attempt has to expect; nothing is counted."""
    is_known = proved_at(rows, pair, now) is not None
    places = (pair.known,) if is_known else pair.strangers
    levels = {place[0]: level(rows, place, now) for place in places}
    is_locked = locked_until(rows, pair.account, now) is not None
    seconds = delay(levels, is_known=is_known, is_locked=is_locked)
    return Outlook(seconds, is_known, levels.get(Kind.KNOWN, 0.0))


def level(rows: Rows, place: Place, now: float) -> float:
    """Return how many failures are in a bucket."""
    return BUCKETS[place[0]].level(_empty_at(rows, place), now)


def raise_each(rows: Rows, places: Iterable[Place], now: float) -> tuple[Place, ...]:
    """Put a failure into each bucket; return those that it fitted into whole.

    What a full bucket did not take must not be given back: it would drain by that.
    """
    fitted = []
    for place in places:
        bucket, empty_at = BUCKETS[place[0]], _empty_at(rows, place)
        if bucket.takes(bucket.level(empty_at, now)):
            fitted.append(place)
        rows.run(SET, *place, bucket.raised(empty_at, now))
    return tuple(fitted)


def lower_each(rows: Rows, places: Iterable[Place], now: float) -> None:
    """Take a failure out of each bucket."""
    for place in places:
        rows.run(SET, *place, BUCKETS[place[0]].lowered(_empty_at(rows, place), now))


def proved_at(rows: Rows, pair: Pair, now: float) -> int | None:
    """Return when a known pair was proved, None where the pair is not known."""
    row = rows.one(PROVED_AT, pair.account, narrow(pair.source))
    # From the future: the clock was set back since.
    return row[0] if row and now - KNOWN_SECONDS < row[0] <= now + DAY_SECONDS else None


def set_proved(rows: Rows, pair: Pair, now: float) -> None:
    """Let a pair be known from now on."""
    rows.run(SET_PROVED, pair.account, narrow(pair.source), int(now))
    rows.run(FORGET_EXCESS, pair.account, MOST_KNOWN)


def locked_until(rows: Rows, account: bytes, now: float) -> int | None:
    """Return until when strangers may not try a name, None where they may."""
    row = rows.one(UNTIL, account)
    return row[0] if row and now < row[0] <= now + LOCK_SECONDS + 1 else None


def lock(rows: Rows, account: bytes, now: float) -> bool:
    """Lock a name that is not locked; say whether it is news: it was not within a day."""
    row = rows.one(UNTIL, account)
    rows.run(LOCK, account, int(now) + LOCK_SECONDS)
    return row is None or row[0] <= now - DAY_SECONDS


def unlock(rows: Rows, account: bytes) -> None:
    """Forget the failures at a name, and its lock."""
    rows.run("DELETE FROM throttle_locks WHERE account = ?", account)
    for kind in (Kind.ACCOUNT, Kind.PAIR, Kind.KNOWN):
        rows.run("DELETE FROM throttle WHERE kind = ? AND account = ?", kind, account)


def forget(rows: Rows, account: bytes) -> None:
    """Let nobody be known to a name any more."""
    rows.run("DELETE FROM known_pairs WHERE account = ?", account)


def sweep(rows: Rows, now: float, most: int = MOST_ROWS) -> int:
    """Drop what has run out, and the emptiest buckets where there are too many; count the rows."""
    return (
        rows.run("DELETE FROM throttle WHERE empty_at <= ?", now)
        + rows.run(FORGET_EMPTIEST, most)
        + rows.run("DELETE FROM throttle_locks WHERE until <= ?", now - DAY_SECONDS)
        + rows.run("DELETE FROM known_pairs WHERE proved_at <= ?", now - KNOWN_SECONDS)
    )


def _empty_at(rows: Rows, place: Place) -> float:
    row = rows.one(EMPTY_AT, *place)
    return row[0] if row else 0.0
