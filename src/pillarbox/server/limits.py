"""How many connections there may be: in all, by source, and by source before login. Pure."""

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64  # what one customer is given; each of its addresses is the same source


@dataclass(frozen=True, slots=True)
class Limits:
    """The most connections that are served at a time."""

    connections: int = 10_000
    per_source: int = 50
    per_source_unauthenticated: int = 50


class Connections:
    """Counts what is open and says whether one more may come."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._count = 0
        self._by_source: Counter[str] = Counter()
        self._before_login: Counter[str] = Counter()

    def enter(self, peer: str) -> bool:
        """Count a connection in; return whether it may stay. Only then it must `leave`."""
        source, limits = source_of(peer), self._limits
        if (
            self._count >= limits.connections
            or self._by_source[source] >= limits.per_source
            or self._before_login[source] >= limits.per_source_unauthenticated
        ):
            return False
        self._count += 1
        self._by_source[source] += 1
        self._before_login[source] += 1
        return True

    def admit(self, peer: str) -> None:
        """Note that a connection has logged in."""
        _take_one(self._before_login, source_of(peer))

    def leave(self, peer: str, *, was_admitted: bool) -> None:
        """Count a connection out."""
        source = source_of(peer)
        self._count -= 1
        _take_one(self._by_source, source)
        if not was_admitted:
            _take_one(self._before_login, source)


def source_of(peer: str) -> str:
    """Return who a peer is counted as: its IPv4 address, its IPv6 /64, else its name."""
    address = address_of(peer)
    if address is None:
        return peer
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def address_of(peer: str) -> IPv4Address | IPv6Address | None:
    """Return a peer's address, None where it has a name only.

    It has no zone, and an IPv4-mapped one is an IPv4 address.
    """
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _take_one(counter: Counter[str], source: str) -> None:
    counter[source] -= 1
    if not counter[source]:
        del counter[source]
