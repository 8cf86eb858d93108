"""Where the mail of an address is: what its domain says in DNS and over HTTPS. Blocking.

RFC 6186 names services in SRV records; autoconfig is a page that mail programs look for. Only the
address's domain and the address itself go out, the latter to the domain's own web server.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from pillarbox.accounts.remote_settings import Protocol, Tls
from pillarbox.app.autoconfig import read_autoconfig
from pillarbox.app.place import Address, Place, is_host
from pillarbox.base.errors import PeerFault
from pillarbox.net.https_page import quoted, trusted_pages
from pillarbox.net.srv import FindSrv, find_srv

# RFC 6186, sections 3.2 and 3.3. Without TLS from the first octet, STLS is not optional.
SERVICES = (
    ("_pop3s._tcp", Protocol.POP3, Tls.IMPLICIT),
    ("_pop3._tcp", Protocol.POP3, Tls.STLS),
    ("_imaps._tcp", Protocol.IMAP, Tls.IMPLICIT),
    ("_imap._tcp", Protocol.IMAP, Tls.STLS),
)
PAGES = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={address}",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)
# RFC 8314, section 4: TLS from the first octet before STLS.
PREFERENCE = [(protocol, tls) for _, protocol, tls in SERVICES]


@dataclass(frozen=True, slots=True)
class Finder:
    """How DNS and web servers are asked."""

    find_srv: FindSrv
    get: Callable[[str], bytes]
    pages: tuple[str, ...] = PAGES


@dataclass(frozen=True, slots=True)
class Found:
    """What may be used, the best first, and what could not be asked."""

    places: tuple[Place, ...]
    faults: tuple[PeerFault, ...]


def finder_of_this_machine() -> Finder:
    """Return a finder that asks as this machine is set up."""
    return Finder(find_srv, trusted_pages().get)


def find_places(address: Address, finder: Finder) -> Found:
    """Ask everywhere; what a page says comes first, for its server has proven itself.

    Then the domain's own preference counts, and after that POP3 and TLS from the first octet. What
    a page or a name server fails at is told with the rest, and raises nothing.
    """
    places: list[Place] = []
    faults: list[PeerFault] = []
    for ask in _questions(address, finder):
        try:
            places += ask()
        except PeerFault as fault:
            faults.append(fault)
    places.sort(key=_preference)
    return Found(tuple(places), tuple(faults))


def _preference(place: Place) -> tuple[int, int]:
    return place.priority, PREFERENCE.index((place.protocol, place.tls))


def _questions(address: Address, finder: Finder) -> Iterator[Callable[[], list[Place]]]:
    for template in finder.pages:
        yield partial(_page, template, address, finder)
    for service in SERVICES:
        yield partial(_service, service, address, finder)


def _page(template: str, address: Address, finder: Finder) -> list[Place]:
    url = template.format(domain=address.domain, address=quoted(address.text))
    return read_autoconfig(finder.get(url), address, url.partition("?")[0])


def _service(service: tuple[str, Protocol, Tls], address: Address, finder: Finder) -> list[Place]:
    name, protocol, tls = service
    name = f"{name}.{address.domain}"
    return [
        Place(srv.target, srv.port, protocol, tls, f"SRV {name}", priority=srv.priority)
        for srv in finder.find_srv(name)
        # RFC 6186, section 3.4: a target of "." says that there is no such service.
        if is_host(srv.target) and srv.port
    ]
