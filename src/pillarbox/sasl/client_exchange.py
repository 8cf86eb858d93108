"""The port of a mechanism's client side: what it is given, how it is driven, how it fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pillarbox.base.errors import OperatorFault, PeerFault
from pillarbox.base.secret import Secret


class MechanismFault(PeerFault):
    """The server broke the rules of the mechanism, or did not prove who it is."""

    retry = False  # whoever poses as the server will still be there


class UnfitFault(OperatorFault):
    """The mechanism cannot carry this name or this secret."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in with what, and what is known about the connection."""

    name: str
    secret: Secret
    nonce: Callable[[], str]  # 24 printable ASCII characters or more without a comma, never twice
    end_point: bytes | None = None  # RFC 5929, section 4; None without TLS or without a hash
    server_offers_plus: bool = False  # whether any mechanism with channel binding was announced
    host: str = ""  # RFC 7628, section 3.1; empty: not said
    port: int | None = None


class ClientExchange(Protocol):
    """One attempt to log in. Whoever drives it speaks the base64.

    Send `initial()` with AUTH; where it does not fit there, or is None, send AUTH alone. Answer
    every challenge with `respond()`. Call `succeeded()` when the server says +OK.
    """

    @property
    def name(self) -> str:
        """The mechanism's name."""
        ...

    def initial(self) -> Secret | None:
        """Return the initial response; None where the server speaks first."""
        ...

    def respond(self, challenge: bytes) -> Secret:
        """Return the response to a decoded challenge; raise MechanismFault: then cancel.

        An empty challenge before any other asks for the initial response. SCRAM computes here for
        up to some seconds: run it where that holds up nobody.
        """
        ...

    def succeeded(self) -> None:
        """Raise MechanismFault where the server says +OK and has no right to: then hang up."""
        ...


def broken(mechanism: str) -> MechanismFault:
    """Return the fault of a server whose message is none of the mechanism."""
    return MechanismFault(
        "What the server said does not belong to {mechanism}.", mechanism=mechanism
    )


def unfit(mechanism: str) -> UnfitFault:
    """Return the fault of a name or a secret that the mechanism cannot carry."""
    return UnfitFault("{mechanism} cannot carry this name or this secret.", mechanism=mechanism)


def octets_of(name: str, mechanism: str) -> bytes:
    """Return a name in UTF-8; raise UnfitFault where it has none."""
    try:
        return name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise unfit(mechanism) from error
