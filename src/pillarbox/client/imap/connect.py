"""Getting to the point where a login can be sent: connect, greeting, TLS."""

import asyncio
from collections.abc import Sequence

from pillarbox.client.faults import GreetingFault, StlsMissingFault
from pillarbox.client.imap.mailbox import ImapMailbox
from pillarbox.client.server import Server, Tls
from pillarbox.net import imap
from pillarbox.net.contexts import client_context
from pillarbox.net.imap_faults import ImapNoFault


async def connect(server: Server, folders: Sequence[str] = ()) -> ImapMailbox:
    """Return a session that waits for a login; without folders it is about INBOX.

    Raises ConnectFault, TooSlowFault, TlsFault, GreetingFault and StlsMissingFault;
    AuthoritiesFault where `ca_file` cannot be used.
    """
    # Reading the system's certificate authorities takes tens of milliseconds.
    context = await asyncio.to_thread(client_context, server.ca_file)
    try:
        link = await imap.connect(
            server.host,
            server.port,
            server.timeout_seconds,
            context,
            is_implicit=server.tls is Tls.IMPLICIT,
        )
    except ImapNoFault:
        raise GreetingFault("The server does not want to speak now.") from None
    try:
        if server.tls is Tls.STLS:
            await _start_tls(link)
    except BaseException:
        await link.close()
        raise
    return ImapMailbox(link, server, folders)


async def _start_tls(link: imap.ImapLink) -> None:
    """Begin TLS, or raise: RFC 9051, section 6.2.1."""
    if "STARTTLS" not in link.capabilities:
        raise StlsMissingFault("The server does not offer STARTTLS.")
    try:
        await link.start_tls()
    except ImapNoFault:
        raise StlsMissingFault("The server refused STARTTLS.") from None
