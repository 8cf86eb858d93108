"""Getting to a remote, whatever it speaks, as far as its login."""

from collections.abc import Awaitable, Callable
from importlib import import_module

from pillarbox.accounts.remote_settings import Protocol
from pillarbox.client import connect as client
from pillarbox.client.server import Server
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.source import Source

Connect = Callable[[Server], Awaitable[Mailbox]]


async def reach(source: Source, connect: Connect = client.connect) -> Mailbox:
    """Return a conversation that waits for a login; raises what `client` raises.

    `connect` is how a server of POP3 is reached.
    """
    if source.protocol is Protocol.IMAP:
        imap = import_module("pillarbox.client.imap.connect")  # with its library
        mailbox: Mailbox = await imap.connect(source.server, source.folders)
        return mailbox
    return await connect(source.server)
