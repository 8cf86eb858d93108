"""Where attempts come from: what counts as one source, and what as its neighbourhood. Pure."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64  # what one customer is given at least
WIDE_PREFIX = 48  # what one customer is given at most: RFC 6177


def narrow(source: str) -> str:
    """Return an IPv4 address, an IPv6 /64, or whatever else it is called."""
    address = _address(source)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return source if address is None else str(address)


def wide(source: str) -> str | None:
    """Return an IPv6 /48; None: there is nothing wider than the source itself."""
    address = _address(source)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, WIDE_PREFIX), strict=False))
    return None


def _address(source: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
