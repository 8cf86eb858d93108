"""LOGIN-DELAY: one login in so many seconds, whoever serves it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.login_delay import begin_login
from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database

SECONDS = 60


class LoginDelay:
    """The delay of one site through one database."""

    def __init__(self, database: Database, clock: FakeClock, seconds: int) -> None:
        self._database = database
        self._clock = clock
        self._seconds = seconds

    def begin(self, account: AccountId) -> bool:
        return self._database.write(
            lambda rows: begin_login(rows, account, int(self._clock.now()), self._seconds)
        )


@pytest.fixture
def mrose(accounts: Accounts) -> Account:
    return accounts.add("mrose")


@pytest.fixture
def delay(database: Database, clock: FakeClock) -> LoginDelay:
    return LoginDelay(database, clock, SECONDS)


@pytest.mark.parametrize(("later", "is_let_in"), [(0, False), (59, False), (60, True)])
def test_the_next_login_is_let_in_once_the_delay_is_over(
    delay: LoginDelay, mrose: Account, clock: FakeClock, later: int, *, is_let_in: bool
) -> None:
    first = delay.begin(mrose.id)
    clock.advance(later)

    assert (True, is_let_in) == (first, delay.begin(mrose.id))


def test_a_login_that_came_too_soon_does_not_lengthen_the_delay(
    delay: LoginDelay, mrose: Account, clock: FakeClock
) -> None:
    delay.begin(mrose.id)
    let_in = []
    for _ in range(3):
        clock.advance(20)
        let_in.append(delay.begin(mrose.id))

    assert [False, False, True] == let_in


def test_accounts_wait_for_themselves_alone(
    delay: LoginDelay, mrose: Account, accounts: Accounts
) -> None:
    other = accounts.add("other")

    assert [True, True] == [delay.begin(each.id) for each in (mrose, other)]


def test_a_restart_forgets_nothing(
    tmp_path: Path, delay: LoginDelay, mrose: Account, clock: FakeClock
) -> None:
    delay.begin(mrose.id)
    again = Database(tmp_path / "pillarbox.db")

    is_let_in = LoginDelay(again, clock, SECONDS).begin(mrose.id)

    again.close()
    assert not is_let_in


def test_of_many_that_come_together_through_two_processes_one_is_let_in(
    tmp_path: Path, database: Database, mrose: Account, clock: FakeClock
) -> None:
    other = Database(tmp_path / "pillarbox.db")
    delays = [LoginDelay(each, clock, SECONDS) for each in (database, other)] * 8

    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(lambda delay: delay.begin(mrose.id), delays))

    other.close()
    assert 1 == sum(let_in)


def test_a_clock_that_was_set_back_keeps_nobody_out(
    delay: LoginDelay, mrose: Account, clock: FakeClock
) -> None:
    delay.begin(mrose.id)
    clock.advance(-1_000_000)

    assert [True, False] == [delay.begin(mrose.id), delay.begin(mrose.id)]


def test_without_a_delay_nothing_is_written(
    database: Database, mrose: Account, clock: FakeClock
) -> None:
    delay = LoginDelay(database, clock, 0)

    assert [True, True] == [delay.begin(mrose.id), delay.begin(mrose.id)]
    with database.reading() as rows:
        assert [(None,)] == rows.all("SELECT last_login_at FROM accounts")


def test_an_account_that_is_not_there_is_not_let_in(delay: LoginDelay) -> None:
    assert not delay.begin(AccountId(9))
