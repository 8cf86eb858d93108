"""What every login asks the database: found by indexes, however many accounts there are."""

import pytest

from pillarbox.accounts import app_passwords, digests, entry, habits, passwords, scram, visitor
from pillarbox.accounts.throttle import rows as throttle
from pillarbox.db.sqlite import Database
from pillarbox.store.views import reading, shown

ASKED = [
    app_passwords.ACCOUNT,
    app_passwords.DEVICE,
    digests.KEPT,
    entry.KNOWN,
    habits.HOURS,
    habits.NETWORK,
    passwords.VERIFIER,
    reading.ACCOUNT,
    reading.FIND,
    reading.VIEWS,
    scram.HAS,
    scram.MAIN,
    scram.PARAMETERS,
    scram.VERIFIERS,
    shown.VIEW,
    throttle.EMPTY_AT,
    throttle.PROVED_AT,
    throttle.UNTIL,
    visitor.REFUSES_MAIN,
    visitor.VISITOR,
]


@pytest.mark.parametrize("sql", ASKED)
def test_no_login_walks_through_a_table(database: Database, sql: str) -> None:
    with database.reading() as rows:
        plan = rows.all(f"EXPLAIN QUERY PLAN {sql}", *[None] * count(sql))

    assert [] == [step for *_, step in plan if step.startswith("SCAN")]


def count(sql: str) -> int:
    """Return how many values a query takes: each ? is one, of ?1 and on the highest."""
    numbers = [int(digit) for digit in "987654321" if f"?{digit}" in sql]
    return numbers[0] if numbers else sql.count("?")
