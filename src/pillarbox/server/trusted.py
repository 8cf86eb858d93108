"""Whose PROXY headers are believed. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

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
    """Return what the configuration says: addresses, networks, "unix:".

    Raises ValueError, which says why, for anything else: also where bits are set behind a prefix,
    as "10.0.0.1/8" may be meant in two ways.
    """
    networks = tuple(ip_network(text) for text in texts if text != UNIX)
    return Trusted(networks, unix=UNIX in texts)
