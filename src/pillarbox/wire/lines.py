"""Lines that end in CRLF, cut out of octets that come in any chunks, in bounded memory.

A bare LF or CR ends nothing: it is an octet of its line.
"""

from dataclasses import dataclass

CRLF = b"\r\n"
KEYWORD_OCTETS = 16  # no keyword that is looked for is longer


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line went past its limit; it is thrown away up to its CRLF."""


class LineBuffer:
    """Holds what was received and not yet asked for.

    It holds at most one line's limit beyond what the last `feed` brought, so a caller that takes
    all lines before it feeds again has bounded memory.
    """

    def __init__(self) -> None:
        self._octets = bytearray()
        self._is_skipping = False

    def __len__(self) -> int:
        return len(self._octets)

    def starts_with(self, *keywords: bytes) -> bool:
        """Return whether what is held starts with one of these keywords, in either case."""
        return self._octets[:KEYWORD_OCTETS].upper().startswith(keywords)

    def feed(self, octets: bytes) -> None:
        """Take what was received."""
        self._octets += octets

    def clear(self) -> None:
        """Throw away what is held."""
        self._octets.clear()

    def reach_line(self) -> bool:
        """Return whether a line starts here; drops what is left of one that was too long."""
        if self._is_skipping:
            end = self._octets.find(CRLF)
            if end < 0:
                del self._octets[: len(self._octets) - self._octets.endswith(b"\r")]
                return False
            del self._octets[: end + 2]
            self._is_skipping = False
        return True

    def next_line(self, limit: int) -> bytes | TooLong | None:
        """Return the next line without its CRLF, None where more octets are needed.

        `limit` counts the CRLF. A longer line gives TooLong once, as soon as it is certain, and
        none of its octets is ever taken for the next line.
        """
        if not self.reach_line():
            return None
        end = self._octets.find(CRLF, 0, limit)
        if end >= 0:
            line = bytes(self._octets[:end])
            del self._octets[: end + 2]
            return line
        if len(self._octets) < limit:
            return None
        self._is_skipping = True
        return TooLong()
