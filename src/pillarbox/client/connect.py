"""Getting to the point where a login can be sent: connect, greeting, TLS."""

import asyncio
from collections.abc import Awaitable, Callable

from pillarbox.client.channel import Channel, Secure
from pillarbox.client.connection import Connection
from pillarbox.client.faults import RefusedFault, StlsMissingFault, greeting_fault
from pillarbox.client.server import Server, Tls
from pillarbox.net import connector
from pillarbox.net.contexts import client_context
from pillarbox.net.deadline import within
from pillarbox.net.stream import Stream
from pillarbox.net.tls import secure_as_client
from pillarbox.wire.pop3.announced import read_announced
from pillarbox.wire.pop3.verbs import Capa, Stls

Dial = Callable[[str, int, float], Awaitable[Stream]]
Noted = Callable[[str, str], None]  # what was passed ("tcp", "tls", "greeting"), and what was found


def unheard(passed: str, found: str) -> None:
    """Tell nobody."""


async def connect(
    server: Server, dial: Dial = connector.connect, noted: Noted = unheard
) -> Connection:
    """Return a session that waits for a login; `noted` hears of each step on the way.

    Raises ConnectFault, TooSlowFault, TlsFault, GreetingFault, StlsMissingFault and
    StlsInjectionFault; AuthoritiesFault where `ca_file` cannot be used.
    """
    # Reading the system's certificate authorities takes tens of milliseconds.
    context = await asyncio.to_thread(client_context, server.ca_file)

    async def secure(stream: Stream) -> Stream:
        secured = await secure_as_client(stream, context, server.host)
        noted("tls", secured.parameters)
        return secured

    stream = await dial(server.host, server.port, server.timeout_seconds)
    noted("tcp", stream.peer)
    try:
        return Connection(await _prepare(stream, secure, server, noted), server)
    except BaseException:
        stream.abort()
        raise


async def _prepare(stream: Stream, secure: Secure, server: Server, noted: Noted) -> Channel:
    is_implicit = server.tls is Tls.IMPLICIT
    if is_implicit:
        async with within(server.timeout_seconds):
            stream = await secure(stream)
    channel = Channel(stream, server.timeout_seconds, is_secure=is_implicit)
    greeting = await channel.greeting()
    if not greeting.is_ok:
        raise greeting_fault(greeting, channel.sent)
    noted("greeting", greeting.text)
    if server.tls is Tls.STLS:
        await _start_tls(channel, secure)
    return channel


async def _start_tls(channel: Channel, secure: Secure) -> None:
    """Begin TLS, or raise: RFC 2595, section 4. What was announced before is forgotten."""
    await channel.send([Capa()])
    try:
        announced = read_announced(await channel.lines())
    except RefusedFault:
        raise StlsMissingFault("The server does not offer STLS.") from None
    if "STLS" not in announced:
        raise StlsMissingFault("The server does not offer STLS.")
    if not (await channel.ask(Stls())).is_ok:
        raise StlsMissingFault("The server refused STLS.")
    await channel.secure(secure)
