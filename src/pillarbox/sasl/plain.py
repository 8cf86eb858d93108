"""PLAIN: RFC 4616."""

import re

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.asked_name import asked_name
from pillarbox.sasl.client_exchange import Login, octets_of, unfit
from pillarbox.sasl.exchange import Exchange, Refusal, TryPassword, first_message
from pillarbox.sasl.facts import PLAIN
from pillarbox.sasl.one_message import OneMessage
from pillarbox.sasl.situation import Situation

_MESSAGE = re.compile(rb"(?P<acting_as>[^\0]*)\0(?P<name>[^\0]+)\0(?P<password>[^\0]+)")


def begin_plain(_situation: Situation, initial: Secret | None) -> Exchange:
    """Run the server's side: RFC 4616, section 2.

    The name is prepared; the password goes on as it came.
    """
    parts = _read((yield from first_message(initial)))
    if parts is None:
        return Refusal.BAD_RESPONSE
    name = asked_name(parts["name"])
    if isinstance(name, Refusal):
        return name
    outcome: Identity | Refusal = yield TryPassword(name, Secret(parts["password"]))
    return outcome


def _read(message: Secret) -> re.Match[bytes] | None:
    """Return the parts; acting as somebody else (authorization identity) is not offered."""
    parts = _MESSAGE.fullmatch(message.reveal())
    return parts if parts and parts["acting_as"] in {b"", parts["name"]} else None


def plain_client(login: Login) -> OneMessage:
    """Return the client's side; raise UnfitFault for an empty part or one with a NUL in it."""
    name, password = octets_of(login.name, PLAIN), login.secret.reveal()
    if not name or not password or b"\0" in name + password:
        raise unfit(PLAIN)
    return OneMessage(PLAIN, Secret(b"\0" + name + b"\0" + password))
