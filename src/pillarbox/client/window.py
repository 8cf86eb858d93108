"""How many commands may be under way: few at first, more while the server keeps up. Pure.

RFC 2449, section 6.6. A command that waits at the server costs a cut nothing but its octets; one
that waits here costs a round trip.
"""

from collections.abc import Callable

FIRST = 4
MOST = 256  # RETRs of about 11 octets: below any socket's buffer, so that nobody waits for room
MOST_OCTETS = 4_194_304  # of messages that were asked for; more than most paths hold


class Window:
    """Counts what is under way; `octets_of` says how large a message is, 0 where nobody knows."""

    def __init__(self, octets_of: Callable[[int], int], *, is_pipelining: bool) -> None:
        self._octets_of = octets_of
        self._octets = 0
        self._under_way = 0
        self._width = FIRST if is_pipelining else 1

    @property
    def is_due(self) -> bool:
        """Whether it is time to ask for more: half at a time makes fewer, fuller packets."""
        return self._under_way <= self._width // 2

    def has_room(self) -> bool:
        """Whether one more may be asked for."""
        if not self._under_way:
            return True
        if self._under_way >= self._width:
            return False
        # Behind the last message that is under way, one waits in any case.
        return self._under_way == 1 or self._octets < MOST_OCTETS

    def asked(self, number: int) -> None:
        """Note that a message was asked for."""
        self._under_way += 1
        self._octets += self._octets_of(number)

    def came(self, number: int) -> None:
        """Note that a message came whole: the server keeps up."""
        self._left(number)
        if self._width > 1:
            self._width = min(self._width + 1, MOST)

    def refused(self, number: int) -> None:
        """Note that a message was refused behind others: from now on, one at a time."""
        self._left(number)
        self._width = 1

    def widen(self) -> None:
        """Note that a refusal was meant: begin anew."""
        self._width = FIRST

    def _left(self, number: int) -> None:
        self._under_way -= 1
        self._octets -= self._octets_of(number)
