"""Mail that came before its surrogate could be measured, or by another edition of measuring.

It is read once, when a maildrop that holds it is opened, so that LIST is right for it too.
"""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.message.served import ServedForm, Transformation
from pillarbox.message.surrogate.whole import EDITION
from pillarbox.store.blobs.port import Blobs, Digest
from pillarbox.store.served import is_ascii, with_surrogate

UNMEASURED = """
    SELECT DISTINCT digest, transformation, served_octets, header_octets, has_dot_lines,
                    has_8bit_header
    FROM messages JOIN blobs USING (digest)
    WHERE account_id = ? AND state = 'maildrop' AND surrogate_edition <> ?
"""
MEASURED = """
    UPDATE blobs SET surrogate_octets = ?, surrogate_header_octets = ?, surrogate_edition = ?
    WHERE digest = ?
"""
BATCH = 500  # messages whose measures are lost at most where the process ends in between

Measured = tuple[int | None, int | None, int, Digest]


def measure_old_mail(database: Database, blobs: Blobs, account: AccountId) -> None:
    """Measure what a maildrop holds unmeasured; raises StoreFault from the database.

    A message that cannot be read stays as it is: the others are still there to be served.
    """
    with database.reading() as rows:
        found = rows.all(UNMEASURED, account, EDITION)
    measures = _measures(blobs, [(Digest(row[0]), _form(*row[1:])) for row in found])
    while batch := list(islice(measures, BATCH)):
        database.write(partial(_record, batch))


def _record(batch: Sequence[Measured], rows: Rows) -> None:
    rows.run_each(MEASURED, batch)


def _measures(blobs: Blobs, found: Sequence[tuple[Digest, ServedForm]]) -> Iterator[Measured]:
    for digest, form in found:
        with contextlib.suppress(StoreFault):
            measured = _measured(blobs, digest, form)
            octets, header_octets = measured.surrogate_octets, measured.surrogate_header_octets
            yield octets, header_octets, EDITION, digest


def _measured(blobs: Blobs, digest: Digest, form: ServedForm) -> ServedForm:
    with contextlib.closing(blobs.open(digest)) as reader:
        if is_ascii(reader):
            return form
    with contextlib.closing(blobs.open(digest)) as reader:
        return with_surrogate(reader, form)


def _form(name: str, octets: int, header_octets: int, dots: int, eight_bit: int) -> ServedForm:
    return ServedForm(Transformation(name), octets, header_octets, bool(dots), bool(eight_bit))
