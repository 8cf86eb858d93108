"""What CAPA announces: RFC 2449, section 6; RFC 2595, 5034, 6856.

Everything that is announced before login is announced after it too (RFC 2449, section 5), so the
list depends on the site and the channel alone. Only the terms are told more accurately after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for whoever logs in: RFC 2449, sections 6.5 and 6.7.

    `expire_days` is the least number of days that mail stays, None where it stays for ever.
    `login_delay_seconds` is the least time between two logins. Before login these are the fewest
    days and the longest time of all users; where they differ, a client had better ask again.
    """

    expire_days: int | None = None
    login_delay_seconds: int = 0
    expire_differs: bool = False
    login_delay_differs: bool = False

    def lines(self) -> list[str]:
        """Return what CAPA says of them."""
        expire = "NEVER" if self.expire_days is None else self.expire_days
        return [
            f"EXPIRE {expire}{_by_user(differs=self.expire_differs)}",
            f"LOGIN-DELAY {self.login_delay_seconds}{_by_user(differs=self.login_delay_differs)}",
        ]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a connection is offered now."""

    stls: bool
    passwords: bool  # USER and PASS
    mechanisms: Sequence[str]
    terms: Terms
    implementation: str


def capabilities(offer: Offer) -> list[str]:
    """Return the lines of the reply to CAPA."""
    lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"]
    if offer.stls:
        lines.append("STLS")
    if offer.passwords:
        lines.append("USER")
    if offer.mechanisms:
        lines.append(" ".join(["SASL", *offer.mechanisms]))
    return [
        *lines,
        *offer.terms.lines(),
        "UTF8 USER",  # RFC 6856, section 2.1: names and passwords may be UTF-8 without the command
        "LANG",
        f"IMPLEMENTATION {offer.implementation}",
    ]


def _by_user(*, differs: bool) -> str:
    return " USER" if differs else ""
