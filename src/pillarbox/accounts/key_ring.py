"""The keys of a master key file: lines of `ID BASE64KEY`, the first one current. Pure.

Later ones are old: nothing new is sealed under them, but what was sealed can still be opened.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

KEY_OCTETS = 32  # AES-256
KEY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Key:
    """One key and the name that rows call it by."""

    id: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class KeyRing:
    """One key or more, the current one first."""

    keys: tuple[Key, ...]

    @property
    def current(self) -> Key:
        """The key that new secrets are sealed under."""
        return self.keys[0]

    def find(self, key_id: str) -> Key | None:
        """Return the key of that name, None where it is not here."""
        return next((key for key in self.keys if key.id == key_id), None)

    def with_current(self, key: Key) -> "KeyRing":
        """Return a ring with a new key on top of the others."""
        return KeyRing((key, *self.keys))

    def without(self, key_ids: set[str]) -> "KeyRing":
        """Return a ring that lacks these keys; the current one always stays."""
        old = (key for key in self.keys[1:] if key.id not in key_ids)
        return KeyRing((self.current, *old))


WORDS = 2  # of a line: the key's id and the key


def parse_key_ring(octets: bytes, source: object) -> KeyRing:
    """Read a key file; raises OperatorFault, which names the source and line and shows neither."""
    keys: list[Key] = []
    for number, line in enumerate(octets.split(b"\n"), start=1):
        if not line.strip():
            continue
        key = _key(line)
        if key is None or any(key.id == other.id for other in keys):
            raise OperatorFault(
                "{path}, line {line}: this is not a new name and {octets} octets in base64.",
                path=source,
                line=number,
                octets=KEY_OCTETS,
            )
        keys.append(key)
    if not keys:
        raise OperatorFault("{path} holds no key. Restore it from a backup.", path=source)
    return KeyRing(tuple(keys))


def print_key_ring(ring: KeyRing) -> bytes:
    """Write a key file."""
    lines = (key.id.encode("ascii") + b" " + _base64(key) + b"\n" for key in ring.keys)
    return b"".join(lines)


def _key(line: bytes) -> Key | None:
    words = line.split()
    if len(words) != WORDS:
        return None
    key_id = words[0].decode("ascii", "replace")
    try:
        octets = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        return None
    is_right = KEY_ID.fullmatch(key_id) and len(octets) == KEY_OCTETS
    return Key(key_id, Secret(octets)) if is_right else None


def _base64(key: Key) -> bytes:
    return base64.b64encode(key.secret.reveal())
