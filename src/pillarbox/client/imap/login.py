"""Logging in at an IMAP server: the ways, the order and the refusals are those of POP3."""

import re
import secrets

from pillarbox.base.secret import Secret
from pillarbox.client.faults import (
    BeyondAsciiFault,
    MechanismMissingFault,
    NotAcceptedFault,
    PasswordWithoutTlsFault,
    RefusedFault,
    RemoteInUseFault,
    TryLaterFault,
)
from pillarbox.client.login import NONCE_OCTETS
from pillarbox.client.sent import Sent
from pillarbox.client.server import Server
from pillarbox.net.imap import ImapLink
from pillarbox.net.imap_faults import ImapNoFault
from pillarbox.sasl.choice import Choices, may_use, strongest
from pillarbox.sasl.client import Login, begin
from pillarbox.sasl.facts import BINDING, TOKENS, USER
from pillarbox.wire.pop3.commands import FORBIDDEN, UnsendableFault
from pillarbox.wire.pop3.verbs import AuthResponse

CODE = re.compile(r"\[([A-Z-]+)")  # RFC 9051, section 7.1
LATER = frozenset({"CONTACTADMIN", "LIMIT", "SERVERBUG", "UNAVAILABLE"})


async def log_in(link: ImapLink, server: Server, sent: Sent, name: str, secret: Secret) -> None:
    """Return once we are in.

    Raises MechanismMissingFault, PasswordWithoutTlsFault, BeyondAsciiFault, UnfitFault and
    UnsendableFault before anything is sent; MechanismFault where the server has not proven itself;
    NotAcceptedFault, RemoteInUseFault, TryLaterFault.
    """
    sent.keep(secret)
    way = _way(link, server)
    try:
        if way == USER:
            await _by_login(link, name, secret)
        else:
            await _by_sasl(link, server, sent, way, (name, secret))
    except ImapNoFault as fault:
        raise _login_fault(fault.text, sent) from None


def _way(link: ImapLink, server: Server) -> str:
    choices = Choices(
        announced=_announced(link.capabilities),
        is_secure=link.is_secure,
        can_bind=link.end_point is not None,
        has_token=server.mechanism in TOKENS,
        allow_password_without_tls=server.allow_password_without_tls,
    )
    asked = server.mechanism
    way = asked or strongest(choices)
    if way is not None and may_use(way, choices):
        return way
    is_offered = asked in choices.announced if asked else bool(choices.announced)
    if not link.is_secure and is_offered:
        raise PasswordWithoutTlsFault("The password is not sent without TLS.")
    raise MechanismMissingFault("The server does not offer {mechanism}.", mechanism=asked or "SASL")


def _announced(capabilities: frozenset[str]) -> frozenset[str]:
    """Return mechanisms, and USER for the command LOGIN: RFC 9051, section 6.2.3."""
    ways = {word.removeprefix("AUTH=") for word in capabilities if word.startswith("AUTH=")}
    if "LOGINDISABLED" not in capabilities:
        ways.add(USER)
    return frozenset(ways)


async def _by_login(link: ImapLink, name: str, secret: Secret) -> None:
    octets = secret.reveal()
    if not name.isascii() or not octets.isascii():
        raise BeyondAsciiFault(
            "The name or the password has characters beyond ASCII, and the server does not say"
            " that it takes them with {way}.",
            way="LOGIN",
        )
    if FORBIDDEN.intersection(octets) or FORBIDDEN.intersection(name.encode("ascii")):
        raise UnsendableFault("A name or password with a line end or a NUL cannot be sent.")
    await link.log_in(name, secret)


async def _by_sasl(
    link: ImapLink, server: Server, sent: Sent, way: str, account: tuple[str, Secret]
) -> None:
    name, secret = account
    login = Login(
        name=name,
        secret=secret,
        nonce=lambda: secrets.token_hex(NONCE_OCTETS),
        end_point=link.end_point,
        server_offers_plus=not _announced(link.capabilities).isdisjoint(BINDING),
        host=server.host,
        port=server.port,
    )
    exchange = begin(way, login)

    def respond(challenge: bytes) -> Secret:
        message = exchange.respond(challenge)
        sent.note(AuthResponse(message))
        return message

    await link.authenticate(way, respond)
    exchange.succeeded()


def _login_fault(said: str, sent: Sent) -> RefusedFault:
    found = CODE.search(said)
    code = found[1] if found else ""
    text = sent.shown(said)
    if code == "INUSE":
        return RemoteInUseFault("The remote maildrop is in use.", code=code)
    if code in LATER:
        return TryLaterFault("The server cannot let us in now: {text}", code=code, text=text)
    return NotAcceptedFault(
        "The server did not accept the name or the password: {text}", code=code or None, text=text
    )
