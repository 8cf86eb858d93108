"""Messages that are known under other unique-ids: after a server has given them new ones. Pure.

A message is taken for a known one only where its size and its whole header are those of one known
message that is listed no more, of one only, and no other listed message has them too; and where
the header has something that no other message's is likely to have. Any doubt fetches.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pillarbox.archive.reading_back import Lost


@dataclass(frozen=True, slots=True)
class Header:
    """A listed message whose header was looked at, and has something to be known by."""

    number: int
    octets: int
    digest: bytes


def matched(headers: Iterable[Header], lost: Iterable[Lost]) -> Mapping[int, str]:
    """Return the unique-ids under which messages are known, by number."""
    looked: dict[_Key, list[int]] = defaultdict(list)
    for header in headers:
        looked[header.octets, header.digest].append(header.number)
    known: dict[_Key, list[Lost]] = defaultdict(list)
    for each in lost:
        if each.header_digest is not None:
            known[each.octets, each.header_digest].append(each)
    return {
        numbers[0]: known[key][0].unique_id
        for key, numbers in looked.items()
        if len(numbers) == 1 and _is_one(known.get(key, []))
    }


_Key = tuple[int, bytes]


def _is_one(known: Sequence[Lost]) -> bool:
    """Return whether all are one message, under as many names as it has had, and none is listed."""
    messages = {each.unique_id if each.message is None else each.message for each in known}
    return len(messages) == 1 and not any(each.is_there for each in known)
