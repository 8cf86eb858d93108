"""SRV records, asked for by dnspython. Blocking: for a thread of a pool, or a command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


def find_srv(
    name: str, resolver: dns.resolver.Resolver | None = None, seconds: float = SECONDS
) -> list[Srv]:
    """Return a name's SRV records, the first to try first; none where there are none.

    Of equal priority the heaviest comes first: who asks now and then need not share the load.
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
    return sorted(found, key=lambda srv: (srv.priority, -srv.weight, srv.target, srv.port))


def _srv(record: dns.rdtypes.IN.SRV.SRV) -> Srv:
    target = record.target.to_text(omit_final_dot=True).lower()
    return Srv(record.priority, record.weight, record.port, "" if target == "." else target)
