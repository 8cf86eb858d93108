"""What a store can do for those who deliver mail and those who serve it; a port with back ends."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NewType, Protocol, Self

from pillarbox.base.errors import Fault
from pillarbox.base.names import AccountId, Identity, SessionId
from pillarbox.message.served import ServedForm
from pillarbox.store.blobs.port import BlobReader, Digest

MessageId = NewType("MessageId", int)


class MaildropInUseError(Fault):
    """Another session has the maildrop's lease; RFC 1939, section 4."""

    retry = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A message whose octets are durable, though no row names them yet."""

    digest: Digest
    octets: int  # as they came
    form: ServedForm


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a maildrop's view."""

    id: MessageId
    unique_id: str
    digest: Digest
    form: ServedForm


class Incoming(Protocol):
    """A message on its way in; leaving the context without `keep` leaves nothing."""

    def write(self, chunk: bytes) -> None:
        """Take the next octets, as they came; raises StoreFault."""
        ...

    def keep(self) -> Kept:
        """Return once the octets are durable; raises StoreFault where they may not be."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Maildrop(Protocol):
    """What one device sees, as it was at login, under an exclusive lease."""

    @property
    def messages(self) -> Sequence[Message]:
        """The fixed view, oldest first; message number n is messages[n - 1]."""
        ...

    @property
    def expire_days(self) -> int | None:
        """The fewest days that any message stays here; None is for ever. RFC 2449, section 6.7."""
        ...

    @property
    def is_cut(self) -> bool:
        """Whether more is to come in later sessions, by the octets that one session may have."""
        ...

    def commit(
        self,
        marked: Collection[Message],
        had: Collection[Message] = (),
        *,
        was_listed: bool = False,
    ) -> None:
        """Remove what is marked and nothing else, in one transaction that is durable on return.

        With it goes on record which messages the device has from now on: those it was sent whole.
        Where the client `was_listed` every unique-id and more is to come, what it left stands in
        the way of nothing any more.

        Raises StoreFault, and then removes none while the process lives. Where the disk failed in
        the last sync of the commit, all may be gone after a crash; never some.
        """
        ...

    def release(self) -> None:
        """Give the lease back; nothing is removed by it. Harmless when done twice."""
        ...


class Store(Protocol):
    """Maildrops and the blobs below them."""

    def incoming(self) -> Incoming:
        """Return a place for one new message."""
        ...

    def keep_all(self, messages: Sequence[bytes]) -> list[Kept]:
        """Return once several whole messages are durable, SHARED_BLOBS at most.

        Together they wait for less. Raises StoreFault where one of them may not be.
        """
        ...

    def deliver(self, kept: Kept, account: AccountId) -> str:
        """Add a kept message to an account's maildrop; return its unique-id once durable."""
        ...

    def read(self, digest: Digest) -> BlobReader:
        """Return a reader of a message's octets as they came; raises StoreFault."""
        ...

    def open_maildrop(self, identity: Identity, session: SessionId | None = None) -> Maildrop:
        """Take the lease and the view of a device, or of the main password.

        What is removed goes on record as that session's. Raises MaildropInUseError where another
        session has the same view.
        """
        ...
