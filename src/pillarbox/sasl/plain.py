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
    message: Secret = yield from first_message(initial)
    parts = _MESSAGE.fullmatch(message.reveal())
    if parts is None:
        return Refusal.BAD_RESPONSE
    name = asked_name(parts["name"])
    if isinstance(name, Refusal):
        return name
    if parts["acting_as"] and asked_name(parts["acting_as"]) != name:
        return Refusal.BAD_RESPONSE  # acting as somebody else is not offered
    outcome: Identity | Refusal = yield TryPassword(name, Secret(parts["password"]))
    return outcome


def plain_client(login: Login) -> OneMessage:
    """Return the client's side; raise UnfitFault for an empty part or one with a NUL in it."""
    name, password = octets_of(login.name, PLAIN), login.secret.reveal()
    if not name or not password or b"\0" in name + password:
        raise unfit(PLAIN)
    return OneMessage(PLAIN, Secret(b"\0" + name + b"\0" + password))
