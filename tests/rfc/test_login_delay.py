"""LOGIN-DELAY is what is announced: RFC 2449, section 6.5."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillarbox.accounts.login_delay import begin_login
from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database

DELAY = 60
INSERT = "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "pillarbox.db")
    yield database
    database.close()


def begins(database: Database, clock: FakeClock, account: int) -> bool:
    now = int(clock.now())
    return database.write(lambda rows: begin_login(rows, AccountId(account), now, DELAY))


@given(st.lists(st.integers(0, 2 * DELAY), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_a_login_is_let_in_once_the_delay_from_the_last_one_is_over(
    database: Database, waits: list[int]
) -> None:
    name = str(database.write(lambda rows: rows.one("SELECT count(*) FROM accounts")))
    database.write(lambda rows: rows.run_each(INSERT, [(name,)]))
    with database.reading() as rows:
        [account] = rows.one("SELECT id FROM accounts WHERE name = ?", name) or [0]
    clock = FakeClock()
    since_last: float = DELAY  # nobody has been here

    for wait in waits:
        clock.advance(wait)
        since_last += wait
        is_let_in = begins(database, clock, account)

        assert is_let_in == (since_last >= DELAY)
        since_last = 0 if is_let_in else since_last


def test_the_delay_is_of_one_account_and_outlives_the_server(database: Database) -> None:
    database.write(lambda rows: rows.run_each(INSERT, [("mrose",), ("crew",)]))
    clock = FakeClock()

    assert begins(database, clock, 1)
    clock.advance(DELAY - 1)
    assert not begins(database, clock, 1)
    assert begins(database, clock, 2)
