"""What is known about each way to log in: one table, for the server, the client and people."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

SCRAM_SHA_256_PLUS = "SCRAM-SHA-256-PLUS"
SCRAM_SHA_1_PLUS = "SCRAM-SHA-1-PLUS"
SCRAM_SHA_256 = "SCRAM-SHA-256"
SCRAM_SHA_1 = "SCRAM-SHA-1"
OAUTHBEARER = "OAUTHBEARER"
XOAUTH2 = "XOAUTH2"
PLAIN = "PLAIN"
LOGIN = "LOGIN"
CRAM_MD5 = "CRAM-MD5"
APOP = "APOP"  # no mechanism, as USER is none
USER = "USER"  # USER and PASS


class Shows(Enum):
    """What crosses the network so that whoever reads it there can use it."""

    NOTHING = auto()
    HINTS = auto()  # characters of the password, to whoever poses as the server (CVE-2007-1558)
    PASSWORD = auto()
    TOKEN = auto()


@dataclass(frozen=True, slots=True)
class Facts:
    """One way to log in."""

    name: str
    shows: Shows
    needs_end_point: bool = False  # it is bound to the channel: RFC 5929, section 4

    @property
    def needs_tls(self) -> bool:
        """Whether it is taken over TLS only, unless somebody allows otherwise."""
        return self.shows is not Shows.NOTHING or self.needs_end_point


FACTS: Mapping[str, Facts] = {
    facts.name: facts
    for facts in (
        Facts(SCRAM_SHA_256_PLUS, Shows.NOTHING, needs_end_point=True),
        Facts(SCRAM_SHA_1_PLUS, Shows.NOTHING, needs_end_point=True),
        Facts(SCRAM_SHA_256, Shows.NOTHING),
        Facts(SCRAM_SHA_1, Shows.NOTHING),
        Facts(OAUTHBEARER, Shows.TOKEN),
        Facts(XOAUTH2, Shows.TOKEN),
        Facts(PLAIN, Shows.PASSWORD),
        Facts(LOGIN, Shows.PASSWORD),
        Facts(CRAM_MD5, Shows.NOTHING),
        Facts(APOP, Shows.HINTS),
        Facts(USER, Shows.PASSWORD),
    )
}
TOKENS = tuple(name for name, facts in FACTS.items() if facts.shows is Shows.TOKEN)
BINDING = tuple(name for name, facts in FACTS.items() if facts.needs_end_point)
