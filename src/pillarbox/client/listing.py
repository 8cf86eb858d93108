"""What is on a server, read from the lines of UIDL and LIST. Pure."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from operator import lt
from typing import Generic, TypeVar

from pillarbox.client.faults import BadListingFault

# RFC 1939, sections 5 and 7. Some servers put more than one space, or words behind.
LINE = re.compile(rb"[ \t]*([0-9]{1,10})[ \t]+([^ \t]+)(?:[ \t].*)?", re.DOTALL)
DIGITS = re.compile(rb"[0-9]{1,18}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """One message of this session.

    `octets` is what the server says, 0 where it says nothing useful. `unique_id` is None where the
    server has none; it never contains a space.
    """

    number: int
    octets: int
    unique_id: str | None


class ListingReader:
    """Takes the lines of LIST and of UIDL as they come; holds what they say, not the lines."""

    def __init__(self) -> None:
        self._octets = _Column[int]()
        self._unique_ids = _Column[str]()

    def listed(self, line: bytes) -> None:
        """Take a line of LIST; raises BadListingFault."""
        number, word = _read(line)
        self._octets.add(number, _octets(word))

    def named(self, line: bytes) -> None:
        """Take a line of UIDL; raises BadListingFault."""
        number, word = _read(line)
        self._unique_ids.add(number, _unique_id(word))

    def octets_of(self, number: int) -> int:
        """Return what LIST says of a message, once all of its lines are taken; 0: nothing."""
        return self._octets.get(number) or 0

    def finish(self) -> list[Listed]:
        """Return what the two listings say together, by number; raises BadListingFault."""
        self._octets.sort()
        self._unique_ids.sort()
        numbers: Iterable[int] = self._octets.numbers
        if self._octets.numbers != self._unique_ids.numbers:  # a message may be in one of them
            numbers = sorted({*self._octets.numbers, *self._unique_ids.numbers})
        return [
            Listed(number, self.octets_of(number), self._unique_ids.get(number))
            for number in numbers
        ]


class _Column(Generic[T]):
    """What one listing says of each number, in little memory: there may be 262,144."""

    def __init__(self) -> None:
        self.numbers = array("Q")
        self._values: list[T] = []

    def add(self, number: int, value: T) -> None:
        self.numbers.append(number)
        self._values.append(value)

    def sort(self) -> None:
        """Put the numbers in order; raises BadListingFault where one is there twice."""
        numbers = self.numbers
        if all(map(lt, numbers, islice(numbers, 1, None))):
            return
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        self.numbers = array("Q", map(numbers.__getitem__, order))
        self._values = [self._values[place] for place in order]
        if len(set(numbers)) < len(numbers):  # which of the two is meant nobody knows
            raise BadListingFault("The server's listing cannot be understood.")

    def get(self, number: int) -> T | None:
        place = bisect_left(self.numbers, number)
        is_there = place < len(self.numbers) and self.numbers[place] == number
        return self._values[place] if is_there else None


def read_named(text: str) -> tuple[int, str] | None:
    """Return the number and the unique-id in a reply to UIDL with a number, None without them."""
    read = LINE.fullmatch(text.encode("utf-8"))
    return None if read is None else (int(read[1]), _unique_id(read[2]))


def _read(line: bytes) -> tuple[int, bytes]:
    read = LINE.fullmatch(line)
    if read is None:
        raise BadListingFault("The server's listing cannot be understood.")
    return int(read[1]), read[2]


def _octets(word: bytes) -> int:
    return int(word) if DIGITS.fullmatch(word) else 0


def _unique_id(word: bytes) -> str:
    # RFC 1939 allows ASCII only; whatever else there is stays distinct.
    return word.decode("latin-1")
