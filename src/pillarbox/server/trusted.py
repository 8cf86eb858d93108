"""Whose PROXY headers are believed. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from pillarbox.base.errors import OperatorFault
from pillarbox.server.limits import address_of

UNIX = "unix:"  # whoever may open the listener's own socket


@dataclass(frozen=True, slots=True)
class Trusted:
    """Networks, and whether local programs are trusted that come through a Unix socket."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix: bool = False

    def holds(self, peer: str) -> bool:
        """Return whether a stream's peer is trusted."""
        address = address_of(peer)
        if address is None:
            return self.unix
        return any(address in network for network in self.networks)


def trust(texts: Collection[str]) -> Trusted:
    """Return what the configuration says: addresses, networks, "unix:". Raises OperatorFault."""
    networks = tuple(_network(text) for text in texts if text != UNIX)
    return Trusted(networks, unix=UNIX in texts)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        # Also where bits are set behind the prefix: "10.0.0.1/8" may be meant in two ways.
        raise OperatorFault(
            '{text} is no address, no network and not "unix:".', text=text
        ) from None
