"""Where a server is and how it is spoken to."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

TIMEOUT_SECONDS = 60.0  # for one wait; servers that are slower than this are down
MESSAGE_OCTETS = 1_073_741_824  # of one message; no provider takes a tenth of that


class Tls(StrEnum):
    """How a connection is secured; a name in the database, never reused."""

    IMPLICIT = "implicit"  # RFC 8314, section 3.3: from the first octet
    STLS = "stls"  # RFC 2595, section 4; never optional
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Server:
    """An address, and what the caller insists on.

    `ca_file` stands in for the system's certificate authorities. Without TLS no password is sent
    unless `allow_password_without_tls` says so. `mechanism` is a SASL mechanism, APOP or USER; None
    takes the strongest that both sides have. With OAUTHBEARER and XOAUTH2 the secret is a token.
    Without `pipelining` one command is under way at a time, whatever the server announces. A
    message of more than `message_octets` is not read to its end.
    """

    host: str
    port: int
    tls: Tls
    ca_file: Path | None = None
    timeout_seconds: float = TIMEOUT_SECONDS
    allow_password_without_tls: bool = False
    mechanism: str | None = None
    pipelining: bool = True
    message_octets: int = MESSAGE_OCTETS
