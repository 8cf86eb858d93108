"""Parameters of MIME fields without anything beyond ASCII: RFC 2231, as RFC 6857, 3.1.5 has it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pillarbox.message.surrogate.tokens import tokens, unquoted, write_tokens
from pillarbox.message.surrogate.words import LINE, FieldWriter

PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|;|[^;"]+', re.DOTALL)
# RFC 2231, sections 3 and 4: a number where a value is in pieces, a star where it is encoded.
PARAMETER = re.compile(r"([!-)+-:<>-~]+)(?:\*([0-9]{1,4}))?(\*)?[ \t]*=[ \t]*(.*)", re.DOTALL)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)', re.DOTALL)
COMMENT = re.compile(r"(?<=[ \t])\(")
LABELLED = re.compile(rb"([ -&(-~]*'[ -&(-~]*')(.*)", re.DOTALL)
PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
LABEL = b"UTF-8''"

# RFC 2231, section 7: attribute-char.
PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")
CHARACTER = re.compile(rb"[\x00-\xff][\x80-\xbf]{0,3}", re.DOTALL)
AROUND = len(" ;")

Key = tuple[str, bool] | int  # what is one value: a name, and whether it is whole


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as it was written, and what it says."""

    raw: str
    name: str  # nothing where it is none
    section: int  # RFC 2231, section 3
    is_labelled: bool  # RFC 2231, section 4: in percent encoding, the charset in front
    is_whole: bool  # neither in sections nor labelled
    value: str


def parameters(text: str) -> tuple[str, list[Parameter]]:
    """Return what stands before the first semicolon, and the parameters. Never raises."""
    first, *rest = _cut(text)
    return first, [_parameter(raw) for raw in rest]


def write_parameters(writer: FieldWriter, text: str) -> None:
    """Write a field's value and parameters; those that are ASCII stay as they are."""
    first, found = parameters(text)
    _write_piece(writer, first)
    together = _together(found)
    for same in together.values():
        one = same[0]
        if not one.name or all(parameter.value.isascii() for parameter in same):
            for parameter in same:
                writer.literal("", ";")
                _write_piece(writer, parameter.raw)
        elif not one.is_whole:
            _write_labelled(writer, same)
        elif (one.name.lower(), False) not in together:  # else the labelled one counts
            _write_labelled(writer, same[:1])


def _together(found: list[Parameter]) -> dict[Key, list[Parameter]]:
    """Return the sections of each value together; what is no parameter stands alone."""
    together: dict[Key, list[Parameter]] = {}
    for number, parameter in enumerate(found):
        key = (parameter.name.lower(), parameter.is_whole) if parameter.name else number
        together.setdefault(key, []).append(parameter)
    return together


def _cut(text: str) -> list[str]:
    pieces: list[list[str]] = [[]]
    for match in PIECE.finditer(text):
        if match[0] == ";":
            pieces.append([])
        else:
            pieces[-1].append(match[0])
    return ["".join(piece) for piece in pieces]


def _parameter(raw: str) -> Parameter:
    match = PARAMETER.fullmatch(raw.strip(" \t"))
    if match is None:
        return Parameter(raw, "", 0, is_labelled=False, is_whole=True, value=raw)
    name, section, star, said = match.groups()
    quoted = QUOTED.match(said)
    return Parameter(
        raw,
        name,
        int(section or 0),
        is_labelled=bool(star),
        is_whole=not section and not star,
        value=unquoted(quoted[1]) if quoted else _without_comment(said),
    )


def _without_comment(said: str) -> str:
    return COMMENT.split(said, maxsplit=1)[0].rstrip(" \t")


def _write_piece(writer: FieldWriter, raw: str) -> None:
    found = None if raw.isascii() else tokens(raw)
    if found is None:
        writer.unstructured(raw)
    else:
        write_tokens(writer, found)


def _write_labelled(writer: FieldWriter, same: list[Parameter]) -> None:
    """Write one value, in sections where it is long: RFC 2231, sections 3 and 4.1."""
    label, octets = _said(sorted(same, key=lambda parameter: parameter.section))
    characters = ["".join(map(_percent, found)) for found in CHARACTER.findall(octets)]
    name = same[0].name
    whole = f"{name}*={label}{''.join(characters)}"
    sections = [whole] if len(whole) <= LINE - AROUND else _sections(name, label, characters)
    for section in sections:
        writer.literal("", ";")
        writer.literal(" ", section)


def _said(same: list[Parameter]) -> tuple[str, bytes]:
    label, octets = LABEL, b""
    for number, parameter in enumerate(same):
        said = parameter.value.encode()
        if parameter.is_labelled:
            match = None if number else LABELLED.fullmatch(said)
            if match:
                label, said = match.groups()
            said = PERCENT.sub(_octet, said)
        octets += said
    return label.decode("ascii"), octets


def _sections(name: str, label: str, characters: list[str]) -> Iterator[str]:
    number, section = 0, f"{name}*0*={label}"
    for character in characters:
        if len(section) + len(character) > LINE - AROUND:
            yield section
            number += 1
            section = f"{name}*{number}*="
        section += character
    yield section


def _octet(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])


def _percent(octet: int) -> str:
    return chr(octet) if octet in PLAIN else f"%{octet:02X}"
