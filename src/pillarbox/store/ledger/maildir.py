"""What the files of an old Maildir are, in the form in which `deliver` stores them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pillarbox.base.errors import OperatorFault
from pillarbox.store.blobs.port import CHUNK_OCTETS, Digest
from pillarbox.store.ledger.entries import Entry, base_name

FOLDERS = ("cur", "new")


@dataclass(frozen=True, slots=True)
class Present:
    """The entries whose messages the other server still has, and those that it has no more."""

    entries: Sequence[Entry]
    gone: Sequence[Entry] = ()


def with_digests(entries: Sequence[Entry], maildir: Path | None) -> Present:
    """Return the entries with the digests of their files; raises OperatorFault.

    Each file that an entry names is read once. An entry that has a digest needs no file.
    """
    if all(entry.digest or not entry.file for entry in entries):
        return Present(entries)
    if maildir is None:
        raise OperatorFault("The list names files. --maildir says where they are.")
    try:
        files = _files(maildir)
        found = [_with_digest(entry, files) for entry in entries]
    except OSError as error:
        raise OperatorFault(
            "{path}: {why}.", path=error.filename or maildir, why=error.strerror
        ) from error
    present = [entry for entry in found if entry.digest or entry.message_id]
    gone = [entry for entry in found if not (entry.digest or entry.message_id)]
    return Present(present, gone)


def _files(maildir: Path) -> Mapping[str, Path]:
    return {base_name(path.name): path for name in FOLDERS for path in (maildir / name).iterdir()}


def _with_digest(entry: Entry, files: Mapping[str, Path]) -> Entry:
    path = files.get(entry.file or "")
    if entry.digest or path is None:
        return entry
    return replace(entry, digest=digest_as_stored(path))


def digest_as_stored(path: Path) -> Digest:
    """Return the SHA-256 of a message file as `deliver` stores it; raises OSError.

    Where all line ends are LF, that is text in local convention, and has CRLF in the store.
    """
    as_it_is, with_crlf, has_cr = hashlib.sha256(), hashlib.sha256(), False
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_OCTETS):
            as_it_is.update(chunk)
            with_crlf.update(chunk.replace(b"\n", b"\r\n"))
            has_cr = has_cr or b"\r" in chunk
    return Digest((as_it_is if has_cr else with_crlf).digest())
