"""SRV records, asked for by dnspython. Blocking: for a thread of a pool, or a command."""

import secrets
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

import dns.exception
import dns.rdtypes.IN.SRV
import dns.resolver

from pillarbox.base.errors import PeerFault

SECONDS = 10.0  # for one name, all servers and repetitions together


class NoDnsFault(PeerFault):
    """The name servers gave no answer, or one that cannot be used."""


@dataclass(frozen=True, slots=True)
class Srv:
    """One record: RFC 2782. `target` has no dot at its end; it is empty where there is none."""

    priority: int
    weight: int
    port: int
    target: str


FindSrv = Callable[[str], Sequence[Srv]]
Below = Callable[[int], int]  # any number from 0 on and below


def find_srv(
    name: str,
    resolver: dns.resolver.Resolver | None = None,
    seconds: float = SECONDS,
    below: Below = secrets.randbelow,
) -> list[Srv]:
    """Return a name's SRV records, the first to try first; none where there are none.

    Raises NoDnsFault.
    """
    try:
        used = resolver or dns.resolver.Resolver()
        answer = used.resolve(name, "SRV", lifetime=seconds, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        why = type(error).__name__
        raise NoDnsFault("DNS gives no answer for {name}: {why}.", name=name, why=why) from error
    found = [_srv(record) for record in answer if isinstance(record, dns.rdtypes.IN.SRV.SRV)]
    return in_order(found, below)


def in_order(found: Iterable[Srv], below: Below) -> list[Srv]:
    """Return records by priority, and of equal priority by chance as they weigh: RFC 2782."""
    ordered: list[Srv] = []
    by_priority = sorted(found, key=lambda srv: (srv.priority, srv.weight > 0, srv.target))
    for _, group in groupby(by_priority, key=lambda srv: srv.priority):
        left = list(group)
        while left:
            sums = list(accumulate(srv.weight for srv in left))
            ordered.append(left.pop(bisect_left(sums, below(sums[-1] + 1))))
    return ordered


def _srv(record: dns.rdtypes.IN.SRV.SRV) -> Srv:
    target = record.target.to_text(omit_final_dot=True).lower()
    return Srv(record.priority, record.weight, record.port, "" if target == "." else target)
