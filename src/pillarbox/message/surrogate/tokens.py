"""Structured header fields cut into tokens: RFC 5322, section 3.2, with UTF-8 as in RFC 6532."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from pillarbox.message.surrogate.words import FieldWriter, Word, spaced

TOKEN = re.compile(
    r"""(?P<QUOTED>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<SPECIAL>[,:;<>@])"""
    r"""|(?P<ATOM>\[[^\[\]]*\]|\[|[^ \t"(,:;<>@\[]+)""",
    re.DOTALL,
)
PARENTHESES = re.compile(r"\\.|[()]", re.DOTALL)
QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


class Kind(Enum):
    """What a token is; a domain literal counts as an atom."""

    ATOM = auto()
    QUOTED = auto()
    SPECIAL = auto()
    COMMENT = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token as it was written, and the white space before it."""

    space: str
    kind: Kind
    text: str

    def is_special(self, characters: str) -> bool:
        """Say whether it is one of these specials."""
        return self.kind is Kind.SPECIAL and self.text in characters


def tokens(text: str) -> list[Token] | None:
    """Return the tokens; None where a quoted string or a comment has no end."""
    found: list[Token] = []
    at = 0
    while (token := _token(text, at)) and token.text:
        found.append(token)
        at += len(token.space) + len(token.text)
    return found if token else None


def is_plain(found: Sequence[Token]) -> bool:
    """Say whether there is nothing beyond ASCII, comments apart."""
    return all(token.text.isascii() for token in found if token.kind is not Kind.COMMENT)


def unquoted(text: str) -> str:
    """Return what a quoted string or the inside of a comment says."""
    return QUOTED_PAIR.sub(r"\1", text)


def write_tokens(writer: FieldWriter, found: Sequence[Token]) -> None:
    """Write tokens; words and comments beyond ASCII become encoded words, the rest stays."""
    words: list[Word] = []
    for token in found:
        if token.kind is Kind.COMMENT or token.is_special(",:;<>"):
            writer.words(words)
            words.clear()
            _write_between(writer, token)
        else:
            _add(words, token)
    writer.words(words)


def _write_between(writer: FieldWriter, token: Token) -> None:
    if token.text.isascii():
        writer.literal(token.space, token.text)
        return
    inside = token.text[1:-1]
    writer.literal(token.space, "(")
    if PARENTHESES.search(inside):  # in one piece, lest half a pair is hidden in an encoded word
        said = unquoted(inside)
        writer.words([Word("", said, said)])
    else:
        writer.words(spaced(inside))
    writer.literal("", ")")


def _add(words: list[Word], token: Token) -> None:
    """Add a word; what has no white space between it is one word."""
    text = unquoted(token.text[1:-1]) if token.kind is Kind.QUOTED else token.text
    word = Word(token.space, token.text, text)
    if words and not token.space:
        last = words.pop()
        word = Word(last.space, last.literal + word.literal, last.text + word.text)
    words.append(word)


def _token(text: str, at: int) -> Token | None:
    """Return the token at a place, an empty one at the end, None where it is not whole."""
    start = _past_space(text, at)
    space = text[at:start]
    if text[start : start + 1] == "(":
        end = _comment_end(text, start)
        return Token(space, Kind.COMMENT, text[start:end]) if end else None
    match = TOKEN.match(text, start)
    if match is None:
        return Token(space, Kind.ATOM, "") if start == len(text) else None
    return Token(space, Kind[str(match.lastgroup)], match[0])


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1] in {" ", "\t"}:
        at += 1
    return at


def _comment_end(text: str, start: int) -> int | None:
    depth = 0
    for match in PARENTHESES.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    return None
