"""Which message of the maildrop is to have which unique-id. Pure.

Two messages of one content are told apart by their order alone: the first of them in the list is
the first of them in the maildrop.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pillarbox.store.blobs.port import Digest
from pillarbox.store.ledger.entries import Entry
from pillarbox.store.store import MessageId

Known = Digest | str  # by its octets, or by its Message-ID


@dataclass(frozen=True, slots=True)
class Held:
    """A message of the maildrop as it is now."""

    id: MessageId
    unique_id: str
    digest: Digest
    is_had: bool = False  # some device has it under this unique-id
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """What comes of each entry that the other server still has a message for."""

    same: list[tuple[Entry, Held]] = field(default_factory=list)  # it has the unique-id already
    other: list[tuple[Entry, Held]] = field(default_factory=list)  # it has another one
    missing: list[Entry] = field(default_factory=list)  # the maildrop has no such message

    @property
    def count(self) -> int:
        """Say how many entries these are."""
        return len(self.same) + len(self.other) + len(self.missing)


def pair(entries: Iterable[Entry], messages: Sequence[Held]) -> Pairs:
    """Find each entry's message; no message is taken twice."""
    pairs = Pairs()
    by_unique_id = {message.unique_id: message for message in messages}
    rest = list[Entry]()
    taken = set[MessageId]()
    for entry in entries:
        message = by_unique_id.get(entry.unique_id)
        if message is not None and _is_of(entry, message):
            pairs.same.append((entry, message))
            taken.add(message.id)
        else:
            rest.append(entry)
    free = _by_what_is_known(message for message in messages if message.id not in taken)
    for entry in rest:
        _pair_one(entry, free, taken, pairs)
    return pairs


def _pair_one(
    entry: Entry, free: Mapping[Known, list[Held]], taken: set[MessageId], pairs: Pairs
) -> None:
    waiting = free.get(entry.digest or entry.message_id or "", [])
    while waiting:
        message = waiting.pop()
        if message.id not in taken:
            taken.add(message.id)
            pairs.other.append((entry, message))
            return
    pairs.missing.append(entry)


def _by_what_is_known(messages: Iterable[Held]) -> Mapping[Known, list[Held]]:
    """Return the messages in a way that the oldest is taken first, by `pop`."""
    free = defaultdict[Known, list[Held]](list)
    for message in sorted(messages, key=lambda each: each.id, reverse=True):
        free[message.digest].append(message)
        if message.message_id:
            free[message.message_id].append(message)
    return free


def _is_of(entry: Entry, message: Held) -> bool:
    if entry.digest is not None:
        return entry.digest == message.digest
    return entry.message_id is not None and entry.message_id == message.message_id
