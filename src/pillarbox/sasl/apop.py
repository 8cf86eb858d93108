"""APOP: RFC 1939, section 7. It is no SASL mechanism; its proof is checked like one.

MD5 without a key: who poses as the server and may choose the timestamp learns the first characters
of the password (CVE-2007-1558). Hence no client of ours answers a timestamp that is no plain
message-id, and none chooses APOP by itself.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from pillarbox.base.secret import Secret

TIMESTAMP_OCTETS = 256  # RFC 5321, section 4.5.3.1.3: a path, with its angle brackets
_ATOMS = rb"[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+(?:\.[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+)*"
_MESSAGE_ID = re.compile(rb"<%s@(?:%s|\[[!-Z^-~]+\])>" % (_ATOMS, _ATOMS))  # RFC 822, section 6.1


def find_timestamp(greeting: bytes) -> bytes | None:
    """Return the timestamp of a greeting, with its angle brackets; None where none may be used."""
    found = _MESSAGE_ID.search(greeting)
    return found[0] if found and is_timestamp(found[0]) else None


def is_timestamp(octets: bytes) -> bool:
    """Say whether it is a message-id in printable ASCII, and not too long."""
    return len(octets) <= TIMESTAMP_OCTETS and _MESSAGE_ID.fullmatch(octets) is not None


def apop_digest(timestamp: bytes, secret: Secret) -> str:
    """Return what a client sends: lower-case hexadecimal MD5."""
    return hashlib.new("md5", timestamp + secret.reveal(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class ApopProof:
    """The digest that a client sent, and the timestamp of the greeting that it answers."""

    timestamp: bytes
    digest: str = field(repr=False)

    def is_of(self, secret: Secret) -> bool:
        """Say, in constant time, whether it was made with this secret."""
        expected = apop_digest(self.timestamp, secret)
        return hmac.compare_digest(expected.encode(), self.digest.encode("utf-8", "replace"))
