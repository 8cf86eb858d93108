"""What CAPA announces: RFC 2449, section 6; RFC 2595, 5034, 6856.

Everything that is announced before login is announced after it too (RFC 2449, section 5), so the
list depends on the site and the channel alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """What a connection is offered now.

    `expire_days` is the least number of days that mail stays, None where it stays for ever.
    `login_delay_seconds` is the least time between two logins.
    """

    stls: bool
    passwords: bool  # USER and PASS
    mechanisms: Sequence[str]
    expire_days: int | None
    login_delay_seconds: int
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
    expire = "NEVER" if offer.expire_days is None else offer.expire_days
    return [
        *lines,
        f"EXPIRE {expire}",
        f"LOGIN-DELAY {offer.login_delay_seconds}",
        "UTF8 USER",  # RFC 6856, section 2.1: names and passwords may be UTF-8 without the command
        "LANG",
        f"IMPLEMENTATION {offer.implementation}",
    ]
