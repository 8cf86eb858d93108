"""A mail address, and where its mail may be. Pure."""

import re
from dataclasses import dataclass

from pillarbox.accounts.remote_settings import Protocol, Tls
from pillarbox.base.errors import OperatorFault

# RFC 1123, section 2.1; some have an underscore.
HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")
HOST_OCTETS = 253
PORT = re.compile("[1-9][0-9]{0,4}")
LAST_PORT = 65_535
PROVEN = -1  # before all that DNS says


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address; the domain as DNS has it."""

    local_part: str
    domain: str
    text: str

    def filled_in(self, template: str) -> str:
        """Return a text with what config-v1.1.xml has for the address put in."""
        for name, part in (
            ("%EMAILADDRESS%", self.text),
            ("%EMAILLOCALPART%", self.local_part),
            ("%EMAILDOMAIN%", self.domain),
        ):
            template = template.replace(name, part)
        return template

    def has_host(self, host: str) -> bool:
        """Say whether a host is within the domain: RFC 6186, section 6."""
        return host == self.domain or host.endswith("." + self.domain)


@dataclass(frozen=True, slots=True)
class Place:
    """Where mail may be, and who says so; `user` is empty where nobody says it.

    `priority` is DNS's (RFC 6186, section 3.4): the lowest is what the domain prefers.
    """

    host: str
    port: int
    protocol: Protocol
    tls: Tls
    source: str
    user: str = ""
    priority: int = PROVEN

    @property
    def is_proven(self) -> bool:
        """Whether a page says it, whose server has proven itself by TLS."""
        return self.priority == PROVEN


def read_address(text: str) -> Address:
    """Return a mail address; raises OperatorFault where it is none."""
    local_part, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_domain = ""
    if not (local_part and local_part.isprintable() and is_host(ascii_domain)):
        raise OperatorFault("{address!r} is no mail address.", address=text)
    return Address(local_part, ascii_domain, text)


def is_host(text: str) -> bool:
    """Say whether a text can be a host's name, in lower case."""
    return len(text) <= HOST_OCTETS and HOST.fullmatch(text) is not None


def is_port(text: str) -> bool:
    """Say whether a text is a port's number."""
    return PORT.fullmatch(text) is not None and int(text) <= LAST_PORT
