"""Version 1: one line of text, such as `PROXY TCP4 192.0.2.1 198.51.100.1 56324 995`.

Section 2.1 of HAProxy's document is the grammar. Numbers are canonical, and both addresses are of
the family that is named; anything else could be read in two ways.
"""

import re
from ipaddress import IPv4Address, IPv6Address

from pillarbox.wire.proxy.header import Header, Malformed, origin

SIGNATURE = b"PROXY "
LINE_OCTETS = 107  # section 2.1: the longest line, its CRLF included
LAST_PORT = 65_535

# "UNKNOWN": the proxy does not know, and whatever it says up to the CRLF is to be ignored.
UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: .*)?", re.DOTALL)
KNOWN = re.compile(
    r"PROXY TCP(?P<family>[46])"
    r" (?P<source>[0-9A-Fa-f:.]+) (?P<target>[0-9A-Fa-f:.]+)"
    r" (?P<port>0|[1-9][0-9]{0,4}) (?P<target_port>0|[1-9][0-9]{0,4})"
)
FAMILIES: dict[str, type[IPv4Address | IPv6Address]] = {"4": IPv4Address, "6": IPv6Address}


def read_line(line: bytes) -> Header | Malformed:
    """Return what a line says, which is given without its CRLF."""
    if UNKNOWN.fullmatch(line):
        return Header()
    found = KNOWN.fullmatch(line.decode("latin-1"))
    if found is None or max(int(found["port"]), int(found["target_port"])) > LAST_PORT:
        return Malformed()
    family = FAMILIES[found["family"]]
    try:
        source, _ = family(found["source"]), family(found["target"])
    except ValueError:
        return Malformed()
    return Header(origin(source, int(found["port"])))
