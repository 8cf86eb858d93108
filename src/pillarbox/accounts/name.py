"""Names of accounts and of remotes: what people type, and what may stand in a path or an address.

Pure. ASCII alone, so that no two names look alike; without "+", which stays free for
sub-addresses (RFC 5233).
"""

import re

from pillarbox.base.errors import OperatorFault

NAME_OCTETS = 64  # RFC 5321, section 4.5.3.1.1: a local part; fits a USER line many times over
GRAMMAR = re.compile(r"[a-z0-9][a-z0-9._@-]*")


def read_name(text: str) -> str | None:
    """Return the name in its one spelling, None where it cannot be anyone's."""
    # ASCII first: lower() turns the Kelvin sign into a k.
    if not text.isascii() or len(text) > NAME_OCTETS:
        return None
    name = text.lower()
    return name if GRAMMAR.fullmatch(name) else None


def require_name(text: str) -> str:
    """Return the name in its one spelling; raises OperatorFault where it breaks the rules."""
    name = read_name(text)
    if name is None:
        raise OperatorFault(
            "{name!r} cannot be a name. Use 1 to {octets} of a-z, 0-9, dot, underscore, hyphen and"
            " @, with a letter or a digit first.",
            name=text,
            octets=NAME_OCTETS,
        )
    return name
