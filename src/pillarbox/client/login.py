"""Logging in: by the strongest way that both sides have, or by the one that was asked for.

A way that was refused is never followed by a weaker one: whoever sits between us and the server
could make every better one fail.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from pillarbox.base.errors import Bug, PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.channel import Channel, expected
from pillarbox.client.faults import (
    MechanismMissingFault,
    NotAcceptedFault,
    PasswordWithoutTlsFault,
    RefusedFault,
    login_fault,
)
from pillarbox.client.server import Server
from pillarbox.client.token_reason import read_reason
from pillarbox.client.utf8 import prepared, say_utf8
from pillarbox.sasl.apop import apop_digest
from pillarbox.sasl.choice import Choices, may_use, strongest
from pillarbox.sasl.client import ClientExchange, Login, MechanismFault, begin
from pillarbox.sasl.facts import APOP, BINDING, TOKENS, USER, XOAUTH2
from pillarbox.wire.pop3.announced import Announced
from pillarbox.wire.pop3.answers import Challenge, GarbageFault, Reply, UnreadableChallenge
from pillarbox.wire.pop3.commands import AuthCancel, Pass
from pillarbox.wire.pop3.verbs import Apop, Auth, AuthResponse, User

NONCE_OCTETS = 18  # 144 bits
# Microsoft's servers take no initial response: AUTH alone, and the token at the "+". Every server
# must take it so (RFC 5034, section 4), and nearly every token is too long for one line anyhow.
IN_TWO_LINES = frozenset({XOAUTH2})

Attempt = Callable[[Channel, str, Secret], Awaitable[Reply]]


async def log_in(
    channel: Channel, server: Server, announced: Announced, name: str, secret: Secret
) -> None:
    """Return once we are in.

    Raises MechanismMissingFault, PasswordWithoutTlsFault and BeyondAsciiFault before anything is
    sent; UnfitFault and UnsendableFault; GarbageFault where a challenge cannot be read;
    MechanismFault where the server has not proven itself; NotAcceptedFault, RemoteInUseFault,
    TryLaterFault.
    """
    channel.sent.keep(secret)
    way = _way(channel, server, announced)
    attempt = OLD_WAYS.get(way) or _by_sasl(way, server, announced)
    if way in OLD_WAYS:
        name, secret = prepared(way, announced, name, secret)
    await say_utf8(channel, announced)
    reply = await attempt(channel, name, secret)
    if not reply.is_ok:
        raise login_fault(reply, channel.sent)


def _way(channel: Channel, server: Server, announced: Announced) -> str:
    choices = Choices(
        announced=_announced(channel, announced),
        is_secure=channel.is_secure,
        can_bind=channel.end_point is not None,
        has_token=server.mechanism in TOKENS,
        allow_password_without_tls=server.allow_password_without_tls,
    )
    if server.mechanism is None:
        way = strongest(choices)
    else:
        way = server.mechanism if may_use(server.mechanism, choices) else None
    if way is not None:
        return way
    if not channel.is_secure and (server.mechanism or USER) in choices.announced:
        raise PasswordWithoutTlsFault("The password is not sent without TLS.")
    raise MechanismMissingFault(
        "The server does not offer {mechanism}.", mechanism=server.mechanism or "SASL"
    )


def _announced(channel: Channel, announced: Announced) -> frozenset[str]:
    ways = set(announced.mechanisms)
    # Many old servers have USER and PASS and do not say so.
    if "USER" in announced or not ways:
        ways.add(USER)
    if channel.timestamp is not None:
        ways.add(APOP)
    return frozenset(ways)


def _by_sasl(way: str, server: Server, announced: Announced) -> Attempt:
    async def attempt(channel: Channel, name: str, secret: Secret) -> Reply:
        login = Login(
            name=name,
            secret=secret,
            nonce=lambda: secrets.token_hex(NONCE_OCTETS),
            end_point=channel.end_point,
            server_offers_plus=not announced.mechanisms.isdisjoint(BINDING),
            host=server.host,
            port=server.port,
        )
        return await _exchange(channel, begin(way, login))

    return attempt


async def _exchange(channel: Channel, exchange: ClientExchange) -> Reply:
    initial = None if exchange.name in IN_TWO_LINES else exchange.initial()
    await channel.send([Auth(exchange.name, initial)])
    reason: str | None = None
    while isinstance(answer := await channel.answer(), Challenge | UnreadableChallenge):
        try:
            response = await _response(exchange, answer)
        except (GarbageFault, MechanismFault):
            await _cancel(channel)
            raise
        if exchange.name in TOKENS and isinstance(answer, Challenge):
            reason = read_reason(answer.octets)
        await channel.send([AuthResponse(response)])
    reply = expected(answer, Reply)
    if reply.is_ok:
        exchange.succeeded()
    elif reason is not None:
        raise _refused_token(reply, reason, channel)
    return reply


def _refused_token(reply: Reply, reason: str, channel: Channel) -> RefusedFault:
    """Return the fault of a token that was refused for a reason: RFC 7628, section 3.2.2."""
    fault = login_fault(reply, channel.sent)
    if not isinstance(fault, NotAcceptedFault):
        return fault
    return NotAcceptedFault(
        "The server did not accept the token ({reason}): {text}",
        code=fault.code,
        reason=channel.sent.shown(reason),
        text=channel.sent.shown(reply.text),
    )


async def _response(exchange: ClientExchange, answer: Challenge | UnreadableChallenge) -> Secret:
    if isinstance(answer, UnreadableChallenge):
        raise GarbageFault("The server's challenge is not base64.")
    # SCRAM computes for up to seconds.
    return await asyncio.to_thread(exchange.respond, answer.octets)


async def _cancel(channel: Channel) -> None:
    """End the exchange as RFC 5034, section 4 has it; never raises PeerFault."""
    with suppress(PeerFault):  # why it is cancelled is what the caller must learn
        await channel.send([AuthCancel()])
        await channel.answer()


async def _user_and_pass(channel: Channel, name: str, password: Secret) -> Reply:
    reply = await channel.ask(User(name))
    return await channel.ask(Pass(password)) if reply.is_ok else reply


async def _apop(channel: Channel, name: str, password: Secret) -> Reply:
    if channel.timestamp is None:
        raise Bug("APOP was chosen without a timestamp.")
    return await channel.ask(Apop(name, apop_digest(channel.timestamp, password)))


# RFC 1939, section 7; every other way is SASL.
OLD_WAYS: Mapping[str, Attempt] = {USER: _user_and_pass, APOP: _apop}
