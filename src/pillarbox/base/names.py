"""Names of things that several rooms pass to each other."""

from typing import NewType

AccountId = NewType("AccountId", int)
RemoteId = NewType("RemoteId", int)
