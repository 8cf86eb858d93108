"""A page from a web server, over HTTPS alone. Blocking: for a thread of a pool, or a command."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv6Address, ip_address
from time import monotonic
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from pillarbox.base.errors import PeerFault
from pillarbox.net.cut_after import cut_after

PAGE_OCTETS = 65_536  # the longest configuration that is published has a tenth of this
SECONDS = 10.0  # for a page, with all that leads to it; a person waits for it
REDIRECTS = 3  # a provider's domain often leads to a host of its own
OK = 200
MOVED = {301, 302, 303, 307, 308}  # RFC 9110, section 15.4


class NoPageFault(PeerFault):
    """There is no such page, or none that can be used."""


def is_private(address: str) -> bool:
    """Say whether an address leads nowhere from elsewhere."""
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return not (mapped or found).is_global


@dataclass(frozen=True, slots=True)
class Pages:
    """How pages are got; `context` is what a certificate must hold against."""

    context: ssl.SSLContext
    seconds: float = SECONDS
    is_inside: Callable[[str], bool] = is_private

    def get(self, url: str) -> bytes:
        """Return what lies there, at most PAGE_OCTETS; raises NoPageFault.

        A redirect is followed to https alone, so that nobody on the way can put a page in; and
        none that comes from outside into our own network, where nobody else could ask.
        """
        until, may_be_inside = monotonic() + self.seconds, True
        for _ in range(1 + REDIRECTS):
            with self._connected(_parts(url), until - monotonic()) as connection:
                is_inside = self.is_inside(connection.sock.getpeername()[0])
                if is_inside and not may_be_inside:
                    raise _no_page(urlsplit(url), "it leads into a private network")
                body, moved = _asked(connection, urlsplit(url), until - monotonic())
            if moved is None:
                return body
            may_be_inside, url = is_inside, urljoin(url, moved)
        raise NoPageFault("{host}: {why}.", host=urlsplit(url).hostname, why="too many redirects")

    @contextmanager
    def _connected(self, url: SplitResult, seconds: float) -> Iterator[HTTPSConnection]:
        """Give a connection; what goes wrong, inside the block too, is a NoPageFault."""
        if seconds <= 0:
            raise _no_page(url, "no answer in time")
        host = url.hostname or ""
        try:
            with closing(
                HTTPSConnection(host, url.port, timeout=seconds, context=self.context)
            ) as connection:
                connection.connect()
                yield connection
        except ssl.SSLCertVerificationError as error:
            raise _no_page(url, error.verify_message) from error
        except TimeoutError as error:
            raise _no_page(url, "no answer in time") from error
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise _no_page(url, why) from error
        except HTTPException as error:
            raise _no_page(url, type(error).__name__) from error


def trusted_pages() -> Pages:
    """Return pages of servers whose certificates this machine trusts."""
    return Pages(ssl.create_default_context())


def quoted(text: str) -> str:
    """Return a text as a part of a URL's query: RFC 3986, section 2.1."""
    return quote(text, safe="")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        leads_somewhere = bool(parts.hostname) and parts.port != 0
    except ValueError:
        leads_somewhere, parts = False, urlsplit("")
    if not leads_somewhere:
        raise NoPageFault("A redirect leads nowhere.")
    if parts.scheme != "https" or "@" in parts.netloc:
        raise _no_page(parts, "it leads to what is not https")
    return parts


def _asked(
    connection: HTTPSConnection, url: SplitResult, seconds: float
) -> tuple[bytes, str | None]:
    """Return what is answered, or where it has moved."""
    with cut_after(connection.sock, seconds):
        connection.request("GET", _target(url), headers={"Accept": "text/xml"})
        with connection.getresponse() as response:
            return _read(response, url)


def _read(response: HTTPResponse, url: SplitResult) -> tuple[bytes, str | None]:
    if response.status in MOVED:
        return b"", response.getheader("Location", "")
    if response.status != OK:
        raise _no_page(url, f"HTTP status {response.status}")
    octets = response.read(PAGE_OCTETS + 1)
    if len(octets) > PAGE_OCTETS:
        raise _no_page(url, f"more than {PAGE_OCTETS} octets")
    return octets, None


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _no_page(url: SplitResult, why: str) -> NoPageFault:
    return NoPageFault("{host}: {why}.", host=url.hostname, why=why)
