"""Names of things that several rooms pass to each other."""

from dataclasses import dataclass
from typing import NewType

AccountId = NewType("AccountId", int)
DeviceId = NewType("DeviceId", int)
RemoteId = NewType("RemoteId", int)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has been let in: an account, and the device whose app password it was."""

    account: AccountId
    device: DeviceId | None = None  # None: the main password, or a token
