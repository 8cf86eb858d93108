"""The messages of SCRAM: RFC 5802, section 7, to the letter.

What is not exactly a message is None. Extensions that nobody knows may follow where the grammar
has them and mean nothing; the mandatory one (`m=`) and any attribute out of its place are refused.
"""

import re
from dataclasses import dataclass

from pillarbox.base.base64 import decode, encode
from pillarbox.sasl.saslname import SASLNAME, unescape

MESSAGE_OCTETS = 4096  # a name of 255 characters, all escaped or of four octets, fits three times
END_POINT = "tls-server-end-point"
_KNOWN = frozenset("anmrcsipve")  # section 5.1
_NONCE = r"r=(?P<nonce>[\x21-\x2b\x2d-\x7e]+)"
_BASE64 = r"[0-9A-Za-z+/]+=*"
_MORE = r"(?P<more>(?:,[A-Za-z]=[^\0,]+)*)"
_HEADER = rf"(?:(?P<flag>[ny])|p=(?P<binding>[0-9A-Za-z.-]+)),(?:a=(?P<acting_as>{SASLNAME}))?,"
_CLIENT_FIRST = re.compile(
    rf"(?P<header>{_HEADER})(?P<bare>n=(?P<name>{SASLNAME}),{_NONCE}{_MORE})"
)
_SERVER_FIRST = re.compile(
    rf"{_NONCE},s=(?P<salt>{_BASE64}),i=(?P<iterations>[1-9][0-9]{{0,9}}){_MORE}"
)
_CLIENT_FINAL = re.compile(
    rf"(?P<without_proof>c=(?P<binding>{_BASE64}),{_NONCE}{_MORE}),p=(?P<proof>{_BASE64})"
)
_SERVER_FINAL = re.compile(rf"(?:v=(?P<signature>{_BASE64})|e=[^\0,]+){_MORE}")


@dataclass(frozen=True, slots=True)
class ClientFirst:
    """The client's first message; `flag` is n, y or p, which names a binding."""

    header: str
    flag: str
    binding: str
    acting_as: str | None
    bare: str
    name: str
    nonce: str


@dataclass(frozen=True, slots=True)
class ServerFirst:
    """The server's first message."""

    nonce: str
    salt: bytes
    iterations: int


@dataclass(frozen=True, slots=True)
class ClientFinal:
    """The client's final message; `binding` is base64, to be compared as it is."""

    without_proof: str
    binding: str
    nonce: str
    proof: bytes


@dataclass(frozen=True, slots=True)
class ServerFinal:
    """The server's final message: its signature, None where it says an error instead."""

    signature: bytes | None


def in_base64(octets: bytes) -> str:
    """Return octets as a message holds them."""
    return encode(octets).decode("ascii")


def read_client_first(octets: bytes) -> ClientFirst | None:
    """Return the message, None where it is none."""
    parts = _match(_CLIENT_FIRST, octets)
    if parts is None:
        return None
    acting_as = parts["acting_as"]
    return ClientFirst(
        header=parts["header"],
        flag=parts["flag"] or "p",
        binding=parts["binding"] or "",
        acting_as=None if acting_as is None else unescape(acting_as),
        bare=parts["bare"],
        name=unescape(parts["name"]),
        nonce=parts["nonce"],
    )


def read_server_first(octets: bytes) -> ServerFirst | None:
    """Return the message, None where it is none."""
    parts = _match(_SERVER_FIRST, octets)
    salt = _octets(parts["salt"]) if parts else None
    if parts is None or salt is None:
        return None
    return ServerFirst(parts["nonce"], salt, int(parts["iterations"]))


def read_client_final(octets: bytes) -> ClientFinal | None:
    """Return the message, None where it is none."""
    parts = _match(_CLIENT_FINAL, octets)
    proof = _octets(parts["proof"]) if parts else None
    if parts is None or proof is None:
        return None
    return ClientFinal(parts["without_proof"], parts["binding"], parts["nonce"], proof)


def read_server_final(octets: bytes) -> ServerFinal | None:
    """Return the message, None where it is none."""
    parts = _match(_SERVER_FINAL, octets)
    if parts is None:
        return None
    if parts["signature"] is None:
        return ServerFinal(None)
    signature = _octets(parts["signature"])
    return None if signature is None else ServerFinal(signature)


def _octets(text: str) -> bytes | None:
    return decode(text.encode("ascii"))


def _match(grammar: re.Pattern[str], octets: bytes) -> re.Match[str] | None:
    if len(octets) > MESSAGE_OCTETS:
        return None
    try:
        parts = grammar.fullmatch(octets.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    return parts if parts and _may_follow(parts["more"]) else None


def _may_follow(extensions: str) -> bool:
    """Say whether all of them are unknown ones, and each is there once."""
    names = [extension[0] for extension in extensions.split(",")[1:]]
    return len(names) == len(set(names)) and _KNOWN.isdisjoint(names)
