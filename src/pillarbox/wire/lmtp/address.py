"""Mail addresses as MAIL and RCPT carry them: RFC 5321, section 4.1.2, and nothing more lenient.

Every pattern reads its input once; the command line's limit bounds what there is to read.
"""

import re
from dataclasses import dataclass

_ATOM = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_STRING = _ATOM + rb"(?:\." + _ATOM + rb")*"
_QUOTED = rb'"(?:[ !#-\[\]-~]|\\[ -~])*"'
# Underscores and hyphens at either end are in use, and nothing here depends on a name's form.
_NAME = rb"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_LITERAL = rb"\[[!-Z^-~]+\]"
# RFC 5321, appendix C: a source route is taken and ignored.
_ROUTE = rb"(?:@" + _NAME + rb"(?:,@" + _NAME + rb")*:)?"
_LOCAL = rb"(?P<local>" + _DOT_STRING + rb"|" + _QUOTED + rb")"
_DOMAIN = rb"(?:@(?P<domain>" + _NAME + rb"|" + _LITERAL + rb"))?"
PATH = re.compile(rb"<(?:" + _ROUTE + _LOCAL + _DOMAIN + rb")?>")
QUOTED_PAIR = re.compile(rb"\\(.)")

DOMAIN_OCTETS = 255  # RFC 5321, section 4.5.3.1.2
# A local part has no limit of its own: senders' tagged ones go past the 64 octets of section
# 4.5.3.1.1, which asks to take longer ones where that is possible.


@dataclass(frozen=True, slots=True)
class Address:
    """Whom a message is for or from; no octet of it is a control character.

    `domain` is None for a name alone, as local senders say it; RFC 5321, section 4.5.1, wants it
    for `postmaster`.
    """

    local_part: str  # without the quotes that it may have come in
    domain: str | None

    def __str__(self) -> str:
        return self.local_part if self.domain is None else f"{self.local_part}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Path:
    """An address in its angle brackets, None for `<>`, and what stands behind it."""

    address: Address | None
    rest: bytes


def read_path(octets: bytes) -> Path | None:
    """Return the path that `octets` start with, None where there is none."""
    match = PATH.match(octets)
    if match is None:
        return None
    local, domain = match["local"], match["domain"]
    if domain is not None and len(domain) > DOMAIN_OCTETS:
        return None
    rest = octets[match.end() :]
    if local is None:
        return Path(None, rest)
    return Path(Address(_unquoted(local), _text(domain)), rest)


def _text(octets: bytes | None) -> str | None:
    return None if octets is None else octets.decode("ascii")


def _unquoted(local: bytes) -> str:
    if local.startswith(b'"'):
        local = QUOTED_PAIR.sub(rb"\1", local[1:-1])
    return local.decode("ascii")
