"""A mail provider's configuration as it publishes it for Thunderbird: config-v1.1.xml. Pure.

The XML is a stranger's: a document type is refused, so that there are no entities; what is read is
a page long at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from xml.parsers import expat

from pillarbox.accounts.remote_settings import Protocol, Tls
from pillarbox.app.place import Address, Place, is_host, is_port
from pillarbox.base.errors import PeerFault

PROTOCOLS = {"pop3": Protocol.POP3, "imap": Protocol.IMAP}
SECURED = {"SSL": Tls.IMPLICIT, "STARTTLS": Tls.STLS}  # "plain" is never taken
DEEPEST = 32  # elements in each other; the format has five


class BadConfigurationFault(PeerFault):
    """What was published is no configuration that can be read."""


def read_autoconfig(octets: bytes, address: Address, source: str) -> list[Place]:
    """Return where mail can be had with TLS, in the provider's order; BadConfigurationFault."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.ParseFile(BytesIO(octets))
    except (expat.ExpatError, LookupError, ValueError) as error:  # LookupError: no such charset
        raise BadConfigurationFault("{source}: it is no XML.", source=source) from error
    found = (_place(server, address, source) for server in reader.servers)
    return [place for place in found if place is not None]


@dataclass(slots=True)
class _Reader:
    """The incoming servers, each with the text of its elements."""

    servers: list[dict[str, str]] = field(default_factory=list)
    path: list[str] = field(default_factory=list)

    def doctype(self, *_: object) -> None:
        raise ValueError("a document type")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > DEEPEST:
            raise ValueError("too deep")
        if name == "incomingServer":
            self.servers.append({"type": attributes.get("type", "")})

    def end(self, _: str) -> None:
        self.path.pop()

    def text(self, text: str) -> None:
        if self.path[-2:-1] == ["incomingServer"]:
            server, name = self.servers[-1], self.path[-1]
            server[name] = server.get(name, "") + text


def _place(server: Mapping[str, str], address: Address, source: str) -> Place | None:
    """Return a server that we may use, None for any other."""
    said = {name: address.filled_in(text.strip()) for name, text in server.items()}
    protocol, tls = PROTOCOLS.get(said["type"]), SECURED.get(said.get("socketType", ""))
    host, port = said.get("hostname", "").lower(), said.get("port", "")
    if protocol is None or tls is None or not (is_host(host) and is_port(port)):
        return None
    user = said.get("username", "")
    return Place(host, int(port), protocol, tls, source, user if user.isprintable() else "")
