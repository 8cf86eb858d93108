"""What the server room asks about somebody who wants to come in."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, Protocol

from pillarbox.base.errors import Fault
from pillarbox.base.names import Identity, SignIn
from pillarbox.base.secret import Secret
from pillarbox.sasl.exchange import DigestProof, ScramAccount, ScramHash


class Denied(Enum):
    """Why somebody who has proved who they are may not come in all the same."""

    NOT_ACCEPTED = auto()  # the account, or the device, may not: now, from there, or in this way
    LOGIN_DELAY = auto()  # the last login was too short a time ago


@dataclass(frozen=True, slots=True)
class Admitted:
    """What holds for somebody who may come in."""

    login_delay_seconds: int = 0
    unnoted: Fault | None = None  # why the audit knows nothing of it


class Admission(Protocol):
    """Who may come in. Each call blocks; each raises StoreFault, and OperatorFault."""

    def try_password(self, name: str, password: Secret) -> Identity | None:
        """Return whose password it is, None where it is nobody's. Slow on purpose."""
        ...

    def recall(self, name: str, password: Secret) -> Identity | Literal[False] | None:
        """Return whose password it is where that can be told at once; None says nothing.

        False: it was compared with one that was right a moment ago, and is not that.
        """
        ...

    def try_digest(self, name: str, proof: DigestProof) -> Identity | None:
        """Return whose secret the proof was made with."""
        ...

    def find_scram(self, name: str, hash_: ScramHash) -> ScramAccount:
        """Return what proofs for a name are checked against; made up for an unknown name."""
        ...

    def try_token(self, name: str | None, token: Secret) -> Identity | None:
        """Return whose token it is."""
        ...

    def delay(self, name: str, sign_in: SignIn) -> float | None:
        """Return how many seconds to wait before an attempt is tried; None: not to try it.

        What is to be tried counts as a failure until `give_back` says otherwise.
        """
        ...

    def refused(self, name: str, sign_in: SignIn) -> None:
        """Note that what was tried was not accepted."""
        ...

    def give_back(self, sign_in: SignIn) -> None:
        """Note that what was to be tried was right, or was not tried after all."""
        ...

    def enter(self, name: str, identity: Identity, sign_in: SignIn) -> Admitted | Denied:
        """Note a login that is about to be answered +OK, or say why it may not be.

        Ask it last, so that a login that fails for another reason delays no later one.
        """
        ...
