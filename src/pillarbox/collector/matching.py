"""Messages that are known under other unique-ids: after a server has given them new ones. Pure.

A message is taken for a known one only where its size and its whole header are those of one known
message that is listed no more, of one only, and no other listed message has them too; and where
the header has something that no other message's is likely to have. Any doubt fetches.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pillarbox.archive.reading_back import Lost


@dataclass(frozen=True, slots=True)
class Header:
    """A listed message whose header was looked at; its digest is None where it tells nothing."""

    number: int
    octets: int
    digest: bytes | None


def matched(headers: Iterable[Header], lost: Iterable[Lost]) -> Mapping[int, str]:
    """Return the unique-ids under which messages are known, by number."""
    looked = [(h.octets, h.digest, h.number) for h in headers if h.digest is not None]
    known = [(k.octets, k.header_digest, k.unique_id) for k in lost if k.header_digest is not None]
    listed_times = Counter((octets, digest) for octets, digest, _ in looked)
    known_times = Counter((octets, digest) for octets, digest, _ in known)
    names = {(octets, digest): unique_id for octets, digest, unique_id in known}
    return {
        number: names[octets, digest]
        for octets, digest, number in looked
        if listed_times[octets, digest] == 1 == known_times[octets, digest]
    }
