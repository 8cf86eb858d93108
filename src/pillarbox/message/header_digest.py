"""What a header is known by: equal octets from RETR and from TOP give the same digest. Pure.

Line ends do not count, and neither does what stands behind the header: some servers send more in
reply to TOP than the header, others leave out the empty line.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

HEADER_OCTETS = 65_536  # what is looked at; a header that is longer is known by nothing

LINE_END = re.compile(rb"\r?\r\n|\r|\n")
HEADER_END = re.compile(rb"(?:\A|\n)\n")
# RFC 5322, sections 3.6.4 and 3.6.7: what differs from each other message's.
TELLING = re.compile(rb"(?im)^(?:message-id|received)[ \t]*:[ \t\n]*[^ \t\n]")


@dataclass(frozen=True, slots=True)
class HeaderDigest:
    """`is_telling` where the header has something that no other message's is likely to have."""

    digest: bytes  # the 32 octets of a SHA-256
    is_telling: bool


def header_digest(octets: bytes) -> HeaderDigest | None:
    """Return what the header is known by; None where it does not end within HEADER_OCTETS.

    `octets` begin with the header. Where they are fewer than HEADER_OCTETS, they may end with it.
    """
    header, *rest = HEADER_END.split(_with_lf(octets[:HEADER_OCTETS]), maxsplit=1)
    if not rest and len(octets) >= HEADER_OCTETS:
        return None
    header = header.removesuffix(b"\n")
    return HeaderDigest(sha256(header).digest(), TELLING.search(header) is not None)


def _with_lf(octets: bytes) -> bytes:
    lines = octets.replace(b"\r\n", b"\n")
    # Nearly all mail has CRLF and nothing else, which takes a fraction of the time.
    return lines if b"\r" not in lines else LINE_END.sub(b"\n", octets)
