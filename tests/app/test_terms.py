"""The terms that CAPA announces before login follow what is set, without a wait."""

import asyncio
import io

from pillarbox.app.terms import AnnouncedTerms
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from pillarbox.wire.pop3.capa import Terms


def refreshed(*reads: Terms | StoreFault) -> tuple[list[Terms], str]:
    """Return the terms at first and after each refresh, and the journal."""
    journal, disk, left = io.StringIO(), Pool("disk", 1, 1), list(reads)

    def read() -> Terms:
        found = left.pop(0)
        if isinstance(found, StoreFault):
            raise found
        return found

    async def look() -> list[Terms]:
        terms = AnnouncedTerms(read, disk, Journal(journal, FakeClock()))
        seen = [terms()]
        for _ in reads[1:]:
            await terms.refresh()
            seen.append(terms())
        await asyncio.to_thread(disk.close)
        return seen

    return asyncio.run(look()), journal.getvalue()


def test_they_are_read_at_the_start_and_again() -> None:
    assert ([Terms(30), Terms(7)], "") == refreshed(Terms(30), Terms(7))


def test_where_they_cannot_be_read_the_old_ones_hold_on() -> None:
    terms, journal = refreshed(Terms(30), StoreFault("Input/output error."), Terms(7))

    assert [Terms(30), Terms(30), Terms(7)] == terms
    assert 'terms.unread why="Input/output error."' in journal
