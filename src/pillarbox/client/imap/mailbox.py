"""A session with an IMAP server, in the words of somebody who wants mail.

Folders are opened with EXAMINE and messages read with BODY.PEEK, so that nothing changes there. All
that ever changes something is `quit`, and only for what was marked before.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn, Self

from pillarbox.base.errors import PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.faults import BadListingFault, RefusedFault
from pillarbox.client.imap.batches import PART_OCTETS, Place, asked_octets, batches, neighbours
from pillarbox.client.imap.login import log_in
from pillarbox.client.imap.names import unique_id
from pillarbox.client.listing import Listed, Listing, listing_of
from pillarbox.client.sent import Sent
from pillarbox.client.server import Server
from pillarbox.net.imap import Folder, ImapLink
from pillarbox.net.imap_faults import ImapNoFault
from pillarbox.wire.pop3.answers import ListingTooLongFault

INBOX = "INBOX"
MOST_MESSAGES = 1_000_000  # of all folders together
TOP_OCTETS = 65_536  # what is kept of a header and some lines
BEYOND_OCTETS = 16_777_216  # a message may be larger than the server says by so much, and twice


@dataclass(frozen=True, slots=True)
class Manners:
    """IMAP has no word for either."""

    login_delay_seconds: int | None = None
    expire_days: int | None = None


class ImapMailbox:
    """One session; made by `connect`. Leaving its context closes it, and removes nothing.

    Messages are numbered from 1 on through all folders, as the listing has them.
    """

    def __init__(self, link: ImapLink, server: Server, folders: Sequence[str]) -> None:
        self._link = link
        self._server = server
        self._folders = tuple(folders) or (INBOX,)
        self._sent = Sent()  # no fault may repeat it
        self._places: dict[int, Place] = {}
        self._marked: list[Place] = []
        self._open: str | None = None  # which folder is, to be read

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._link.close()

    async def login(self, name: str, password: Secret) -> None:
        """Return once we are in; raises as POP3's login does."""
        await log_in(self._link, self._server, self._sent, name, password)

    async def facts(self) -> Manners:
        """Return what the server says of its manners: nothing."""
        return Manners()

    async def listing(self) -> Listing:
        """Return what is in the folders, each one's oldest first.

        Raises RefusedFault where one cannot be opened: a folder that is passed over in silence
        would look empty.
        """
        self._places = {}
        for folder in self._folders:
            await self._list(folder)
        return listing_of(
            Listed(place.number, place.octets, unique_id(place.folder, place.validity, place.uid))
            for place in self._places.values()
        )

    async def retrieve(
        self, numbers: Iterable[int]
    ) -> AsyncGenerator[tuple[int, AsyncIterator[bytes]], None]:
        """Yield each number and its message's octets, in chunks.

        The chunks raise RefusedFault where the message is not there any more.
        """
        for batch in batches(self._places[number] for number in numbers):
            heads = await self._heads(batch)
            for place in batch:
                yield place.number, self._chunks(place, heads.get(place.uid), asked_octets(batch))

    async def headers(
        self, numbers: Iterable[int]
    ) -> AsyncGenerator[tuple[int, bytes | None], None]:
        """Yield each number and its header, at most TOP_OCTETS; None where it is refused."""
        for batch in neighbours(self._places[number] for number in numbers):
            found = await self._parts(batch, TOP_OCTETS, "HEADER")
            for place in batch:
                header = found.get(place.uid)
                yield place.number, header if found else await self._header(place)

    async def _header(self, place: Place) -> bytes | None:
        with suppress(RefusedFault):
            return await self._part(place, 0, TOP_OCTETS, "HEADER")
        return None

    async def top(self, number: int, lines: int) -> bytes:
        """Return the header and so many lines, at most TOP_OCTETS; raises RefusedFault."""
        octets = await self._part(self._places[number], 0, TOP_OCTETS, "" if lines else "HEADER")
        header, gap, body = octets.partition(b"\r\n\r\n")
        return header + gap + b"".join(body.splitlines(keepends=True)[:lines])

    async def unique_ids(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return what the server says now; what is not there any more is left out."""
        found = {}
        for folder, places in _by_folder(self._places[number] for number in numbers).items():
            opened = await self._opened(folder)
            present = await self._link.present([place.uid for place in places])
            for place in places:
                if place.uid in present:
                    found[place.number] = unique_id(folder, opened.validity, place.uid)
        return found

    async def delete(self, numbers: Iterable[int]) -> list[int]:
        """Mark messages, here alone; return the marked.

        Raises RefusedFault where the server cannot remove single messages. Its EXPUNGE would take
        along whatever anybody else has marked there (RFC 4315, section 2.1).
        """
        wanted = list(numbers)
        if wanted and "UIDPLUS" not in self._link.capabilities:
            raise RefusedFault(
                "The server has no UIDPLUS, so single messages cannot be removed there;"
                " nothing was."
            )
        self._marked += [self._places[number] for number in wanted]
        return wanted

    async def noop(self) -> None:
        """Do nothing."""
        await self._link.noop()

    async def quit(self) -> bool:
        """Remove what was marked; return whether the server has none of it any more."""
        is_done = await self._remove() if self._marked else True
        with suppress(PeerFault):  # nothing hangs on the goodbye
            await self._link.log_out()
        return is_done

    # Below this, one folder at a time.

    async def _list(self, folder: str) -> None:
        opened = await self._opened(folder)
        if len(self._places) + opened.messages > MOST_MESSAGES:
            raise ListingTooLongFault("The server lists more messages than any maildrop needs.")
        uids = await self._link.uids(opened.messages)
        sizes = await self._link.sizes(uids)
        for uid in uids:
            number = len(self._places) + 1
            self._places[number] = Place(number, folder, opened.validity, uid, sizes.get(uid, 0))

    async def _heads(self, batch: list[Place]) -> Mapping[int, bytes]:
        """Return the beginning of each message; nothing where the server refuses them together."""
        return await self._parts(batch, asked_octets(batch), "")

    async def _parts(self, batch: list[Place], octets: int, section: str) -> Mapping[int, bytes]:
        await self._show(batch[0])
        try:
            return await self._link.parts([place.uid for place in batch], section, 0, octets)
        except ImapNoFault:
            return {}

    async def _chunks(self, place: Place, head: bytes | None, asked: int) -> AsyncIterator[bytes]:
        if head is None:
            head, asked = await self._part(place, 0, PART_OCTETS), PART_OCTETS
        part, octets = head, 0
        while part:
            yield part
            octets += len(part)
            if octets > self._most(place):
                raise RefusedFault("The server sends more of a message than it says there is.")
            # A server may cut a part short: what is missing is asked for.
            if len(part) < asked and octets >= place.octets:
                return
            asked = PART_OCTETS
            part = await self._part(place, octets, asked)

    def _most(self, place: Place) -> int:
        """Return how much of a message is taken; a server may not say how large it is."""
        most = self._server.message_octets
        return min(2 * place.octets + BEYOND_OCTETS, most) if place.octets else most

    async def _part(self, place: Place, offset: int, octets: int, section: str = "") -> bytes:
        await self._show(place)
        try:
            found = await self._link.parts([place.uid], section, offset, octets)
        except ImapNoFault as fault:
            self._refuse(fault)
        if place.uid not in found:
            raise RefusedFault("The message is not on the server any more.")
        return found[place.uid]

    async def _show(self, place: Place) -> None:
        """See to it that the folder is open, and still the one that was listed."""
        if self._open == place.folder:
            return
        if (await self._opened(place.folder)).validity != place.validity:
            raise BadListingFault("The server has given the messages of a folder other numbers.")

    async def _opened(self, folder: str, *, to_change: bool = False) -> Folder:
        self._open = None
        try:
            opened = await self._link.open_folder(folder, to_change=to_change)
        except ImapNoFault as fault:
            raise RefusedFault(
                "The server does not open the folder {folder!r}: {text}",
                folder=folder,
                text=self._sent.shown(fault.text),
            ) from None
        self._open = None if to_change else folder
        return opened

    async def _remove(self) -> bool:
        is_done = True
        for folder, places in _by_folder(self._marked).items():
            opened = await self._opened(folder, to_change=True)
            sure = [place.uid for place in places if place.validity == opened.validity]
            try:
                await self._link.remove(sure)
                left = await self._link.present(sure)
            except ImapNoFault:
                return False
            is_done = is_done and not left and len(sure) == len(places)
        return is_done

    def _refuse(self, fault: ImapNoFault) -> NoReturn:
        raise RefusedFault("The server refused: {text}", text=self._sent.shown(fault.text))


def _by_folder(places: Iterable[Place]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        found[place.folder].append(place)
    return found
