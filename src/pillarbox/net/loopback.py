"""Which hosts are this machine, whatever its name servers say. Pure."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Say whether a host, by address or name, is on loopback: RFC 6761, section 6.3."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
