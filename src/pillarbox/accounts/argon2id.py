"""The scheme "argon2id": RFC 9106, by argon2-cffi, in the PHC string format."""

import base64
import secrets
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError

from pillarbox.base.errors import StoreFault

# The OWASP minimum, not the low-memory profile of RFC 9106, section 4. A POP3 client logs in at
# every poll, so the verifier is paid for all day, while that profile's 64 MiB and 4 lanes take
# about four times as long and would start threads that a bounded pool does not see.
MEMORY_KIB = 19_456
PASSES = 2
LANES = 1


class PasswordScheme(Protocol):
    """Makes verifiers of passwords and tries passwords against them. Slow on purpose."""

    @property
    def name(self) -> str:
        """What the rows of this scheme are called."""
        ...

    def make(self, password: bytes) -> str:
        """Return a new verifier; raises StoreFault."""
        ...

    def is_right(self, verifier: str, password: bytes) -> bool:
        """Say whether the password is the verifier's; raises StoreFault where that is garbled."""
        ...

    def is_current(self, verifier: str) -> bool:
        """Say whether the verifier is as strong as a new one."""
        ...

    def decoy(self) -> str:
        """Return a verifier of no password, which costs as much to try as a new one."""
        ...


class Argon2id:
    """Argon2id with one set of parameters for new verifiers; old ones keep theirs."""

    name = "argon2id"

    def __init__(self, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(passes, memory_kib, LANES)

    def make(self, password: bytes) -> str:
        """Return a new verifier; raises StoreFault where memory is lacking."""
        try:
            return self._hasher.hash(password)
        except HashingError as error:
            raise StoreFault("A password could not be hashed: {why}.", why=error) from error

    def is_right(self, verifier: str, password: bytes) -> bool:
        """Say whether the password is the verifier's; raises StoreFault where that is garbled."""
        try:
            return self._hasher.verify(verifier, password)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            # Not "from": the error may quote the verifier.
            raise StoreFault(
                "A password could not be tried: memory is lacking or its verifier is damaged."
            ) from None

    def is_current(self, verifier: str) -> bool:
        """Say whether the verifier has the parameters of a new one."""
        return not self._hasher.check_needs_rehash(verifier)

    def decoy(self) -> str:
        """Return a verifier of no password: its hash is random, so making it costs nothing."""
        hasher = self._hasher
        parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
        return f"$argon2id$v=19${parameters}${_random(hasher.salt_len)}${_random(hasher.hash_len)}"


def _random(octets: int) -> str:
    return base64.b64encode(secrets.token_bytes(octets)).decode("ascii").rstrip("=")
