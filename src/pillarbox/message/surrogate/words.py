"""Text beyond ASCII as encoded words, and header lines that are folded as they are written.

RFC 2047: an encoded word is at most 75 characters, a line that holds one at most 76, and no
character is cut in two. What is ASCII already is written as it stands.
"""

import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

LINE = 76  # RFC 2047, section 2
ENCODED_LINE = LINE - 4  # leaves room for what may stand right behind a word: `)`, `,`, `);`
AROUND = len("=?UTF-8?Q??=")
REST = ENCODED_LINE - 1  # on a line of its own, behind the space that folds
SPACES = ENCODED_LINE // 2  # before a word, where a line starts with them
LEAST = AROUND + 12  # one character of four octets in Q, the longest there is

# RFC 2047, section 5 (3): what may stand for itself wherever an encoded word may stand.
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
ENCODED_WORD = r"=\?[^?\s]+\?[BbQq]\?[^?\s]*\?="
STARTS_ENCODED = re.compile(ENCODED_WORD)
ENDS_ENCODED = re.compile(ENCODED_WORD + r"\Z")
SPACED = re.compile(r"([ \t]*)([^ \t]*)")


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text without a place to fold, and the white space before it."""

    space: str
    literal: str  # as it was written
    text: str  # what it says: a quoted string without its quotes

    @property
    def is_plain(self) -> bool:
        """Say whether it can stay as it was written."""
        return self.literal.isascii()


class FieldWriter:
    """Writes one header field, folding only where there is white space."""

    def __init__(self, start: str) -> None:
        self._parts = [start]  # the name and its colon; nothing where the line is no field
        self._column = self._start_column = len(start)
        self._is_first = bool(start)
        self._space = ""
        self._unit: list[str] = []  # literals with no white space between them fold as one

    def literal(self, space: str, text: str) -> None:
        """Write ASCII as it is; a fold may come before white space."""
        if space or self._is_first:
            self._flush()
            self._space = space or " "
        self._is_first = False
        self._unit.append(text)

    def encoded(self, space: str, text: str) -> None:
        """Write text as encoded words; where there is no room, on a line of their own."""
        self._flush(0 if space else LEAST + LINE - ENCODED_LINE)
        if self._is_first:
            space = space or " "
        if len(space) > SPACES:
            # So much is shown, but would leave no room on any line.
            space, text = " ", space[1:] + text
        if self._column and ENCODED_LINE - self._column - len(space) < LEAST:
            self._write("\r\n")
            space = space or " "
        self._is_first = False
        self._write(space)
        for number, word in enumerate(_encoded_words(text, ENCODED_LINE - self._column)):
            self._write(f"\r\n {word}" if number else word)

    def words(self, words: Iterable[Word]) -> None:
        """Write words; a run of those beyond ASCII is encoded with the spaces inside it."""
        for run in _runs(list(words)):
            if run.is_plain:
                self.literal(run.space, run.literal)
            else:
                self.encoded(run.space, run.text)

    def unstructured(self, text: str) -> None:
        """Write text that has no syntax: RFC 2047, section 5 (1)."""
        self.words(spaced(text))

    def finish(self) -> str:
        """Return the field with its line end."""
        self._flush()
        return "".join(self._parts) + "\r\n"

    def _flush(self, behind: int = 0) -> None:
        """Write what is held; so many characters more must stand right behind it."""
        unit = "".join(self._unit)
        self._unit.clear()
        if self._space and unit and not self._fits(len(unit) + behind):
            self._write("\r\n")
        self._write(self._space + unit)
        self._space = ""

    def _fits(self, characters: int) -> bool:
        # The first word stays on the field's own line: some readers take an empty one for the end.
        is_alone = self._column == self._start_column
        return is_alone or self._column + len(self._space) + characters <= LINE

    def _write(self, text: str) -> None:
        self._parts.append(text)
        _, found, behind = text.rpartition("\n")
        self._column = len(behind) if found else self._column + len(text)


def spaced(text: str) -> list[Word]:
    """Cut text at its white space; what ends in white space ends in an empty word."""
    found = [Word(space, word, word) for space, word in SPACED.findall(text)]
    return found[:-1] if found and not found[-1].space + found[-1].literal else found


def _runs(words: list[Word]) -> Iterator[Word]:
    """Yield plain words as they are, and neighbours that are not as one word."""
    at = 0
    for is_plain, group in groupby(words, key=lambda word: word.is_plain):
        run = list(group)
        if is_plain:
            yield from run
        else:
            yield _run(words, at, at + len(run))
        at += len(run)


def _run(words: list[Word], start: int, end: int) -> Word:
    space = words[start].space
    text = "".join(word.space + word.text for word in words[start:end]).removeprefix(space)
    # RFC 2047, section 6.2: space between two encoded words is not shown, so it moves into ours.
    if start and ENDS_ENCODED.search(words[start - 1].literal):
        space, text = " ", space + text
    if end < len(words) and STARTS_ENCODED.match(words[end].literal):
        text += words[end].space
    return Word(space, words[start].literal, text)


def _encoded_words(text: str, room: int) -> Iterator[str]:
    """Yield encoded words, the first of at most `room` characters, in the shorter encoding."""
    if sum(map(_q_octets, text)) <= 4 * ((len(text.encode()) + 2) // 3):
        for piece in _pieces(text, _q_octets, room - AROUND, REST - AROUND):
            yield f"=?UTF-8?Q?{''.join(map(_q, piece))}?="
    else:
        for piece in _pieces(text, _octets, _in_b(room - AROUND), _in_b(REST - AROUND)):
            yield f"=?UTF-8?B?{binascii.b2a_base64(piece.encode(), newline=False).decode()}?="


def _pieces(text: str, octets: Callable[[str], int], first: int, rest: int) -> Iterator[str]:
    """Cut text between characters into pieces of so many octets at most."""
    start, left = 0, first
    for at, character in enumerate(text):
        left -= octets(character)
        if left < 0:
            yield text[start:at]
            start, left = at, rest - octets(character)
    yield text[start:]


def _in_b(characters: int) -> int:
    return characters // 4 * 3


def _octets(character: str) -> int:
    return len(character.encode())


def _q_octets(character: str) -> int:
    return len(_q(character))


def _q(character: str) -> str:
    if character in PLAIN:
        return character
    return "_" if character == " " else "".join(f"={octet:02X}" for octet in character.encode())
