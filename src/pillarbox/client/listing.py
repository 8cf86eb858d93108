"""What is on a server, read from the lines of UIDL and LIST. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pillarbox.client.faults import BadListingFault

# RFC 1939, sections 5 and 7. Some servers put more than one space, or words behind.
LINE = re.compile(rb"[ \t]*([0-9]{1,10})[ \t]+([^ \t]+)(?:[ \t].*)?", re.DOTALL)
DIGITS = re.compile(rb"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Listed:
    """One message of this session.

    `octets` is what the server says, 0 where it says nothing useful. `unique_id` is None where the
    server has none; it never contains a space.
    """

    number: int
    octets: int
    unique_id: str | None


def read_listing(
    octet_lines: Iterable[bytes], unique_id_lines: Iterable[bytes] | None
) -> list[Listed]:
    """Return what the two listings say together, in the order of LIST; raises BadListingFault.

    `unique_id_lines` is None where the server has no UIDL.
    """
    octets = _by_number(octet_lines)
    unique_ids = {} if unique_id_lines is None else _by_number(unique_id_lines)
    numbers = octets | dict.fromkeys(unique_ids)  # a message may be in one of them alone
    return [
        Listed(
            number,
            _octets(octets.get(number, b"")),
            _unique_id(unique_ids[number]) if number in unique_ids else None,
        )
        for number in numbers
    ]


def read_named(text: str) -> tuple[int, str] | None:
    """Return the number and the unique-id in a reply to UIDL with a number, None without them."""
    read = LINE.fullmatch(text.encode("utf-8"))
    return None if read is None else (int(read[1]), _unique_id(read[2]))


def _by_number(lines: Iterable[bytes]) -> dict[int, bytes]:
    facts: dict[int, bytes] = {}
    for line in lines:
        read = LINE.fullmatch(line)
        if read is None or int(read[1]) in facts:
            raise BadListingFault("The server's listing cannot be understood.")
        facts[int(read[1])] = read[2]
    return facts


def _octets(word: bytes) -> int:
    return int(word) if DIGITS.fullmatch(word) else 0


def _unique_id(word: bytes) -> str:
    # RFC 1939 allows ASCII only; whatever else there is stays distinct.
    return word.decode("latin-1")
