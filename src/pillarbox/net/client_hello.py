"""A TLS ClientHello, read only for what decides how it is answered: RFC 8446, section 4.1.2.

OpenSSL reads it again and judges all the rest. Pure.
"""

from dataclasses import dataclass

# With the headers of its records. One with post-quantum keys and a session ticket has some 4,000.
HELLO_OCTETS = 16_384
FRAGMENT_OCTETS = 16_384  # RFC 8446, section 5.1
RECORD_HEADER_OCTETS = 5  # RFC 8446, section 5.1: type, version, length
MESSAGE_HEADER_OCTETS = 4  # RFC 8446, section 4: type, length

MAJOR = 3  # RFC 8446, section 5.1: of every version since SSL 3.0
HANDSHAKE = 22  # RFC 8446, section 5.1
CLIENT_HELLO = 1  # RFC 8446, section 4
SERVER_NAME = 0  # RFC 6066, section 3
HOST_NAME = 0  # RFC 6066, section 3
PROTOCOLS = 16  # RFC 7301, section 3.1


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client asks for; None where it does not say."""

    server_name: str | None  # in lower case
    protocols: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What came is no ClientHello, or one that is too long."""


class HelloReader:
    """Takes the first octets of a connection in any chunks, in bounded memory and time."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._message = bytearray()
        self._left = 0  # octets of the record that is being read
        self._spare = HELLO_OCTETS

    def feed(self, octets: bytes) -> ClientHello | Unreadable | None:
        """Return what the client asks for; None where more octets are needed."""
        self._octets += octets
        try:
            while missing := self._missing():
                if not self._take_part(missing):
                    return None
            return _read(bytes(self._message))
        except ValueError:
            return Unreadable()

    def _take_part(self, missing: int) -> bool:
        """Move on by a record's header or its octets; return whether there was enough for it."""
        if self._left:
            # What stands behind the message in its record is not read, however much came at once.
            part = self._take(min(missing, self._left))
            self._message += part
            self._left -= len(part)
            return bool(part)
        if len(self._octets) < RECORD_HEADER_OCTETS:
            _require(not self._octets or self._octets[0] == HANDSHAKE)
            return False
        header = self._take(RECORD_HEADER_OCTETS)
        kind, major = header[:2]
        self._left = int.from_bytes(header[3:])
        # RFC 8446, section 5.1: no empty fragments of a handshake.
        _require(kind == HANDSHAKE and major == MAJOR and 0 < self._left <= FRAGMENT_OCTETS)
        return True

    def _take(self, most: int) -> bytes:
        taken = bytes(self._octets[:most])
        del self._octets[:most]
        self._spare -= len(taken)
        _require(self._spare >= 0)
        return taken

    def _missing(self) -> int:
        """Return how many octets of the message are known to be still to come."""
        _require(not self._message or self._message[0] == CLIENT_HELLO)
        if len(self._message) < MESSAGE_HEADER_OCTETS:
            return MESSAGE_HEADER_OCTETS - len(self._message)
        count = int.from_bytes(self._message[1:MESSAGE_HEADER_OCTETS])
        _require(count <= HELLO_OCTETS)
        return MESSAGE_HEADER_OCTETS + count - len(self._message)


class _Octets:
    """Octets that are taken from the front; raises ValueError where there are not enough."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def __bool__(self) -> bool:
        return bool(self._octets)

    def take(self, count: int) -> bytes:
        _require(count <= len(self._octets))
        taken, self._octets = self._octets[:count], self._octets[count:]
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width))

    def vector(self, width: int) -> bytes:
        """Take a vector whose count of octets is written in front of it."""
        return self.take(self.number(width))


def _require(claim: object) -> None:
    if not claim:
        raise ValueError


def _read(message: bytes) -> ClientHello:
    body = _Octets(_Octets(message[1:]).vector(3))
    body.take(2 + 32)  # version and random
    body.vector(1)  # session id
    body.vector(2)  # cipher suites
    body.vector(1)  # compression methods
    extensions = _extensions(body.vector(2)) if body else {}
    _require(not body)
    name, protocols = extensions.get(SERVER_NAME), extensions.get(PROTOCOLS)
    return ClientHello(
        server_name=None if name is None else _server_name(name),
        protocols=None if protocols is None else _protocols(protocols),
    )


def _extensions(octets: bytes) -> dict[int, bytes]:
    left, found = _Octets(octets), dict[int, bytes]()
    while left:
        kind = left.number(2)
        _require(kind not in found)  # RFC 8446, section 4.2: not more than one of a type
        found[kind] = left.vector(2)
    return found


def _server_name(octets: bytes) -> str:
    """Return the one host's name: RFC 6066 defines no other kind, and allows one of a kind."""
    whole = _Octets(octets)
    names = _Octets(whole.vector(2))
    _require(names.number(1) == HOST_NAME)
    name = names.vector(2)
    _require(name and not names and not whole)
    return name.decode("ascii").lower()


def _protocols(octets: bytes) -> tuple[bytes, ...]:
    whole = _Octets(octets)
    left, found = _Octets(whole.vector(2)), list[bytes]()
    while left:
        found.append(left.vector(1))
    _require(found and all(found) and not whole)
    return tuple(found)
