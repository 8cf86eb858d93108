"""OAUTHBEARER: RFC 7628."""

import re
from dataclasses import dataclass

from pillarbox.base.secret import Secret
from pillarbox.sasl.asked_name import asked_name
from pillarbox.sasl.bearer import SEPARATOR, read_authorization, try_token, write_authorization
from pillarbox.sasl.client_exchange import Login, unfit
from pillarbox.sasl.exchange import Exchange, Refusal, first_message
from pillarbox.sasl.facts import OAUTHBEARER
from pillarbox.sasl.one_message import OneMessage
from pillarbox.sasl.saslname import SASLNAME, escape, unescape
from pillarbox.sasl.saslprep import prepare
from pillarbox.sasl.situation import Situation

DUMMY = b"\x01"
# Section 3.1. `p=` would be channel binding, which this mechanism has not.
_MESSAGE = re.compile(rf"[ny],(?:a=({SASLNAME}))?,\x01((?:[A-Za-z]+=[\t\r\n\x20-\x7e]*\x01)*)\x01")
_HOST = re.compile(r"[0-9A-Za-z.:\[\]-]*")


@dataclass(frozen=True, slots=True)
class _Message:
    name: str | Refusal | None
    pairs: dict[str, str]


def begin_oauthbearer(_situation: Situation, initial: Secret | None) -> Exchange:
    """Run the server's side: RFC 7628, section 3.2."""
    message = _read((yield from first_message(initial)))
    if message is None:
        return Refusal.BAD_RESPONSE
    # An empty or missing `auth` asks what is wanted (section 4.3): a token, and no more is told.
    token = read_authorization(message.pairs.get("auth", ""))
    return (yield from try_token(message.name, token, {"status": "invalid_token"}))


def _read(response: Secret) -> _Message | None:
    try:
        parts = _MESSAGE.fullmatch(response.reveal().decode("utf-8"))
    except UnicodeDecodeError:
        return None
    if parts is None:
        return None
    name = asked_name(unescape(parts[1]).encode("utf-8")) if parts[1] else None
    pairs = [pair.split("=", 1) for pair in parts[2].split(SEPARATOR)[:-1]]
    by_key = dict(pairs)
    return _Message(name, by_key) if len(by_key) == len(pairs) else None


def oauthbearer_client(login: Login) -> OneMessage:
    """Return the client's side; raise UnfitFault where the name, host or token does not fit."""
    name = prepare(login.name) if login.name else ""
    if name is None or _HOST.fullmatch(login.host) is None:
        raise unfit(OAUTHBEARER)
    pairs = [write_authorization(login, OAUTHBEARER)]
    if login.port is not None:
        pairs.insert(0, b"port=%d" % login.port)
    if login.host:
        pairs.insert(0, b"host=%s" % login.host.encode("ascii"))
    who = b"a=" + escape(name).encode("utf-8") if name else b""
    return OneMessage(OAUTHBEARER, Secret(b"\x01".join([b"n,%s," % who, *pairs, b"", b""])), DUMMY)
