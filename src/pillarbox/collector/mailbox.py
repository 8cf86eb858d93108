"""What a session needs of a conversation with a server, whatever it speaks."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from types import TracebackType
from typing import Protocol, Self

from pillarbox.base.secret import Secret
from pillarbox.client.listing import Listing


class Facts(Protocol):
    """What the server says of its manners."""

    @property
    def login_delay_seconds(self) -> int | None:
        """The least time between two logins; RFC 2449, section 6.5. None: it says nothing."""
        ...

    @property
    def expire_days(self) -> int | None:
        """After how long it removes mail itself; RFC 2449, section 6.7. None: never, or unsaid."""
        ...


class Mailbox(Protocol):
    """One conversation; leaving its context ends it, and removes nothing that QUIT did not.

    Every call may raise a PeerFault; then only leaving is of use. RefusedFault is the exception:
    the server said no, and the next call is welcome.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def login(self, name: str, password: Secret) -> None:
        """Return once the maildrop is ours."""
        ...

    async def facts(self) -> Facts:
        """Return what the server announces now."""
        ...

    async def listing(self) -> Listing:
        """Return what is there by number, which has the oldest first."""
        ...

    async def top(self, number: int, lines: int) -> bytes:
        """Return the header and so many lines, or the first 65,536 octets of that."""
        ...

    def headers(self, numbers: Iterable[int]) -> AsyncGenerator[tuple[int, bytes | None], None]:
        """Yield each number and its header, as `top` gives it; None where it is refused."""
        ...

    def retrieve(
        self, numbers: Iterable[int]
    ) -> AsyncGenerator[tuple[int, AsyncIterator[bytes]], None]:
        """Yield each number and its message's octets, in chunks that raise RefusedFault."""
        ...

    async def unique_ids(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return what the server says now; a number that it refuses is left out."""
        ...

    async def delete(self, numbers: Iterable[int]) -> list[int]:
        """Mark messages; return those that the server marked."""
        ...

    async def noop(self) -> None:
        """Do nothing, so that the server does not think that we are gone."""
        ...

    async def quit(self) -> bool:
        """Return whether the server says that all that was marked is removed."""
        ...
