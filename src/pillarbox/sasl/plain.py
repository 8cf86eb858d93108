"""PLAIN: RFC 4616."""

from dataclasses import dataclass

from pillarbox.base.secret import Secret

PARTS = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """A name and the secret that goes with it."""

    name: str
    secret: Secret


def read_plain(response: Secret) -> Attempt | None:
    """Return the attempt that a client's message makes, None where it is no such message.

    Acting as somebody else (another authorization identity) is not offered.
    """
    parts = response.reveal().split(b"\0")
    if len(parts) != PARTS:
        return None
    acting_as, name, password = parts
    if not name or not password or acting_as not in {b"", name}:
        return None
    try:
        return Attempt(name.decode("utf-8"), Secret(password))
    except UnicodeDecodeError:
        return None


def write_plain(name: str, password: Secret) -> Secret:
    """Return the client's message; neither part may hold a NUL."""
    return Secret(b"\0" + name.encode("utf-8") + b"\0" + password.reveal())
