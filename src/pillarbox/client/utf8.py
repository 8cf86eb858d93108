"""UTF-8 between a client and a server: RFC 6856."""

from pillarbox.base.secret import Secret
from pillarbox.client.channel import Channel
from pillarbox.client.faults import BeyondAsciiFault
from pillarbox.sasl.client_exchange import octets_of, unfit
from pillarbox.sasl.facts import APOP
from pillarbox.sasl.saslprep import prepare_name, prepare_password
from pillarbox.wire.pop3.announced import Announced
from pillarbox.wire.pop3.verbs import Utf8


async def say_utf8(channel: Channel, announced: Announced) -> None:
    """Ask for messages as they are, not for surrogates, where the server knows what that is.

    RFC 6856, section 2: before the login; section 2.1: behind STLS. A refusal changes nothing.
    """
    if "UTF8" in announced:
        await channel.ask(Utf8())


def prepared(way: str, announced: Announced, name: str, secret: Secret) -> tuple[str, Secret]:
    """Return the name and the password as USER and PASS, or APOP, are to carry them.

    RFC 6856, section 2.2. Raises BeyondAsciiFault where the server takes ASCII only, and UnfitFault
    where SASLprep does not allow what is beyond it, or it is not UTF-8.
    """
    if name.isascii() and secret.reveal().isascii():
        return name, secret
    if not announced.takes_utf8_logins:
        raise BeyondAsciiFault(
            "The name or the password has characters beyond ASCII, and the server does not say"
            " that it takes them with {way}.",
            way=way,
        )
    return _prepared_name(way, name), _prepared_password(way, secret)


def _prepared_name(way: str, name: str) -> str:
    if name.isascii():
        return name
    found = prepare_name(octets_of(name, way))
    if found is None:
        raise unfit(way)
    return found


def _prepared_password(way: str, secret: Secret) -> Secret:
    octets = secret.reveal()
    if octets.isascii():
        return secret
    # The section calls PASS a query, as it calls names; APOP's password is a stored string.
    found = prepare_password(octets) if way == APOP else _as_query(octets)
    if found is None:
        raise unfit(way)
    return Secret(found)


def _as_query(octets: bytes) -> bytes | None:
    found = prepare_name(octets)
    return None if found is None else found.encode("utf-8")
