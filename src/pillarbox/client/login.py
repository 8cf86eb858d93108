"""Logging in: AUTH PLAIN where it is announced, else USER and PASS."""

from pillarbox.base.secret import Secret
from pillarbox.client.channel import Channel, expected
from pillarbox.client.faults import login_fault
from pillarbox.sasl.plain import write_plain
from pillarbox.wire.pop3.announced import Announced
from pillarbox.wire.pop3.answers import Challenge, Reply
from pillarbox.wire.pop3.commands import AuthCancel, Pass, UnsendableFault
from pillarbox.wire.pop3.verbs import Auth, AuthResponse, User


async def log_in(channel: Channel, announced: Announced, name: str, password: Secret) -> None:
    """Return once we are in; raises NotAcceptedFault, RemoteInUseFault, TryLaterFault.

    A refused mechanism is not followed by another one: it would count as a second wrong password.
    """
    if "PLAIN" in announced.mechanisms:
        reply = await _plain(channel, name, password)
    else:
        reply = await _user_and_pass(channel, name, password)
    if not reply.is_ok:
        raise login_fault(reply, password)


async def _plain(channel: Channel, name: str, password: Secret) -> Reply:
    if "\0" in name or b"\0" in password.reveal():
        raise UnsendableFault("A name or password with a line end or a NUL cannot be sent.")
    response = write_plain(name, password)
    await channel.send([Auth("PLAIN", response)])
    answer = await channel.answer()
    if isinstance(answer, Challenge):
        # Also where a server did not read the initial response.
        await channel.send([AuthResponse(response)])
        answer = await channel.answer()
    if isinstance(answer, Challenge):
        await channel.send([AuthCancel()])
        answer = await channel.answer()
    return expected(answer, Reply)


async def _user_and_pass(channel: Channel, name: str, password: Secret) -> Reply:
    reply = await channel.ask(User(name))
    return await channel.ask(Pass(password)) if reply.is_ok else reply
