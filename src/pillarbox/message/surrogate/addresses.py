"""Address lists without anything beyond ASCII: RFC 6857, sections 3.1.6 to 3.1.9.

A name becomes encoded words. A domain becomes A-labels where the local part is ASCII. An address
whose local part is not cannot be said in ASCII: it becomes the name of an empty group, which people
can read and no program can reply to.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from pillarbox.message.surrogate.tokens import Kind, Token, is_plain, write_tokens
from pillarbox.message.surrogate.words import FieldWriter

# RFC 5892, section 2.1: the categories of what a U-label may hold, and the hyphen.
LETTERS_AND_DIGITS = frozenset(("Ll", "Lo", "Lm", "Mn", "Mc", "Nd"))
LABEL_OCTETS = 63  # RFC 1035, section 2.3.4
LOCAL_AT_DOMAIN = 3  # the tokens of an address that stands alone
NO_ADDRESS = Token(" ", Kind.SPECIAL, ":;")  # an empty group; its name stands before it


def write_addresses(writer: FieldWriter, found: Sequence[Token]) -> None:
    """Write an address list; what is no address is written as the words it consists of."""
    write_tokens(writer, [token for entry in _entries(found) for token in _entry(entry)])


def _entries(found: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield mailboxes, whole groups, and the commas between them."""
    start, is_inside, is_group = 0, False, False
    for at, token in enumerate(found):
        if token.is_special("<>"):
            is_inside = token.text == "<"
        elif is_inside:
            continue
        elif token.is_special(":"):
            is_group = True
        elif token.is_special(",") and not is_group:
            yield found[start:at]
            yield [token]
            start = at + 1
        elif token.is_special(";"):
            yield found[start : at + 1]
            start, is_group = at + 1, False
    yield found[start:]


def _entry(entry: Sequence[Token]) -> Sequence[Token]:
    if is_plain(entry):
        return entry
    colon = _find(entry, ":")
    opening = _find(entry, "<")
    if colon is not None and (opening is None or colon < opening):
        return _group(entry, colon)
    return _mailbox(entry)


def _mailbox(entry: Sequence[Token]) -> Sequence[Token]:
    if is_plain(entry):
        return entry
    opening = _find(entry, "<")
    return _bare(entry) if opening is None else _named(entry, opening)


def _group(entry: Sequence[Token], colon: int) -> Sequence[Token]:
    end = len(entry) - entry[-1].is_special(";")
    members = entry[colon + 1 : end]
    # Groups do not nest: RFC 5322, section 3.4; RFC 6857, section 3.1.8. A colon inside one means
    # nothing, so that a thousand of them cost no more than any other thousand characters.
    kept = [token for member in _entries(members) for token in _mailbox(member)]
    if NO_ADDRESS in kept:
        return [*entry[:colon], _word(members), NO_ADDRESS]
    return [*entry[: colon + 1], *kept, *entry[end:]]


def _named(entry: Sequence[Token], opening: int) -> Sequence[Token]:
    closing = _find(entry, ">")
    if closing is None or closing < opening:
        return entry
    inside = entry[opening + 1 : closing]
    if is_plain(inside):
        return entry
    address = _in_ascii(_said(inside))
    if address is None:
        return [*entry[:opening], _word(inside), NO_ADDRESS, *entry[closing + 1 :]]
    return [*entry[: opening + 1], Token("", Kind.ATOM, address), *entry[closing:]]


def _bare(entry: Sequence[Token]) -> Sequence[Token]:
    core = [token for token in entry if token.kind is not Kind.COMMENT]
    comments = [token for token in entry if token.kind is Kind.COMMENT]
    if len(core) != LOCAL_AT_DOMAIN or not core[1].is_special("@"):
        return entry
    address = _in_ascii(_said(core))
    if address is None:
        return [_word(core), NO_ADDRESS, *comments]
    return [Token(core[0].space, Kind.ATOM, address), *comments]


def _find(entry: Sequence[Token], special: str) -> int | None:
    return next((at for at, token in enumerate(entry) if token.is_special(special)), None)


def _said(found: Sequence[Token]) -> str:
    words = (token.space + token.text for token in found if token.kind is not Kind.COMMENT)
    return "".join(words).strip(" \t")


def _word(found: Sequence[Token]) -> Token:
    return Token(" ", Kind.ATOM, _said(found))


def _in_ascii(address: str) -> str | None:
    """Return an address with A-labels; None where there is no such address."""
    local, _, domain = address.rpartition("@")
    labels = [_a_label(label) for label in domain.split(".")]
    if not local or not local.isascii() or None in labels:
        return None
    return f"{local}@{'.'.join(label or '' for label in labels)}"


def _a_label(label: str) -> str | None:
    """Return a domain's label in ASCII: RFC 5891, section 5; None where it is no U-label.

    A label in capitals is taken for what people mean by it; nothing else is mapped.
    """
    if label.isascii():
        return label
    if len(label) > LABEL_OCTETS:  # first: the work below grows with the square of it
        return None
    small = unicodedata.normalize("NFC", label.lower())
    if any(
        unicodedata.category(letter) not in LETTERS_AND_DIGITS for letter in small if letter != "-"
    ):
        return None
    a_label = "xn--" + small.encode("punycode").decode("ascii")
    return a_label if len(a_label) <= LABEL_OCTETS else None
