"""The rest of messages of which the header alone was taken: what `collect --rest` asks for."""

from collections.abc import Sequence

from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System
from pillarbox.archive.ledger import State
from pillarbox.base.errors import OperatorFault


def want_rest(system: System, remotes: Sequence[Remote], unique_ids: Sequence[str]) -> None:
    """Have the next session fetch the rest of these; raises OperatorFault, and asks for none."""
    if not unique_ids:
        return
    if len(remotes) != 1:
        raise OperatorFault("--rest needs one remote: unique-ids are each server's own.")
    (remote,) = remotes
    with system.ledger.reading(remote.id) as known:
        for unique_id in unique_ids:
            entry = known.get(unique_id)
            if entry is None or entry.state is not State.HEADERS:
                raise OperatorFault(
                    "{unique_id!r} of the remote {name!r} has no rest to fetch. Only what is there"
                    " with its header alone has one.",
                    unique_id=unique_id,
                    name=remote.name,
                )
    system.ledger.want(remote.id, unique_ids)
