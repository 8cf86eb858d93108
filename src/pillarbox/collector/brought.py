"""What one session has kept, in little memory: there may be 262,144 messages of it. Pure."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pillarbox.archive.keep import Filed
from pillarbox.client.listing import Listing, Subset
from pillarbox.client.names import Names
from pillarbox.collector.doubt import suspects


@dataclass(frozen=True, slots=True)
class Sums:
    """How many messages were kept, and what they say together; see Result."""

    messages: int = 0
    collected: int = 0
    octets: int = 0
    elsewhere: int = 0
    over_quota: int = 0
    incomplete: int = 0

    def plus(self, filed: Iterable[Filed]) -> "Sums":
        """Return the sums with more messages."""
        filed = list(filed)
        return Sums(
            self.messages + len(filed),
            self.collected + sum(message.is_new for message in filed),
            self.octets + sum(message.octets for message in filed),
            self.elsewhere + sum(message.elsewhere is not None for message in filed),
            self.over_quota + sum(message.is_over_quota for message in filed),
            self.incomplete + sum(bool(message.missing_octets) for message in filed),
        )


class Brought:
    """What is durable of a listing, with its ledger row."""

    def __init__(self, listing: Listing) -> None:
        self.sums = Sums()
        self._listing = listing
        self._kept = Subset(listing)
        self._suspects = Subset(listing)
        self._numbers = array("Q")  # of what has no unique-id
        self._names = Names()  # under which the ledger knows that

    def add(self, asked: Mapping[int, int | None], filed: Mapping[int, Filed]) -> None:
        """Take more of it, by number, and the octets that are listed of what was asked for.

        Every reply to that has come.
        """
        for number in suspects(asked, filed):
            self._suspects.add(number)
        self.sums = self.sums.plus(filed.values())
        for number, message in filed.items():
            self._kept.add(number)
            if self._listing.of(number).unique_id is None:
                self._numbers.append(number)
                self._names.append(message.unique_id)

    def has(self, number: int) -> bool:
        """Return whether a message that is listed came in this session."""
        return self._kept.has(number)

    def suspects(self) -> Iterator[str]:
        """Yield the names of what is in doubt where what comes now is no reply."""
        for listed in self.named():
            if listed.unique_id and self._suspects.has(listed.number):
                yield listed.unique_id

    def named(self) -> Listing:
        """Return the listing with the names under which the ledger knows what came."""
        if not self._numbers:
            return self._listing
        return self._listing.named(zip(self._numbers, self._names, strict=True))
