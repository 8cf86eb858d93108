"""Getting to a remote, whatever it speaks, as far as its login."""

from pillarbox.accounts.remotes import Protocol
from pillarbox.client.connect import connect as connect_pop3
from pillarbox.client.imap.connect import connect as connect_imap
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.source import Source


async def reach(source: Source) -> Mailbox:
    """Return a conversation that waits for a login; raises what `client` raises."""
    if source.protocol is Protocol.IMAP:
        return await connect_imap(source.server, source.folders)
    return await connect_pop3(source.server)
