"""XOAUTH2: Google's forerunner of OAUTHBEARER, which Microsoft speaks too. It has no RFC."""

import re

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.bearer import complain, read_authorization, write_authorization
from pillarbox.sasl.client_exchange import Login, octets_of, unfit
from pillarbox.sasl.exchange import Exchange, Refusal, TryToken, first_message
from pillarbox.sasl.one_message import OneMessage
from pillarbox.sasl.saslprep import prepare_name
from pillarbox.sasl.situation import Situation

XOAUTH2 = "XOAUTH2"
_MESSAGE = re.compile(rb"user=([^\x01]+)\x01auth=([\x20-\x7e]*)\x01\x01")


def begin_xoauth2(_situation: Situation, initial: Secret | None) -> Exchange:
    """Run the server's side."""
    parts = _MESSAGE.fullmatch((yield from first_message(initial)).reveal())
    name = prepare_name(parts[1]) if parts else None
    token = read_authorization(parts[2].decode("ascii")) if parts else None
    if name is None or token is None:
        return Refusal.BAD_RESPONSE
    outcome: Identity | Refusal = yield TryToken(name, token)
    if outcome is not Refusal.NOT_ACCEPTED:
        return outcome
    return (yield from complain({"status": "401", "schemes": "bearer"}))


def xoauth2_client(login: Login) -> OneMessage:
    """Return the client's side; raise UnfitFault where the name or the token does not fit."""
    name = octets_of(login.name, XOAUTH2)
    if not name or b"\x01" in name:
        raise unfit(XOAUTH2)
    authorization = write_authorization(login, XOAUTH2)
    message = b"user=%s\x01%s\x01\x01" % (name, authorization)
    return OneMessage(XOAUTH2, Secret(message), dummy=b"")
