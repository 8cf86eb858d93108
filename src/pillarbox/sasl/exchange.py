"""What a mechanism's server side asks for while it runs, and how it ends. RFC 4422, section 3.

A mechanism is a generator: it yields what it needs and is sent the answer, and returns who has come
in, or why nobody has. Whoever runs it speaks the base64 and knows the accounts.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, Protocol

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret


class Refusal(Enum):
    """Why somebody was not let in."""

    NOT_ACCEPTED = auto()  # the name or the secret is wrong: nobody is told which
    TRY_LATER = auto()  # too many attempts wait, or the store does not answer
    TELL_ADMINISTRATOR = auto()  # the server cannot try, now or later
    BAD_RESPONSE = auto()  # what the client sent is no message of this mechanism


@dataclass(frozen=True, slots=True)
class Challenge:
    """Say this to the client. Answer: its response (Secret), decoded."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class TryPassword:
    """Try a name and a password. Answer: an Identity, or a Refusal."""

    name: str
    password: Secret


class DigestProof(Protocol):
    """A proof that can only be checked with the shared secret itself: CRAM-MD5, APOP."""

    def is_of(self, secret: Secret) -> bool:
        """Say, in constant time, whether it was made with this secret."""
        ...


@dataclass(frozen=True, slots=True)
class TryDigest:
    """Try a proof against the reversible secrets of a name. Answer: an Identity, or a Refusal."""

    name: str
    proof: DigestProof


class ScramHash(StrEnum):
    """The hashes of SCRAM: RFC 5802, RFC 7677; names in the database, never reused."""

    SHA_1 = "sha-1"
    SHA_256 = "sha-256"


@dataclass(frozen=True, slots=True)
class ScramVerifier:
    """What one credential is checked with: RFC 5802, section 3."""

    identity: Identity
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ScramAccount:
    """A name's salt and iteration count, shared by all its credentials of one hash.

    An unknown name has made-up ones that stay the same, and no verifiers.
    """

    salt: bytes
    iterations: int
    verifiers: Sequence[ScramVerifier]


@dataclass(frozen=True, slots=True)
class FindScram:
    """Find what a proof for a name is checked against. Answer: a ScramAccount, or a Refusal."""

    name: str
    hash: ScramHash


@dataclass(frozen=True, slots=True)
class TryToken:
    """Try a bearer token; a name, where one is given, must be the token's.

    Answer: an Identity, or a Refusal.
    """

    name: str | None
    token: Secret


Ask = TryPassword | TryDigest | FindScram | TryToken  # of the accounts
Step = Challenge | Ask
Exchange = Generator[Step, Any, Identity | Refusal]


def first_message(initial: Secret | None) -> Generator[Challenge, Any, Secret]:
    """Return the initial response; ask with nothing where none came: RFC 5034, section 4."""
    if initial is not None:
        return initial
    response: Secret = yield Challenge(b"")
    return response
