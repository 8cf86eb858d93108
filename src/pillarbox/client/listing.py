"""What is on a server, read from the lines of UIDL and LIST. Pure."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from itertools import compress, groupby, islice
from operator import lt
from typing import Any, Generic, TypeVar, overload

from pillarbox.client.faults import BadListingFault
from pillarbox.client.names import Names, Places

# RFC 1939, sections 5 and 7. Some servers put more than one space, or words behind.
LINE = re.compile(rb"[ \t]*([0-9]{1,10})[ \t]+([^ \t]+)(?:[ \t].*)?", re.DOTALL)
DIGITS = re.compile(rb"[0-9]{1,18}")

V = TypeVar("V", "array[int]", Names)


@dataclass(frozen=True, slots=True)
class Listed:
    """One message of this session.

    `octets` is what the server says, 0 where it says nothing useful. `unique_id` is None where the
    server has none; it never contains a space.
    """

    number: int
    octets: int
    unique_id: str | None


class Listing(Sequence[Listed]):
    """Messages by number, in little memory: there may be 262,144 of them."""

    def __init__(self, numbers: Sequence[int], octets: Sequence[int], names: Names) -> None:
        self._numbers = numbers
        self._octets = octets
        self._names = names

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Listed: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Listed]: ...

    def __getitem__(self, place: int | slice) -> Listed | Sequence[Listed]:
        if isinstance(place, slice):
            return Picked(self, range(len(self))[place])
        return Listed(self._numbers[place], self._octets[place], self._names[place])

    def __iter__(self) -> Iterator[Listed]:
        return map(Listed, self._numbers, self._octets, self._names)

    def place_of(self, number: int) -> int:
        """Return where a message is that is listed."""
        return bisect_left(self._numbers, number)

    def of(self, number: int) -> Listed:
        """Return what is said of a message that is listed."""
        return self[self.place_of(number)]

    @cached_property
    def there(self) -> Places:
        """Which unique-ids there are, and where."""
        return Places(self._names)

    def without_shared_names(self) -> "Listing":
        """Return the listing with no unique-id where two messages have the same.

        RFC 1939, section 7 forbids that, and servers do it: then the id says nothing.
        """
        is_shared = self.there.is_shared
        if not any(is_shared):
            return self
        return self.named((number, None) for number in compress(self._numbers, is_shared))

    def named(self, names: Iterable[tuple[int, str | None]]) -> "Listing":
        """Return the listing with other names for the messages of these numbers."""
        renamed = Names(self._names)
        for number, name in names:
            renamed.put(self.place_of(number), name)
        return Listing(self._numbers, self._octets, renamed)


class Picked(Sequence[Listed]):
    """Messages of some places of a listing, in another order."""

    def __init__(self, listing: Listing, places: Sequence[int]) -> None:
        self._listing = listing
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Listed: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Listed]: ...

    def __getitem__(self, place: int | slice) -> Listed | Sequence[Listed]:
        if isinstance(place, slice):
            return Picked(self._listing, self._places[place])
        return self._listing[self._places[place]]

    def __iter__(self) -> Iterator[Listed]:
        return map(self._listing.__getitem__, self._places)


class Subset(Container[str]):
    """Some of the messages of a listing; its unique-ids can be asked for."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._has = bytearray(len(listing))

    def add(self, number: int) -> None:
        """Take a message that is listed."""
        self._has[self._listing.place_of(number)] = 1

    def has(self, number: int) -> bool:
        """Return whether it has a message that is listed."""
        return bool(self._has[self._listing.place_of(number)])

    def __contains__(self, name: object) -> bool:
        place = self._listing.there.place_of(name) if isinstance(name, str) else None
        return place is not None and bool(self._has[place])


def listing_of(listed: Iterable[Listed]) -> Listing:
    """Return a listing of messages that come by number."""
    numbers, octets, names = array("Q"), array("Q"), Names()
    for each in listed:
        numbers.append(each.number)
        octets.append(each.octets)
        names.append(each.unique_id)
    return Listing(numbers, octets, names)


class ListingReader:
    """Takes the lines of LIST and of UIDL as they come; holds what they say, not the lines."""

    def __init__(self) -> None:
        self._octets = _Column(_integers)
        self._names = _Column(Names)

    def listed(self, line: bytes) -> None:
        """Take a line of LIST; raises BadListingFault."""
        number, word = _read(line)
        self._octets.numbers.append(number)
        self._octets.values.append(_octets(word))

    def named(self, line: bytes) -> None:
        """Take a line of UIDL; raises BadListingFault."""
        number, word = _read(line)
        self._names.numbers.append(number)
        self._names.values.append(_unique_id(word))

    def octets_of(self, number: int) -> int:
        """Return what LIST says of a message, once all of its lines are taken; 0: nothing."""
        place = self._octets.place_of(number)
        return 0 if place is None else self._octets.values[place]

    def _name_of(self, number: int) -> str | None:
        place = self._names.place_of(number)
        return None if place is None else self._names.values[place]

    def finish(self) -> Listing:
        """Return what the two listings say together, by number; raises BadListingFault."""
        octets, names = self._octets, self._names
        octets.sort()
        names.sort()
        if octets.numbers == names.numbers:
            names.numbers = octets.numbers  # once is enough
            return Listing(octets.numbers, octets.values, names.values)
        # A message may be in one of them.
        numbers = _integers(number for number, _ in groupby(merge(octets.numbers, names.numbers)))
        sizes = _integers(map(self.octets_of, numbers))
        return Listing(numbers, sizes, Names(map(self._name_of, numbers)))


class _Column(Generic[V]):
    """What one listing says of each number."""

    def __init__(self, made: Callable[[Iterable[Any]], V]) -> None:
        self.numbers = array("Q")
        self.values: V = made(())
        self._made: Callable[[Iterable[Any]], V] = made

    def sort(self) -> None:
        """Put the numbers in order; raises BadListingFault where one is there twice."""
        if not _is_rising(self.numbers):
            order = sorted(range(len(self.numbers)), key=self.numbers.__getitem__)
            self.numbers = _integers(map(self.numbers.__getitem__, order))
            self.values = self._made(map(self.values.__getitem__, order))
        if not _is_rising(self.numbers):  # which of the two is meant nobody knows
            raise BadListingFault("The server's listing cannot be understood.")

    def place_of(self, number: int) -> int | None:
        place = bisect_left(self.numbers, number)
        is_there = place < len(self.numbers) and self.numbers[place] == number
        return place if is_there else None


def _integers(values: Iterable[int]) -> "array[int]":
    return array("Q", values)


def _is_rising(numbers: Sequence[int]) -> bool:
    return all(map(lt, numbers, islice(numbers, 1, None)))


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
