"""When, from where and by which protocol somebody may come in. Pure.

Each restriction is kept as one line of text; None restricts nothing. `read_*` return that line from
what a person wrote, and raise OperatorFault which quotes it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from pillarbox.base.errors import OperatorFault

Network = IPv4Network | IPv6Network

PROTOCOLS = ("pop3", "pop2", "pop1")
HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
DAY_MINUTES = 24 * 60
MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291, section 2.5.5.2
ALERT_PREFIX = {4: 24, 6: 48}  # what one site is given: another address of it is no news


@dataclass(frozen=True, slots=True)
class Hours:
    """From one minute of the day up to another, which is not within; over midnight where less."""

    first: int
    end: int

    def has(self, minute: int) -> bool:
        """Return whether a minute of the day, from 0, is within."""
        if self.first < self.end:
            return self.first <= minute < self.end
        return minute >= self.first or minute < self.end


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What holds for an account, or for one device of it, as the database has it."""

    protocols: str | None = None
    networks: str | None = None
    hours: str | None = None

    def refusal(self, protocol: str, source: str, minute: int) -> str | None:
        """Return why somebody may not come in: "protocol", "network" or "hours"; else None."""
        if self.protocols is not None and protocol not in self.protocols.split():
            return "protocol"
        if self.networks is not None and not is_within(source, self.networks):
            return "network"
        if self.hours is not None and not hours_of(self.hours).has(minute):
            return "hours"
        return None


def is_within(source: str, networks: str) -> bool:
    """Return whether an address is in one of the networks; what is no address is in none."""
    address = address_of(source)
    return address is not None and any(address in ip_network(each) for each in networks.split())


def address_of(source: str) -> IPv4Address | IPv6Address | None:
    """Return a peer's address, None for a socket of the file system and the like."""
    try:
        address = ip_address(source)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def network_of(source: str) -> str | None:
    """Return the network that a sign-in from there counts for: IPv4 /24, IPv6 /48."""
    address = address_of(source)
    if address is None:
        return None
    # An integer, since an address may have a zone behind it, and a network has none.
    return str(ip_network((int(address), ALERT_PREFIX[address.version]), strict=False))


def hours_of(text: str) -> Hours:
    """Return hours that `read_hours` returned."""
    first, _, end = text.partition("-")
    return Hours(_minute(first), _minute(end))


def read_protocols(words: Iterable[str]) -> str:
    """Return names of protocols in one line."""
    wanted = {word.lower(): word for word in words}
    for name, word in wanted.items():
        if name not in PROTOCOLS:
            raise OperatorFault(
                "{protocol!r} is no protocol. Write one of {protocols}.",
                protocol=word,
                protocols=", ".join(PROTOCOLS),
            )
    return " ".join(name for name in PROTOCOLS if name in wanted)


def read_networks(words: Iterable[str]) -> str:
    """Return networks in one line, each once; a lone address is a network of one."""
    return " ".join(dict.fromkeys(str(_network(word)) for word in words))


def read_hours(text: str) -> str:
    """Return hours as they are kept; 24:00 is the end of the day."""
    if not HOURS.fullmatch(text) or not _is_some(hours_of(text)):
        raise OperatorFault(
            "{hours!r} are no hours. Write them as 08:00-18:00, or 22:00-06:00 over midnight.",
            hours=text,
        )
    return text


def _is_some(hours: Hours) -> bool:
    return hours.first != hours.end <= DAY_MINUTES


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError:
        # Not "from": what Python says is in English alone.
        raise OperatorFault(
            "{network!r} is no network. Write it as 192.0.2.0/24 or 2001:db8::/48, with nothing"
            " but zeros behind the prefix.",
            network=text,
        ) from None
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        # Such a peer is known by its IPv4 address.
        address = network.network_address.ipv4_mapped
        return ip_network((int(address or 0), network.prefixlen - 96))
    return network
