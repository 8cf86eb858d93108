"""Unique-ids by the hundred thousand, in little more memory than their octets. Pure."""

from array import array
from collections.abc import Container, Iterable, Iterator

BLOCK_OCTETS = 1 << 20  # a single row of octets would be copied again and again while it grows


class Names:
    """Unique-ids by their place, from 0 on; None where there is none."""

    def __init__(self, names: Iterable[str | None] = ()) -> None:
        self._blocks = [bytearray()]
        self._starts = array("I")  # as if all blocks were full
        self._lengths = array("I")
        for name in names:
            self.append(name)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, place: int) -> str | None:
        return self.octets_at(place).decode() or None

    def __iter__(self) -> Iterator[str | None]:
        for start, length in zip(self._starts, self._lengths, strict=True):
            yield self._octets(start, length).decode() or None

    def octets_at(self, place: int) -> bytes:
        """Return the name in UTF-8, nothing where there is none."""
        return bytes(self._octets(self._starts[place], self._lengths[place]))

    def _octets(self, start: int, length: int) -> bytearray:
        first = start % BLOCK_OCTETS
        return self._blocks[start // BLOCK_OCTETS][first : first + length]

    def append(self, name: str | None) -> None:
        """Add the name of the next place."""
        self._starts.append(0)
        self._lengths.append(0)
        self.put(len(self) - 1, name)

    def put(self, place: int, name: str | None) -> None:
        """Have a place named so from now on."""
        octets = (name or "").encode()
        if len(self._blocks[-1]) + len(octets) >= BLOCK_OCTETS:
            self._blocks.append(bytearray())
        self._starts[place] = (len(self._blocks) - 1) * BLOCK_OCTETS + len(self._blocks[-1])
        self._lengths[place] = len(octets)
        self._blocks[-1] += octets


class Places(Container[str]):
    """At which place each name is: a table of hashes, with the names where they are.

    `is_shared` has a 1 for each place whose name is at another place too.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        size = 1 << (2 * len(names)).bit_length()  # a quarter to half of it is taken
        self._last = size - 1
        self._table = array("I", bytes(array("I").itemsize * size))  # place + 1; 0: free
        self.is_shared = bytearray(len(names))
        for place in range(len(names)):
            self._add(place)

    def place_of(self, name: str) -> int | None:
        """Return where a name is, or the first of its places; None where it is nowhere."""
        octets = name.encode()
        place = self._table[self._slot(octets)] - 1
        return place if octets and place >= 0 else None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.place_of(name) is not None

    def _add(self, place: int) -> None:
        octets = self._names.octets_at(place)
        if not octets:
            return
        slot = self._slot(octets)
        if not self._table[slot]:
            self._table[slot] = place + 1
        else:
            self.is_shared[self._table[slot] - 1] = self.is_shared[place] = 1

    def _slot(self, octets: bytes) -> int:
        """Return where in the table a name is, or may be put."""
        # Chosen by a key of this process: no server can have all names meet at one slot.
        slot = hash(octets) & self._last
        while (taken := self._table[slot]) and self._names.octets_at(taken - 1) != octets:
            slot = (slot + 1) & self._last
        return slot
