"""PLAIN: RFC 4616."""

from dataclasses import dataclass

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.client_exchange import Login, octets_of, unfit
from pillarbox.sasl.exchange import Challenge, Exchange, Refusal, TryPassword
from pillarbox.sasl.one_message import OneMessage
from pillarbox.sasl.saslprep import prepare
from pillarbox.sasl.situation import Situation

PLAIN = "PLAIN"
PARTS = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """A name and the secret that goes with it."""

    name: str
    secret: Secret


def read_plain(response: Secret) -> Attempt | None:
    """Return the attempt that a client's message makes, None where it is no such message.

    Acting as somebody else (another authorization identity) is not offered.
    """
    parts = response.reveal().split(b"\0")
    if len(parts) != PARTS:
        return None
    acting_as, name, password = parts
    if not name or not password or acting_as not in {b"", name}:
        return None
    try:
        return Attempt(name.decode("utf-8"), Secret(password))
    except UnicodeDecodeError:
        return None


def write_plain(name: str, password: Secret) -> Secret:
    """Return the client's message; neither part may hold a NUL."""
    return Secret(b"\0" + name.encode("utf-8") + b"\0" + password.reveal())


def begin_plain(_situation: Situation, initial: Secret | None) -> Exchange:
    """Run the server's side. The name is prepared; the password goes on as it came."""
    response = initial
    if response is None:
        response = yield Challenge(b"")
    attempt = read_plain(response)
    name = None if attempt is None else prepare(attempt.name)
    if attempt is None or name is None:
        return Refusal.BAD_RESPONSE
    outcome: Identity | Refusal = yield TryPassword(name, attempt.secret)
    return outcome


def plain_client(login: Login) -> OneMessage:
    """Return the client's side; raise UnfitFault for an empty part or one with a NUL in it."""
    name, password = octets_of(login.name, PLAIN), login.secret.reveal()
    if not name or not password or b"\0" in name + password:
        raise unfit(PLAIN)
    return OneMessage(PLAIN, write_plain(login.name, login.secret))
