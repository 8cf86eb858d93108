"""What is on a server now, for those who want none of it: listed, and nothing fetched."""

from collections.abc import Sequence
from dataclasses import dataclass

from pillarbox.collector.reach import reach
from pillarbox.collector.source import Source
from pillarbox.net.deadline import within


@dataclass(frozen=True, slots=True)
class There:
    """What a server has; `unnamed` counts what only its content would tell from the rest."""

    unique_ids: Sequence[str]
    unnamed: int


async def list_there(source: Source) -> There:
    """Return what is there; raises a PeerFault, and OperatorFault where the login cannot be."""
    async with within(source.deadline_seconds), await reach(source) as server:
        await server.login(source.user, source.password)
        listing = (await server.listing()).without_shared_names()
        await server.quit()
    named = [listed.unique_id for listed in listing if listed.unique_id is not None]
    return There(named, len(listing) - len(named))
