"""XOAUTH2: Google's forerunner of OAUTHBEARER, which Microsoft speaks too. It has no RFC."""

import re

from pillarbox.base.secret import Secret
from pillarbox.sasl.asked_name import asked_name
from pillarbox.sasl.bearer import read_authorization, try_token, write_authorization
from pillarbox.sasl.client_exchange import Login, octets_of, unfit
from pillarbox.sasl.exchange import Exchange, Refusal, first_message
from pillarbox.sasl.facts import XOAUTH2
from pillarbox.sasl.one_message import OneMessage
from pillarbox.sasl.situation import Situation

_MESSAGE = re.compile(rb"user=([^\x01]+)\x01auth=([\x20-\x7e]*)\x01\x01")


def begin_xoauth2(_situation: Situation, initial: Secret | None) -> Exchange:
    """Run the server's side; it refuses as OAUTHBEARER does: RFC 7628, section 3.2.3."""
    parts = _MESSAGE.fullmatch((yield from first_message(initial)).reveal())
    token = read_authorization(parts[2].decode("ascii")) if parts else None
    if parts is None or token is None:
        return Refusal.BAD_RESPONSE
    why = {"status": "401", "schemes": "bearer"}
    return (yield from try_token(asked_name(parts[1]), token, why))


def xoauth2_client(login: Login) -> OneMessage:
    """Return the client's side; raise UnfitFault where the name or the token does not fit."""
    name = octets_of(login.name, XOAUTH2)
    if not name or b"\x01" in name:
        raise unfit(XOAUTH2)
    authorization = write_authorization(login, XOAUTH2)
    message = b"user=%s\x01%s\x01\x01" % (name, authorization)
    return OneMessage(XOAUTH2, Secret(message), dummy=b"")
