"""A conversation with an IMAP server: the library's, each call in a thread and under a deadline.

The library opens, reads and parses; what it may read is bounded here, and a call that is given up
cuts the connection under its thread. RFC 9051 names the commands; the servers speak RFC 3501.
"""

import asyncio
import re
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self, TypeVar

from imapclient.exceptions import (
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    ProtocolError,
)

from pillarbox.base.secret import Secret
from pillarbox.net.deadline import within
from pillarbox.net.end_point import end_point
from pillarbox.net.imap_faults import ImapBrokenFault, ImapGarbledFault, ImapNoFault
from pillarbox.net.imap_library import BrokenError, Library, Line, dial
from pillarbox.net.pool import Pool
from pillarbox.net.tls import TlsFault

T = TypeVar("T")

ALPN = "imap"  # RFC 7301 registry

# What a parser raises where the server writes what is no IMAP.
GARBLED = (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
SEARCHED = 20_000  # messages; their UIDs come in one line, which is bounded
LIBRARY_SAYS = re.compile(r"\A\w+ failed: ")  # before the server's words, in some faults
NAMED = 500  # UIDs in one command: RFC 7162, section 4 allows 8,192 octets


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is open; a UID means nothing without the `validity` it was given under."""

    validity: int
    messages: int


class ImapLink:
    """Raises PeerFault from every call; after any but ImapNoFault only `close` is of use."""

    def __init__(self, line: Line, host: str, seconds: float, context: ssl.SSLContext) -> None:
        self._line = line
        self._host = host
        self._seconds = seconds
        self._context = context
        self._pool = Pool("imap", 1, 1)
        self._library: Library  # there from `begin` on
        self.capabilities: frozenset[str] = frozenset()

    async def begin(self, *, is_implicit: bool) -> Self:
        """Take the greeting, behind the handshake where TLS is implicit."""
        context = self._context if is_implicit else None
        self._library = await self._run(lambda: Library(self._line, context, self._host))
        await self._learn()
        return self

    @property
    def is_secure(self) -> bool:
        """Whether there is TLS."""
        return self._line.certificate() is not None

    @property
    def end_point(self) -> bytes | None:
        """What a login can be bound to: RFC 5929, section 4."""
        certificate = self._line.certificate()
        return end_point(certificate) if certificate else None

    async def start_tls(self) -> None:
        """Begin TLS; what was announced before, and octets that came with it, are forgotten."""
        await self._run(lambda: self._library.starttls(self._context))
        await self._learn()

    async def log_in(self, name: str, password: Secret) -> None:
        """Send the name and the password as LOGIN; ASCII without line ends."""
        await self._run(lambda: self._library.log_in(name, password))
        await self._learn()

    async def authenticate(self, mechanism: str, respond: Callable[[bytes], Secret]) -> None:
        """Run a mechanism, its `respond` in a thread; what that raises is raised here."""
        await self._run(lambda: self._library.prove(mechanism, respond))
        await self._learn()

    async def open_folder(self, folder: str, *, to_change: bool) -> Folder:
        """Open a folder with EXAMINE, or where something is to change, with SELECT."""
        found = await self._run(lambda: self._library.select_folder(folder, readonly=not to_change))
        validity, messages = found.get(b"UIDVALIDITY"), found.get(b"EXISTS")
        if not isinstance(validity, int) or not isinstance(messages, int):
            raise ImapGarbledFault("The server does not say which messages a folder has.")
        return Folder(validity, messages)

    async def uids(self, messages: int) -> list[int]:
        """Return the UIDs of the open folder, which has so many messages, oldest first."""
        found: list[int] = []
        for first in range(1, messages + 1, SEARCHED):
            last = min(first + SEARCHED - 1, messages)
            found += await self._search(f"{first}:{last}")
        return sorted(set(found))

    async def sizes(self, uids: Collection[int]) -> dict[int, int]:
        """Return the octets of each message, 0 where the server says nothing useful."""
        found: dict[int, int] = {}
        for named in _some(uids):
            facts = await self._fetch(named, "RFC822.SIZE")
            for uid, fact in facts.items():
                octets = fact.get(b"RFC822.SIZE")
                found[uid] = octets if isinstance(octets, int) and octets > 0 else 0
        return found

    async def parts(
        self, uids: Collection[int], section: str, offset: int, octets: int
    ) -> dict[int, bytes]:
        """Return that part of a section of each message; no message is marked as read.

        What is not there any more is left out.
        """
        facts = await self._fetch(uids, f"BODY.PEEK[{section}]<{offset}.{octets}>")
        key = f"BODY[{section}]<{offset}>".encode("ascii")
        found = {uid: fact.get(key) for uid, fact in facts.items()}
        return {uid: part[:octets] for uid, part in found.items() if isinstance(part, bytes)}

    async def present(self, uids: Collection[int]) -> set[int]:
        """Return which of these the open folder has."""
        found: set[int] = set()
        for named in _some(uids):
            found.update(await self._search(f"UID {','.join(map(str, named))}"))
        return found & set(uids)

    async def remove(self, uids: Collection[int]) -> None:
        """Mark these as deleted, and expunge these and no others: RFC 4315, section 2.1."""
        for named in _some(uids):
            await self._run(partial(self._library.remove, named))

    async def noop(self) -> None:
        """Do nothing."""
        await self._run(self._library.noop)

    async def log_out(self) -> None:
        """Say goodbye."""
        await self._run(self._library.logout)

    async def close(self) -> None:
        """Close at once, and return when the thread has ended."""
        self._line.cut()
        await asyncio.to_thread(self._pool.close)
        self._line.close()

    async def _search(self, what: str) -> list[int]:
        found = await self._run(lambda: self._library.search(what))
        return [uid for uid in found if isinstance(uid, int) and uid > 0]

    async def _fetch(
        self, uids: Collection[int], what: str
    ) -> Mapping[int, Mapping[bytes, object]]:
        found: Mapping[int, Mapping[bytes, object]] = await self._run(
            lambda: self._library.fetch(list(uids), [what])
        )
        return found

    async def _learn(self) -> None:
        self.capabilities = await self._run(self._library.announced)

    async def _run(self, call: Callable[[], T]) -> T:
        """Return what a call returns; where it is given up, the connection is cut under it."""
        self._line.allow()
        try:
            async with within(self._seconds):
                return await self._pool.run(_said_as_fault, call)
        except ImapNoFault:
            raise
        except BaseException:
            self._line.cut()
            raise


async def connect(
    host: str, port: int, seconds: float, context: ssl.SSLContext, *, is_implicit: bool
) -> ImapLink:
    """Return a conversation behind its greeting.

    Raises ConnectFault, TlsFault, TooSlowFault, ImapNoFault (the greeting was BYE) and others.
    """
    context.set_alpn_protocols([ALPN])
    link = ImapLink(await dial(host, port, seconds), host, seconds, context)
    try:
        return await link.begin(is_implicit=is_implicit)
    except BaseException:
        await link.close()
        raise


def _some(uids: Collection[int]) -> list[list[int]]:
    ordered = sorted(uids)
    return [ordered[start : start + NAMED] for start in range(0, len(ordered), NAMED)]


def _said_as_fault(call: Callable[[], T]) -> T:
    """Make the call; what the library raises comes out as a fault, without the library's words."""
    try:
        return call()
    except ssl.SSLCertVerificationError as error:
        raise TlsFault("The certificate does not hold: {why}.", why=error.verify_message) from None
    except ssl.SSLError as error:
        raise TlsFault("The TLS handshake failed: {why}.", why=error.reason) from None
    except (CapabilityError, IMAPClientReadOnlyError):
        raise ImapNoFault("it cannot do that") from None
    except (IMAPClientAbortError, OSError):
        raise ImapBrokenFault("The server closed the connection.") from None
    except (BrokenError, ProtocolError) as error:
        raise ImapGarbledFault("What the server says cannot be understood.") from error
    except IMAPClientError as error:
        raise ImapNoFault(LIBRARY_SAYS.sub("", str(error))) from None
    except GARBLED as error:
        raise ImapGarbledFault("What the server says cannot be understood.") from error
