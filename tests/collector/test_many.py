"""As many messages as a listing may have, in bounded memory."""

import tracemalloc

import pytest

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.client.listing import Listed
from pillarbox.collector.plan import Reason, Situation, Terms, plan
from tests.archive.home import REMOTE, Home

LISTING_LINES = 20_000
ROW_OCTETS = 400  # what one row would take at the least, were all of them in memory


@pytest.mark.slow
def test_a_plan_has_no_ledger_in_memory(home: Home) -> None:
    home.keep(b"Message-ID: <a@b>\r\n\r\n")
    names = [f"{number:08x}-abcdefgh" for number in range(LISTING_LINES)]
    home.database.write(
        lambda rows: rows.run_each(
            "INSERT INTO ledger (remote_id, unique_id, state, message_id, collected_at, octets)"
            " VALUES (1, ?, 'kept', 1, 0, 1)",
            [(name,) for name in names],
        )
    )
    listing = [Listed(number, 1, name) for number, name in enumerate(names, start=1)]
    there = set(names)
    terms, situation = Terms(policy=LeavePolicy(1)), Situation(1e9)

    tracemalloc.start()
    home.ledger.absent_octets(REMOTE, there)
    home.ledger.note_listing(REMOTE, there, 1)
    with home.ledger.reading(REMOTE) as known:
        reasons = {step.reason for step in plan(listing, known, terms, situation)}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert {Reason.DUE} == reasons
    assert peak < LISTING_LINES * ROW_OCTETS / 10
