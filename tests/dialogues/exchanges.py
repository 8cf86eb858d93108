"""Which reply answers which line of a dialogue, and where the session was then. Pure.

Read from the file alone: no server of ours is asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tests.dialogues.player import Dialogue

STATUS = re.compile(rb"\\?(\+OK|-ERR|\+)(?: (?:\\?\[([A-Z/-]+)\\?\])?|\[ \])?")
CHALLENGE = b"+"


class Place(Enum):
    """Where a session is when a line comes in."""

    PLAIN = "AUTHORIZATION before TLS"
    SECURE = "AUTHORIZATION over TLS"
    NAMED = "AUTHORIZATION right behind USER"
    REFUSED = "AUTHORIZATION after a refused login"
    CHALLENGED = "inside an AUTH exchange"
    TRANSACTION = "TRANSACTION"
    MARKED = "TRANSACTION with marked messages"
    EMPTY = "TRANSACTION with an empty maildrop"
    OVER = "behind QUIT"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as the file has it: steps of kind `S:` or `S~`, and the index behind the last."""

    steps: tuple[tuple[str, bytes], ...]
    end: int

    @property
    def status(self) -> bytes:
        """Give `+OK`, `-ERR` or `+`."""
        return status(self.steps[0][1])[0]

    @property
    def code(self) -> bytes | None:
        """Give what stands in brackets."""
        return status(self.steps[0][1])[1]

    @property
    def is_multi_line(self) -> bool:
        """Whether there is more than the first line."""
        return len(self.steps) > 1


@dataclass(frozen=True, slots=True)
class Exchange:
    """A line without its CRLF, where the session was, and the reply, if one came."""

    line: bytes
    place: Place
    reply: Reply | None


def status(line: bytes) -> tuple[bytes, bytes | None]:
    """Return status and code of a reply's first line, or of a pattern of it."""
    match = STATUS.match(line)
    assert match, line
    return match[1], match[2]


def replies(steps: list[tuple[str, bytes]]) -> Iterator[Reply]:
    """Yield the replies; one whose second line is no status has lines up to a dot."""
    start = 0
    while start < len(steps):
        if steps[start][0][0] != "S":
            start += 1
            continue
        end = start + 1
        if _goes_on(steps, end):
            end = steps.index(("S:", b".\r\n"), end) + 1
        yield Reply(tuple(steps[start:end]), end)
        start = end


def _goes_on(steps: list[tuple[str, bytes]], at: int) -> bool:
    return at < len(steps) and steps[at][0][0] == "S" and not STATUS.match(steps[at][1])


class _Session:
    """What the replies say about where the session is."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.place = Place.SECURE if dialogue.is_secure else Place.PLAIN
        self._base = self.place
        self._maildrop = Place.TRANSACTION
        self._is_auth = False

    def secured(self) -> None:
        self.place = self._base = Place.SECURE

    def answered(self, line: bytes, reply: Reply) -> None:
        verb = line.split(b" ")[0].upper()
        self._is_auth = verb == b"AUTH" or (self._is_auth and self.place is Place.CHALLENGED)
        if reply.status == CHALLENGE:
            self.place = Place.CHALLENGED
        elif reply.status == b"+OK":
            self._went_well(verb, reply)
        elif self.place in {Place.CHALLENGED, Place.NAMED} or reply.code == b"AUTH":
            self._base = Place.REFUSED if reply.code == b"AUTH" else self._base
            self.place = self._base

    def _went_well(self, verb: bytes, reply: Reply) -> None:
        is_before = self.place not in {Place.TRANSACTION, Place.MARKED, Place.EMPTY}
        is_login = self._is_auth or verb in {b"PASS", b"APOP"}
        if is_before and is_login and not reply.is_multi_line:
            is_empty = reply.steps[0][1].startswith(b"+OK 0 ")
            self._maildrop = Place.EMPTY if is_empty else Place.TRANSACTION
            self.place = self._maildrop
        elif verb == b"QUIT":
            self.place = Place.OVER
        elif is_before:
            self.place = Place.NAMED if verb == b"USER" else self._base
        elif verb in {b"DELE", b"RSET"}:
            self.place = Place.MARKED if verb == b"DELE" else self._maildrop


def exchanges(dialogue: Dialogue) -> Iterator[Exchange]:
    """Yield each line that was answered, or came too late to be, in the order of the file."""
    session = _Session(dialogue)
    by_start = {reply.end - len(reply.steps): reply for reply in replies(dialogue.steps)}
    said = b""
    is_cut = False  # a line that was refused before its end
    for at, (kind, octets) in enumerate(dialogue.steps):
        if kind == "C":
            said += octets
        elif kind == "tls":
            session.secured()
        elif reply := by_start.get(at):
            if is_cut and b"\r\n" in said:
                said, is_cut = said.partition(b"\r\n")[2], False
            line, end, rest = said.partition(b"\r\n")
            is_cut = bool(line) and not end
            if said:
                yield Exchange(line, session.place, reply)
                session.answered(line, reply)
            said = rest
    if session.place is Place.OVER:
        for line in said.split(b"\r\n")[:-1]:
            yield Exchange(line, session.place, None)
