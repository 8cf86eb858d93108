"""Every field of a header, for whoever looks for one by its name. Never raises."""

import re
from dataclasses import dataclass
from datetime import datetime

from pillarbox.message.headers import field_date, field_text

LINE_END = re.compile(rb"\r?\n")
# RFC 5322, section 2.2; with space before the colon, which section 4.5 has readers take.
FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
# A line of mbox, which is no field, and which servers leave in front of a message.
MBOX_LINE = re.compile(rb">?From ")


@dataclass(frozen=True, slots=True)
class Fields:
    """Each field's name in lower case and its octets unfolded, in the order of the header."""

    pairs: tuple[tuple[str, bytes], ...]

    def texts(self, name: str) -> list[str]:
        """Return the decoded text of each field of this name, which is in lower case."""
        return [field_text(octets) for found, octets in self.pairs if found == name]

    def date(self) -> datetime | None:
        """Return what the first Date field says; None where none can be read."""
        dates = (octets for found, octets in self.pairs if found == "date")
        return field_date(next(dates, b""))


def read_fields(octets: bytes) -> Fields | None:
    """Return the fields of a header, up to its end; None where a line of it is part of no field."""
    pairs: list[tuple[str, list[bytes]]] = []
    for number, line in enumerate(LINE_END.split(octets)):
        if not line:
            break
        if line[:1] in b" \t" and pairs:
            pairs[-1][1].append(line)
        elif field := FIELD.fullmatch(line):
            pairs.append((field[1].decode("ascii").lower(), [field[2]]))
        elif number or not MBOX_LINE.match(line):
            return None
    return Fields(tuple((name, b"".join(parts).strip()) for name, parts in pairs))
