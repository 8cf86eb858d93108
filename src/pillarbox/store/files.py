"""Deliver messages from files, octet for octet, in bounded memory whatever their size.

A message whose line ends are all LF is text in local convention and is stored as CRLF; that is
known only at its end, so each file is read twice. In an mbox of ours each message has its own line
ends, which stay.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from io import FileIO
from itertools import groupby
from pathlib import Path

from pillarbox.base.names import AccountId
from pillarbox.base.words import N_
from pillarbox.message.mbox import Piece, Start, split
from pillarbox.message.mboxrd import read_mark, restored
from pillarbox.store.blobs.port import CHUNK_OCTETS
from pillarbox.store.deposit import Deposit
from pillarbox.store.mail_files import MailFile, Refused, find_mail, reason
from pillarbox.store.quota import MaildropFullError, NeverFitsError

EMPTY = N_("It is empty.")
FULL = N_("The maildrop is full.")
NEVER_FITS = N_("It is bigger than the whole maildrop may be.")


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that is durable in the maildrop; `octets` as they are stored."""

    path: Path
    octets: int
    number: int | None = None  # in an mbox, from 1


class LineEnds(Enum):
    """What was learnt of a message before it is stored."""

    NONE = auto()  # there are no octets at all
    LOCAL = auto()  # LF and no CR
    OTHER = auto()


class FileDelivery:
    """Puts the messages of `paths` into an account's maildrop.

    `total_octets` counts what was found, `done_octets` what is behind us: of use to a progress bar.
    """

    def __init__(self, store: Deposit, account: AccountId, paths: Iterable[Path]) -> None:
        self._store = store
        self._account = account
        self._found = list(find_mail(paths))
        self.total_octets = sum(mail.octets for mail in self._found if isinstance(mail, MailFile))
        self.done_octets = 0

    def run(self) -> Iterator[Delivered | Refused]:
        """Yield what came of each message, once it is durable or refused.

        Raises StoreFault where it cannot be stored: whatever was yielded before is delivered.
        """
        for mail in self._found:
            if isinstance(mail, Refused):
                yield mail
            else:
                before = self.done_octets
                yield from self._file(mail)
                self.done_octets = before + mail.octets

    def _file(self, mail: MailFile) -> Iterator[Delivered | Refused]:
        number = 1 if mail.is_mbox else None
        try:
            with mail.path.open("rb", buffering=0) as file:
                known = [_line_ends(start, message) for start, message in _messages(file, mail)]
                file.seek(0)
                again = (message for _start, message in _messages(file, mail))
                for line_ends, message in zip(known, again, strict=False):
                    yield self._message(mail.path, number, line_ends, self._counted(message))
                    number = number and number + 1
        except OSError as error:
            yield Refused(mail.path, reason(error), number)

    def _counted(self, message: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in message:
            self.done_octets += len(chunk)
            yield chunk

    def _message(
        self, path: Path, number: int | None, line_ends: LineEnds, message: Iterator[bytes]
    ) -> Delivered | Refused:
        if line_ends is LineEnds.NONE:
            return Refused(path, EMPTY, number)
        with self._store.incoming() as incoming:
            for chunk in message:
                is_local = line_ends is LineEnds.LOCAL
                incoming.write(chunk.replace(b"\n", b"\r\n") if is_local else chunk)
            kept = incoming.keep()
        try:
            self._store.deliver(kept, self._account)
        except (MaildropFullError, NeverFitsError) as fault:
            return Refused(path, FULL if fault.retry else NEVER_FITS, number)
        return Delivered(path, kept.octets, number)


def _messages(file: FileIO, mail: MailFile) -> Iterator[tuple[Start, Iterator[bytes]]]:
    """Yield each message's start and octets; take one whole before the next is asked for."""
    chunks = _chunks(file, mail)
    pieces = restored(split(chunks)) if mail.is_mbox else _single(chunks)
    start = Start()
    count = 0

    def number(piece: Piece) -> int:
        nonlocal count, start
        if isinstance(piece, Start):
            count, start = count + 1, piece
        return count

    for _, group in groupby(pieces, number):
        yield start, (piece for piece in group if not isinstance(piece, Start))


def _single(chunks: Iterator[bytes]) -> Iterator[Piece]:
    yield Start()
    yield from chunks


def _chunks(file: FileIO, mail: MailFile) -> Iterator[bytes]:
    # Up to the octets that it had when it was found: both readings see the same of a file that
    # somebody still appends to.
    rest = mail.octets
    while rest and (chunk := file.read(min(rest, CHUNK_OCTETS))):
        rest -= len(chunk)
        yield chunk


def _line_ends(start: Start, message: Iterator[bytes]) -> LineEnds:
    octets = 0
    has_lf = has_cr = False
    for chunk in message:
        octets += len(chunk)
        has_lf = has_lf or b"\n" in chunk
        has_cr = has_cr or b"\r" in chunk
    if not octets:
        return LineEnds.NONE
    mark = read_mark(start.separator)
    is_as_exported = mark is not None and mark.octets == octets
    return LineEnds.LOCAL if has_lf and not has_cr and not is_as_exported else LineEnds.OTHER
