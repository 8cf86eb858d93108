"""What was sent that nobody else may read, and a server's words without it.

A server may repeat what it was sent, or a part of it, in a spelling of its own. What it says goes
into faults, and these onto a terminal and into the mail of a timer.
"""

import re
from collections.abc import Iterator

from pillarbox.base.base64 import encode
from pillarbox.base.secret import Secret
from pillarbox.sasl.saslprep import prepare_name, prepare_password
from pillarbox.wire.pop3.commands import Command, Pass
from pillarbox.wire.pop3.verbs import Apop, Auth, AuthResponse

SHOWN_CHARACTERS = 200  # of what the server says; it goes into one line of a terminal
LEFT_OUT = "***"

# In any text. Few words are so long, and what is made of a secret in a way that we did not think of
# is: a digest, base64 of another part of the line.
LONG = re.compile(r"[0-9A-Za-z+/=]{16,}")

# A quarter of a secret is too much, within these bounds: fewer characters are in any text by
# chance, and of a long token more would still be nobody's business.
FEWEST_CHARACTERS, MOST_CHARACTERS = 4, 8


class Sent:
    """What one connection has sent, in the spellings that a server may repeat it in."""

    def __init__(self) -> None:
        self._parts: dict[int, set[str]] = {}  # by how many characters they have

    def keep(self, secret: Secret) -> None:
        """Know a password or a token, as it is and as SASLprep makes it."""
        for octets in _spellings(secret.reveal()):
            self._keep(octets)
            self._keep_encoded(octets)

    def note(self, command: Command) -> None:
        """Know what a command carries."""
        match command:
            case Pass(password):
                self.keep(password)
            case Apop():
                self._keep(command.digest.encode("ascii"))
            case Auth(initial=Secret() as message) | AuthResponse(message):
                # As it is it holds the name too, which may be shown; the rest `keep` knows.
                self._keep_encoded(message.reveal())
            case _:
                return

    def shown(self, text: str) -> str:
        """Return what may be shown of a server's words.

        They are left out whole where they repeat a secret: to leave out the secret alone would tell
        which of the server's own words it resembles.
        """
        if self.is_in(text):
            return LEFT_OUT
        long = LONG.search(text)
        kept = text if long is None else text[: long.start()] + LEFT_OUT
        return kept[:SHOWN_CHARACTERS]

    def is_in(self, text: str) -> bool:
        """Say whether the text repeats a part of anything."""
        said = text.casefold()  # servers like capitals
        return any(
            not parts.isdisjoint(_parts(said, length)) for length, parts in self._parts.items()
        )

    def _keep_encoded(self, octets: bytes) -> None:
        self._keep(encode(octets))
        self._keep(octets.hex().encode("ascii"))

    def _keep(self, octets: bytes) -> None:
        # As wire.pop3.client reads it.
        text = octets.decode("utf-8", "replace")
        read = "".join(each if each.isprintable() else "\ufffd" for each in text).casefold()
        length = _telling_length(read)
        if length:
            self._parts.setdefault(length, set()).update(_parts(read, length))


def _telling_length(text: str) -> int:
    return min(len(text), max(FEWEST_CHARACTERS, min(len(text) // 4, MOST_CHARACTERS)))


def _parts(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


def _spellings(octets: bytes) -> set[bytes]:
    """Return what mechanisms may make of a secret; USER and PASS have it as a name is prepared."""
    stored, asked = prepare_password(octets), prepare_name(octets)  # RFC 6856, section 2.2
    return {octets, stored or octets, asked.encode("utf-8") if asked else octets}
