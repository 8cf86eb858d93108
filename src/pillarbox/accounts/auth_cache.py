"""Main passwords that were right a moment ago, so that a poll a minute costs one slow hash in five.

No password is held: its HMAC-SHA-256 under a key that this process made and nobody else has. The
HMAC covers whose it is as well, and each account has one place for each mechanism; what is there
counts for one edition of the account's credentials only. Only what was let in is ever held: a wrong
password always costs the slow work.
"""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from pillarbox.base.clock import Clock
from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret

MOST_SECONDS = 300
MOST = 10_000  # accounts; the one that was right the longest ago is forgotten
KEY_OCTETS = 32  # as long as the hash: RFC 2104, section 3


@dataclass(frozen=True, slots=True)
class Credential:
    """Whose password is tried, in which way, and which edition of it is in force."""

    account: AccountId
    mechanism: str
    edition: int

    @property
    def place(self) -> tuple[AccountId, str]:
        """Where it is held."""
        return self.account, self.mechanism


@dataclass(frozen=True, slots=True)
class _Right:
    edition: int
    mark: bytes = field(repr=False)
    at: float


class AuthCache:
    """What was right in the last `seconds`, at most five minutes; 0 holds nothing."""

    def __init__(self, clock: Clock, seconds: int, most: int = MOST) -> None:
        self._clock = clock
        self._seconds = min(seconds, MOST_SECONDS)
        self._most = most
        self._key = secrets.token_bytes(KEY_OCTETS)
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[AccountId, str], _Right] = OrderedDict()

    def is_right(self, credential: Credential, password: Secret) -> bool:
        """Say whether this password was right for this credential a moment ago."""
        return bool(self.compared(credential, password))

    def compared(self, credential: Credential, password: Secret) -> bool | None:
        """Say the same; None where nothing was right a moment ago that it could differ from."""
        with self._lock:
            self._drop_old()
            held = self._held.get(credential.place)
            if held is not None and held.edition != credential.edition:
                del self._held[credential.place]
                held = None
        if held is None:
            return None
        return hmac.compare_digest(held.mark, self._mark(credential, password))

    def hold(self, credential: Credential, password: Secret) -> None:
        """Note that this password was right."""
        if not self._seconds:
            return
        right = _Right(credential.edition, self._mark(credential, password), self._clock.now())
        with self._lock:
            self._drop_old()
            self._held.pop(credential.place, None)
            while len(self._held) >= self._most:
                self._held.popitem(last=False)
            self._held[credential.place] = right

    def drop_old(self) -> None:
        """Forget what has been held for long enough."""
        with self._lock:
            self._drop_old()

    def _drop_old(self) -> None:
        now = self._clock.now()
        while self._held:
            place, right = next(iter(self._held.items()))
            # Not from the future either: the clock was set back since.
            if right.at <= now < right.at + self._seconds:
                return
            del self._held[place]

    def _mark(self, credential: Credential, password: Secret) -> bytes:
        text = covered(credential) + password.reveal()
        return hmac.new(self._key, text, hashlib.sha256).digest()


def covered(credential: Credential) -> bytes:
    """Return what says whose a password is: of no two credentials the same, nor a part of it."""
    # No mechanism's name has a NUL in it.
    return b"%d\0%s\0%d\0" % (
        credential.account,
        credential.mechanism.encode("ascii"),
        credential.edition,
    )
