"""What the dialogues cover: each verb in each place of a session, each with each shape. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.dialogues.exchanges import Exchange, Place, exchanges
from tests.dialogues.player import Dialogue

UNKNOWN, BLANK = "an unknown verb", "an empty line"
MOST = {  # how many arguments a verb takes
    **dict.fromkeys(["CAPA", "STLS", "UTF8", "STAT", "NOOP", "RSET", "LAST", "QUIT"], 0),
    **dict.fromkeys(["LANG", "USER", "PASS", "LIST", "UIDL", "RETR", "DELE"], 1),
    **dict.fromkeys(["APOP", "AUTH", "TOP"], 2),
}
VERBS = (*MOST, UNKNOWN, BLANK)
NUMBERED = ("LIST", "UIDL", "RETR", "DELE", "TOP")
LINE = re.compile(rb"( *)([0-9A-Za-z]*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """A line in parts: the verb as it is written, and all that is behind it."""

    line: bytes
    lead: bytes
    verb: bytes
    rest: bytes

    @property
    def words(self) -> list[bytes]:
        """Give the arguments."""
        return self.rest.split()

    @property
    def name(self) -> str:
        """Give the row of the matrix."""
        name = self.verb.decode().upper()
        return name if name in MOST else UNKNOWN if self.line else BLANK

    def has_word(self, pattern: bytes) -> bool:
        """Whether one of the arguments is like this."""
        return any(re.fullmatch(pattern, word) for word in self.words)


def _octets(count: int) -> Callable[[Said], bool]:
    return lambda said: len(said.line) + 2 == count  # RFC 2449, section 4: with the CRLF


def _number(pattern: bytes) -> Callable[[Said], bool]:
    return lambda said: said.has_word(pattern)


def _is_utf8(said: Said) -> bool:
    try:
        return not said.line.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


SHAPES: dict[str, Callable[[Said], bool]] = {
    "nothing behind it": lambda said: not said.rest,
    "one argument too many": lambda said: len(said.words) > MOST.get(said.name, 0),
    "a space at the end": lambda said: said.rest.endswith(b" "),
    "several spaces": lambda said: b"  " in said.rest.rstrip(b" "),
    "a TAB for the space": lambda said: said.rest.startswith(b"\t"),
    "a space before it": lambda said: bool(said.lead),
    "lower case": lambda said: said.verb.islower(),
    "mixed case": lambda said: said.verb not in {said.verb.lower(), said.verb.upper()},
    "UTF-8": _is_utf8,
    "octets that are no UTF-8": lambda said: not said.line.isascii() and not _is_utf8(said),
    "NUL": lambda said: b"\0" in said.line,
    "254 octets": _octets(254),
    "255 octets": _octets(255),
    "256 octets": _octets(256),
}
NUMBER_SHAPES: dict[str, Callable[[Said], bool]] = {
    "0": _number(rb"0"),
    "negative": _number(rb"-\d+"),
    "plus sign": _number(rb"\+\d+"),
    "leading zeros": _number(rb"0+[1-9]"),
    "2**31": _number(rb"2147483648"),
    "2**32 + 1": _number(rb"4294967297"),
    "10 digits": _number(rb"\d{10}"),
    "11 digits": _number(rb"\d{11}"),
    "full-width digit": _number("[０-９]+".encode()),
    "hexadecimal": _number(rb"0x\d+"),
    "no number": _number(rb"[a-z]+"),
}
STAGES = {
    place: "TRANSACTION" if place.value.startswith("TRANSACTION") else "AUTHORIZATION"
    for place in Place
    if place not in {Place.CHALLENGED, Place.OVER}  # where a line is no command
}
Cell = tuple[str, str, str]


def said(line: bytes) -> Said:
    """Take a line apart."""
    match = LINE.fullmatch(line)
    assert match
    return Said(line, *match.groups())


def places(dialogues: Iterable[Dialogue]) -> set[tuple[str, Place]]:
    """Return each verb that is said, with where."""
    return {(said(each.line).name, each.place) for each in _all(dialogues)}


def shapes(dialogues: Iterable[Dialogue]) -> set[Cell]:
    """Return each verb that is said and answered, with the state and how."""
    every = SHAPES | NUMBER_SHAPES
    return {
        (one.name, STAGES[each.place], shape)
        for each in _all(dialogues)
        if each.place in STAGES
        for one in [said(each.line)]
        for shape, is_so in every.items()
        if is_so(one)
    }


def every_place() -> set[tuple[str, Place]]:
    """Return all that should be covered: each verb in each place."""
    return {(verb, place) for verb in VERBS for place in Place}


def every_shape() -> set[Cell]:
    """Return all that should be covered: each verb in each state in each shape."""
    stages = set(STAGES.values())
    general = {(verb, stage, shape) for verb in VERBS[:-1] for stage in stages for shape in SHAPES}
    return general | {
        (verb, stage, shape) for verb in NUMBERED for stage in stages for shape in NUMBER_SHAPES
    }


def _all(dialogues: Iterable[Dialogue]) -> Iterator[Exchange]:
    for dialogue in dialogues:
        yield from exchanges(dialogue)
