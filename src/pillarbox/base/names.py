"""Names of things that several rooms pass to each other."""

from dataclasses import dataclass
from typing import NewType

AccountId = NewType("AccountId", int)
DeviceId = NewType("DeviceId", int)
RemoteId = NewType("RemoteId", int)
SessionId = NewType("SessionId", str)  # a-z2-7, never given twice


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has been let in: an account, and the device whose app password it was."""

    account: AccountId
    device: DeviceId | None = None  # None: the main password, or a token


@dataclass(frozen=True, slots=True)
class SignIn:
    """How somebody tries to come in, whoever it is."""

    session: SessionId
    source: str  # an address, without a port
    protocol: str  # "pop3", "pop2" or "pop1"
    tls: str | None  # version and cipher suite; None: it could be read on the way
    mechanism: str = ""  # "USER", "APOP" or a SASL mechanism's name; "" while that is not known


@dataclass(frozen=True, slots=True)
class Ended:
    """Whose sessions are to end at once; later ones have greater numbers."""

    number: int
    account: AccountId
    device: DeviceId | None  # None: those of the main password
    is_whole_account: bool = False  # whichever password it was

    def concerns(self, identity: Identity) -> bool:
        """Return whether somebody's sessions are meant."""
        is_theirs = self.is_whole_account or self.device == identity.device
        return is_theirs and self.account == identity.account
