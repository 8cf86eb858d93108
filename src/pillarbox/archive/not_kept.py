"""What a server has, as far as is known, and the archive lacks, or has the header of alone."""

from collections.abc import Sequence

from pillarbox.base.names import RemoteId
from pillarbox.db.sqlite import Database

# What another program fetched before us is not missed here.
FIND = """
    SELECT unique_id FROM ledger
    WHERE remote_id = ? AND state IN ('headers', 'skipped')
        AND removal <> 'done' AND vanished_at IS NULL
    ORDER BY collected_at, unique_id
"""


def not_kept(database: Database, remote: RemoteId) -> Sequence[str]:
    """Return the unique-ids of such messages, those first that came to be known first.

    Raises StoreFault.
    """
    with database.reading() as rows:
        return [unique_id for (unique_id,) in rows.all(FIND, remote)]
