"""What the model wants a server to say, and whether it did. Human text is not judged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.model.maildrops import Kept, World

STATUS = re.compile(rb"(\+OK|-ERR)(?: (?:\[([A-Z0-9/-]+)\] ?)?(.*))?")
REPLY_OCTETS = 512  # RFC 1939, section 3
UNIQUE_ID = re.compile(r"[!-~]{1,70}")  # RFC 1939, section 7


@dataclass(frozen=True)
class Refused:
    """-ERR, with just this reply code, or without any."""

    code: str = ""


@dataclass(frozen=True)
class Accepted:
    """+OK; where there are words, these and then perhaps more."""

    words: str = ""
    is_all: bool = False


@dataclass(frozen=True)
class Challenged:
    """A plus, a space and base64."""

    base64: str


@dataclass(frozen=True)
class Listed:
    """+OK and lines; of a set the order is free, and IMPLEMENTATION may say what it likes."""

    lines: Sequence[str] | frozenset[str]


@dataclass(frozen=True)
class Message:
    """+OK and a message's lines."""

    lines: Sequence[bytes]


@dataclass(frozen=True)
class UniqueIds:
    """A number and the unique-id of each of these messages."""

    kept: Sequence[tuple[int, Kept]]
    is_one: bool = False


Answer = Refused | Accepted | Challenged | Listed | Message | UniqueIds


class DifferenceError(AssertionError):
    """Server and model say different things."""

    def __init__(self, template: str, *parts: object) -> None:
        super().__init__(template.format(*map(repr, parts)))


class Reader:
    """Takes answers from what a server has said."""

    def __init__(self, said: bytes, world: World) -> None:
        self._said = said
        self._world = world

    def expect(self, answer: Answer) -> None:
        """Take one answer; raise DifferenceError where it is another."""
        line = self._line()
        match answer:
            case Challenged(base64):
                self._same(b"+ " + base64.encode(), line)
            case Refused(code):
                self._status(line, b"-ERR", code)
            case Accepted(words, is_all):
                text = self._status(line, b"+OK", "")
                if is_all or not text.startswith(f"{words} "):
                    self._same(words, text if words else "")
            case Listed() | Message() | UniqueIds():
                text = self._status(line, b"+OK", "")
                self._many(answer, text)

    def end(self) -> None:
        """Raise DifferenceError where more was said."""
        self._same(b"", self._said)

    def _many(self, answer: Listed | Message | UniqueIds, text: str) -> None:
        match answer:
            case UniqueIds([(number, kept)], is_one=True):
                self._unique_id(f"{number} ", kept, text)
            case UniqueIds(all_kept):
                lines = self._lines()
                self._same(len(all_kept), len(lines))
                for (number, kept), line in zip(all_kept, lines, strict=True):
                    self._unique_id(f"{number} ", kept, line.decode("ascii"))
            case Listed(expected):
                said = [_known(line.decode("utf-8")) for line in self._lines()]
                got = frozenset(said) if isinstance(expected, frozenset) else said
                self._same(expected, got)
                self._same(len(expected), len(said))
            case Message(expected_lines):
                self._same(list(expected_lines), self._lines())

    def _unique_id(self, number: str, kept: Kept, line: str) -> None:
        unique_id = line.removeprefix(number)
        is_one = line.startswith(number) and UNIQUE_ID.fullmatch(unique_id)
        if not is_one or not self._world.learn(kept, unique_id):
            raise DifferenceError("unique-id {} {}: {}", number, kept.unique_id, line)

    def _status(self, line: bytes, status: bytes, code: str) -> str:
        found = STATUS.fullmatch(line)
        if found is None or len(line) + 2 > REPLY_OCTETS:
            raise DifferenceError("no reply: {}", line)
        self._same((status, code.encode()), (found[1], found[2] or b""))
        return (found[3] or b"").decode("utf-8")

    def _lines(self) -> list[bytes]:
        lines = []
        while (line := self._line()) != b".":
            if line.startswith(b".") and not line.startswith(b".."):
                raise DifferenceError("a line that is not stuffed: {}", line)
            lines.append(line.removeprefix(b"."))
        return lines

    def _line(self) -> bytes:
        line, end, self._said = self._said.partition(b"\r\n")
        if not end:
            raise DifferenceError("not a whole line: {}", line)
        return line

    def _same(self, expected: object, said: object) -> None:
        if expected != said:
            raise DifferenceError("the model: {}; the server: {}", expected, said)


def _known(line: str) -> str:
    return "IMPLEMENTATION" if line.startswith("IMPLEMENTATION ") else line
