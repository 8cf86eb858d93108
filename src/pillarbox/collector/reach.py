"""Getting to a remote, whatever it speaks, as far as its login."""

from importlib import import_module

from pillarbox.accounts.remotes import Protocol
from pillarbox.client.connect import connect as connect_pop3
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.source import Source


async def reach(source: Source) -> Mailbox:
    """Return a conversation that waits for a login; raises what `client` raises."""
    if source.protocol is Protocol.IMAP:
        imap = import_module("pillarbox.client.imap.connect")  # with its library
        mailbox: Mailbox = await imap.connect(source.server, source.folders)
        return mailbox
    return await connect_pop3(source.server)
