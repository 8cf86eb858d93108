"""What one session does about messages that break sessions, its own or earlier ones.

The methods that read or write the ledger's troubles block: they belong in a thread.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pillarbox.archive.troubles import Stuck, Troubles
from pillarbox.base.errors import Fault
from pillarbox.base.names import RemoteId
from pillarbox.client.listing import Listed, Listing
from pillarbox.collector.plan import Fetch, Reason, Skip, Step
from pillarbox.collector.stuck import is_to_blame, last_tried_last, name_of, rests, why_stuck

FORGOTTEN_SECONDS = 30 * 86_400  # after the last try at a message that is listed no more


class Troubled:
    """Knows what was stuck before, and at which message the session is."""

    def __init__(self, troubles: Troubles, remote: RemoteId) -> None:
        self._troubles = troubles
        self._remote = remote
        self._known: dict[str, Stuck] = {}
        self._listed: dict[str, Listed] = {}  # that are known
        self._to_come: dict[int, Listed] = {}
        self._is_looking = False
        self._seen: list[str] = []  # whose headers have come, and once did not
        self._arriving: int | None = None
        self._has_begun = False
        self.leaves = False  # what is stuck is for another session of this run
        self.has_left = False
        self.has_found = False  # one that was not known before broke the session
        self.broken_at: Listed | None = None

    def listed(self, listing: Listing, now: float) -> None:
        """Read what is known, and doubt what came in a session that was killed."""
        self._troubles.doubt_unended(self._remote, int(now))
        known = self.read(listing)
        gone = [each for name, each in known.items() if name not in self._listed]
        old = [each.name for each in gone if now - each.tried_at > FORGOTTEN_SECONDS]
        self._troubles.came(self._remote, old)

    def read(self, listing: Listing) -> Mapping[str, Stuck]:
        """Read what is known, and return it, listed or not; write nothing."""
        known = self._troubles.stuck(self._remote)
        some = listing if known else ()
        self._listed = {name_of(each): each for each in some if name_of(each) in known}
        self._known = {name: each for name, each in known.items() if name in self._listed}
        return known

    @property
    def knows_any(self) -> bool:
        """Say whether a message that is listed has broken a session before."""
        return bool(self._known)

    def in_order(self, listing: Listing) -> Sequence[Listed]:
        """Return the listing with what is stuck at its end, where limits do not count it first."""
        return last_tried_last(listing, self._known)

    def takes(self, fetch: Fetch, now: float) -> bool:
        """Return whether this session asks for a message."""
        if self._rests(fetch, now):
            return False
        is_left = self.leaves and self._is_doubtful(fetch)
        self.has_left = self.has_left or is_left
        return not is_left

    def _rests(self, fetch: Fetch, now: float) -> bool:
        stuck = self._known.get(name_of(fetch.listed))
        return stuck is not None and rests(stuck, now)

    def _is_doubtful(self, fetch: Fetch) -> bool:
        stuck = self._known.get(name_of(fetch.listed))
        return fetch.reason is Reason.DAMAGED or (stuck is not None and self._is_to_blame(stuck))

    def _is_to_blame(self, stuck: Stuck) -> bool:
        return len(self._known) > 1 or is_to_blame(stuck)

    def told(self, step: Step, now: float) -> Step:
        """Return a step of a rehearsal as it is for what is stuck."""
        stuck = self._known.get(name_of(step.listed))
        if stuck is None or not isinstance(step, Fetch):
            return step
        if rests(stuck, now):
            return Skip(step.listed, Reason.STUCK, stuck.why.value)
        return replace(step, reason=Reason.STUCK)

    # While headers come

    def is_looked_at(self, listed: Listed) -> bool:
        """Return whether a header is asked for, which may break the session again."""
        stuck = self._known.get(name_of(listed))
        return stuck is None or not stuck.is_header or not self._is_to_blame(stuck)

    @property
    def knows_header(self) -> bool:
        """Say whether the header of a message that is listed has broken a session before."""
        return any(each.is_header for each in self._known.values())

    def look(self, peeks: Iterable[Step]) -> None:
        """Note which headers are asked for."""
        self._to_come = {peek.listed.number: peek.listed for peek in peeks}
        self._is_looking = True

    def looked(self, number: int) -> None:
        """Note that a header has come, or is refused."""
        name = name_of(self._to_come.pop(number))
        if name in self._known and self._known[name].is_header:
            self._seen.append(name)
            del self._known[name]

    def look_no_more(self) -> None:
        """Forget what has come of what once did not; for use where all that was asked for came."""
        self._is_looking = False
        self._troubles.came(self._remote, self._seen)
        self._seen = []

    # While messages come

    def begin(self, wanted: Sequence[Fetch], now: float) -> None:
        """Mark that messages come from now on."""
        self._to_come = {fetch.listed.number: fetch.listed for fetch in wanted}
        if wanted:
            self._has_begun = True
            self._troubles.begin(self._remote, int(now))

    def comes(self, number: int) -> None:
        """Note that a message comes in."""
        self._arriving = number

    @property
    def to_come(self) -> list[int] | None:
        """The octets that are listed of what is to come; None while a message comes in."""
        if self._arriving is not None:
            return None
        return [listed.octets for listed in self._to_come.values()]

    def came(self, number: int) -> None:
        """Note that it has come whole, or is refused."""
        self._arriving = None
        self._to_come.pop(number, None)

    def ended_well(self, kept: Collection[int]) -> None:
        """Take the mark away once all is durable: no reply was left out."""
        if self._has_begun:
            self._has_begun = False
            self._troubles.end(self._remote)
        self._forget(kept)

    def broke(self, fault: Fault | None, kept: Collection[int], now: float) -> None:
        """Record at which message the session broke; what is in doubt is recorded already."""
        self._forget(kept)
        why = why_stuck(fault)
        has_asked = self._has_begun or self._is_looking
        self.broken_at = self._first_to_come() if has_asked and why else None
        if self._has_begun:
            self._troubles.end(self._remote)
        if self.broken_at is None or why is None:
            return
        name, octets, at = name_of(self.broken_at), self.broken_at.octets, int(now)
        before = self._known.get(name)
        self.has_found = before is None
        times, since = (before.times, before.since) if before else (0, at)
        stuck = Stuck(name, octets, why, times + 1, since, at, is_header=self._is_looking)
        self._troubles.broke(self._remote, stuck)
        self._known[name] = stuck

    def _first_to_come(self) -> Listed | None:
        if self._arriving is not None:
            return self._to_come.get(self._arriving)
        return next(iter(self._to_come.values()), None)

    def _forget(self, kept: Collection[int]) -> None:
        names = [name for name, listed in self._listed.items() if listed.number in kept]
        for name in names:
            self._known.pop(name, None)
        self._troubles.came(self._remote, names)

    def stuck(self) -> tuple[Stuck, ...]:
        """Return what is listed, broke a session and has not come."""
        return tuple(self._known.values())
