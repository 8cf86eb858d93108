"""What a PROXY header says, whichever version it is."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address


@dataclass(frozen=True, slots=True)
class Origin:
    """Who connected to the proxy."""

    address: str  # as it is written everywhere else: an IPv4-mapped address as the IPv4 one
    port: int


@dataclass(frozen=True, slots=True)
class Header:
    """A whole header; without an origin the connection is the proxy's own, or it does not know."""

    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """There is no header here, or none that may be believed."""


def origin(address: IPv4Address | IPv6Address, port: int) -> Origin:
    """Return who this is, the same for both spellings of an IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return Origin(str(mapped or address), port)
