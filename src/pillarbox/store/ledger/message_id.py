"""The Message-ID of a message, for lists that know messages by nothing else. Pure."""

import re

HEADER_OCTETS = 65_536  # what is looked at
FIELD = re.compile(rb"(?im)^message-id[ \t]*:(?:[ \t]|\r?\n[ \t])*(<[^<>\r\n]*>)")
HEADER_END = re.compile(rb"(?:\A|\r?\n)\r?\n")


def message_id_of(octets: bytes) -> str | None:
    """Return what stands in the Message-ID field, with its brackets; None where there is none."""
    header = HEADER_END.split(octets[:HEADER_OCTETS], maxsplit=1)[0]
    found = FIELD.search(header)
    return found[1].decode("utf-8", "surrogateescape") if found else None
