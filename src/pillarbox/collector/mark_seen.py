"""What is on a server now, for those who want none of it: listed, and nothing fetched."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from pillarbox.base.secret import Secret
from pillarbox.client.listing import Listed
from pillarbox.collector.plan import without_shared_names
from pillarbox.net.deadline import within


class Lister(AbstractAsyncContextManager["Lister", None], Protocol):
    """What is needed of a conversation; each verb may raise a PeerFault."""

    async def login(self, name: str, password: Secret) -> None:
        """Return once the maildrop is ours."""
        ...

    async def listing(self) -> list[Listed]:
        """Return what is there."""
        ...

    async def quit(self) -> bool:
        """Leave; nothing was marked."""
        ...


Reach = Callable[[], Awaitable[Lister]]


@dataclass(frozen=True, slots=True)
class There:
    """What a server has; `unnamed` counts what only its content would tell from the rest."""

    unique_ids: Sequence[str]
    unnamed: int


async def list_there(
    connect: Reach, user: str, password: Secret, deadline_seconds: float | None
) -> There:
    """Return what is there; raises a PeerFault, and OperatorFault where the login cannot be."""
    async with within(deadline_seconds), await connect() as server:
        await server.login(user, password)
        listing = without_shared_names(await server.listing())
        await server.quit()
    named = [listed.unique_id for listed in listing if listed.unique_id is not None]
    return There(named, len(listing) - len(named))
