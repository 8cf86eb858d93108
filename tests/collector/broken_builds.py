"""Archives that are wrong on purpose: a test that does not catch them proves nothing.

Both write the ledger row and the archive row in two transactions where the true one writes one.
"""

from collections.abc import Iterable, Sequence

from pillarbox.archive.keep import ADD, ENTER, Archive, Filed, Origin
from pillarbox.db.sqlite import Rows
from pillarbox.store.sqlite import add_blob
from pillarbox.store.store import Kept, MessageId
from pillarbox.store.unique_id import new_unique_id


def _enter(rows: Rows, message: int, origin: Origin) -> None:
    rows.run(ENTER, origin.remote, origin.unique_id, message, 0, origin.octets, None, 0, None)


class _Apart(Archive):
    def keep(self, chunks: Iterable[bytes], origin: Origin) -> Filed:
        with self._store.incoming() as incoming:
            for chunk in chunks:
                incoming.write(chunk)
            kept = incoming.keep()
        message = MessageId(self._database.write(lambda rows: self._first(rows, kept, origin)))
        self._database.write(lambda rows: self._second(rows, message, origin))
        return Filed(message, origin.unique_id or "", kept.octets, is_new=True)

    def keep_all(self, messages: Sequence[tuple[bytes, Origin]]) -> list[Filed]:
        return [self.keep([octets], origin) for octets, origin in messages]

    def _first(self, rows: Rows, kept: Kept, origin: Origin) -> int:
        add_blob(rows, kept)
        return rows.insert(ADD, origin.account, new_unique_id(), kept.digest, 0, "archive", None)

    def _second(self, rows: Rows, message: MessageId, origin: Origin) -> None:
        raise NotImplementedError


class DoublingArchive(_Apart):
    """The archive first: killed in between, it keeps the message again."""

    def _second(self, rows: Rows, message: MessageId, origin: Origin) -> None:
        _enter(rows, message, origin)


class LosingArchive(_Apart):
    """The ledger first: killed in between, it never asks for the message again."""

    def _first(self, rows: Rows, kept: Kept, origin: Origin) -> int:
        message = super()._first(rows, kept, origin)
        rows.run("UPDATE messages SET state = 'removed' WHERE id = ?", message)
        _enter(rows, message, origin)
        return message

    def _second(self, rows: Rows, message: MessageId, origin: Origin) -> None:
        rows.run("UPDATE messages SET state = 'archive' WHERE id = ?", message)
