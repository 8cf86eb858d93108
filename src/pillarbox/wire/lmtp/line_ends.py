"""Watches that every CR stands before its LF and every LF behind its CR.

Two programs that end lines differently see two different conversations in the same octets: that is
SMTP smuggling. RFC 5321, section 2.3.8: CR and LF are only ever sent together.
"""

import re

from pillarbox.wire.dots import END

BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class LineEnds:
    """Passes octets on up to the first bare CR or LF.

    After `is_broken` nothing is passed on; `has_passed_end` says whether an end of message came.
    """

    def __init__(self) -> None:
        self._held = b""  # a CR whose meaning the next octet decides
        self._tail = b""
        self.is_broken = False
        self.has_passed_end = False

    def feed(self, octets: bytes) -> bytes:
        """Return the octets that are certain to be before the first bare CR or LF."""
        if self.is_broken:
            self._pass(octets)
            return b""
        window = self._held + octets
        self._held = b"\r" if window.endswith(b"\r") else b""
        certain = window.removesuffix(self._held)
        bare = None if _is_clean(certain) else BARE.search(certain)
        if bare is None:
            return certain
        self.is_broken = True
        self._pass(window[bare.start() :])
        return certain[: bare.start()]

    def _pass(self, octets: bytes) -> None:
        window = self._tail + octets
        self.has_passed_end = self.has_passed_end or END in window
        self._tail = window[1 - len(END) :]


def _is_clean(octets: bytes) -> bool:
    # Three counts are far cheaper than the pattern, and nearly all octets are clean.
    return octets.count(b"\r\n") == octets.count(b"\r") == octets.count(b"\n")
