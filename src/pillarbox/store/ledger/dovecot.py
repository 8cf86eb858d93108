"""Dovecot's `dovecot-uidlist` in a Maildir, versions 1 and 3. Pure.

It has IMAP's UIDs; POP3's unique-ids are made of them by the setting `pop3_uidl_format`. Where a
record has a P field, that is the unique-id, whatever the setting says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pillarbox.base.errors import OperatorFault
from pillarbox.store.ledger.entries import Entry, base_name, not_understood

DEFAULT_FORMAT = "%08Xu%08Xv"  # eight hexadecimal digits of the UID, eight of the validity
FIRST_LINE = re.compile(r"3 (?P<fields>.*)|1 (?P<validity>\d+) \d+(?: .*)?")
VALIDITY = re.compile(r"V(\d+)")
RECORD = re.compile(r"(?P<uid>\d+) (?P<fields>(?:[^: ][^ ]* )*):(?P<file>.+)")
OLD_RECORD = re.compile(r"(?P<uid>\d+) (?P<fields>)(?P<file>.+)")
VARIABLE = re.compile(r"%(?P<zeros>0?)(?P<width>\d*)(?P<hex>X?)(?P<name>[uvfg%])")


@dataclass(frozen=True, slots=True)
class Record:
    """One message; `fields` by their letters."""

    uid: int
    fields: Mapping[str, str]
    file: str
    line: int


def is_ours(first_line: str) -> bool:
    """Say whether a file that starts so is such a list."""
    return FIRST_LINE.fullmatch(first_line) is not None


def read(lines: Iterable[str], uidl_format: str = DEFAULT_FORMAT) -> Iterator[Entry]:
    """Yield an entry for each record, in their order; raises OperatorFault."""
    unique_id_of = _maker(uidl_format)
    numbered = enumerate(lines, start=1)
    validity, record = _header(next(numbered, (1, ""))[1])
    for number, line in numbered:
        if line:
            found = _record(record, number, line)
            saved = found.fields.get("P")
            unique_id = saved if saved is not None else unique_id_of(found, validity)
            yield Entry(unique_id, number, file=base_name(found.file))


def _header(line: str) -> tuple[int, re.Pattern[str]]:
    found = FIRST_LINE.fullmatch(line)
    if found is None:
        raise not_understood(1)
    if found["validity"]:
        return int(found["validity"]), OLD_RECORD
    validity = [each[1] for field in found["fields"].split() if (each := VALIDITY.fullmatch(field))]
    if not validity:
        raise not_understood(1)
    return int(validity[0]), RECORD


def _record(form: re.Pattern[str], number: int, line: str) -> Record:
    found = form.fullmatch(line)
    if found is None:
        raise not_understood(number)
    fields = {field[0]: field[1:] for field in found["fields"].split()}
    return Record(int(found["uid"]), fields, found["file"], number)


def _maker(uidl_format: str) -> Callable[[Record, int], str]:
    """Return what makes a unique-id, as Dovecot's variables %u, %v, %f and %g say."""
    if "%" in VARIABLE.sub("", uidl_format):
        raise OperatorFault(
            "{format!r} has a variable other than %u, %v, %f and %g. Save the unique-ids as a TSV"
            " instead.",
            format=uidl_format,
        )

    def make(record: Record, validity: int) -> str:
        base = base_name(record.file)
        values: dict[str, int | str] = {
            "u": record.uid,
            "v": validity,
            "f": base,
            "g": record.fields.get("G", base),
            "%": "%",
        }
        return VARIABLE.sub(lambda found: _shown(found, values[found["name"]]), uidl_format)

    return make


def _shown(found: re.Match[str], value: int | str) -> str:
    if isinstance(value, str):
        return value
    text = format(value, "x") if found["hex"] else str(value)
    width = int(found["width"] or 0)
    return text.rjust(width, "0" if found["zeros"] else " ")
