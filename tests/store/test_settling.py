"""What leaves the maildrop outside sessions: by time, and because every device has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.store.views.leaving import Why
from pillarbox.store.views.policy import AccountPolicy
from tests.store.devices import MAIN, Household

REMOVALS = "SELECT why, view_id, session FROM removals ORDER BY id"


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    made = Household(tmp_path)
    yield made
    made.database.close()


def test_a_device_that_stays_away_is_waited_for_no_longer_than_the_reach(
    household: Household,
) -> None:
    desktop, phone = household.add_device("master"), household.add_device()
    message = household.deliver()
    household.wait(days=10)
    household.visit(desktop, marked=[message])
    household.use(phone)

    household.wait(days=30 - 0.001)
    assert {} == household.settle()
    assert [message] == household.shown(phone)
    household.wait(days=0.001)
    assert [] == household.shown(phone)
    assert {Why.REACH: 1} == household.settle()
    assert [] == household.maildrop()
    assert [("dele", 2, "session"), ("reach", None, None)] == household.all(REMOVALS)


def test_a_device_that_was_away_before_is_not_waited_for(household: Household) -> None:
    desktop, phone = household.add_device("master"), household.add_device()
    household.visit(phone)
    household.wait(days=31)
    message = household.deliver()

    household.visit(desktop, marked=[message])

    assert [] == household.maildrop()


def test_a_revoked_device_is_not_waited_for(household: Household) -> None:
    first, second = household.add_device(), household.add_device()
    message = household.deliver()
    household.visit(first, marked=[message])
    assert {} == household.settle()

    household.run("UPDATE devices SET revoked_at = ? WHERE id = ?", household.now, second.device)

    assert {Why.REACH: 1} == household.settle()
    assert [] == household.maildrop()


def test_where_every_device_is_revoked_those_that_take_their_places_are_waited_for(
    household: Household,
) -> None:
    desktop, _ = household.add_device("master"), household.add_device()
    message = household.deliver()
    household.wait(40)
    household.visit(desktop)
    household.add_device()
    household.visit(desktop, marked=[message])
    household.run("UPDATE devices SET revoked_at = 0")
    assert {} == household.settle()

    phone = household.add_device()

    assert [message] == household.visit(phone)
    household.run("UPDATE devices SET revoked_at = 0")
    household.wait(30)
    assert {Why.REACH: 1} == household.settle()


def test_a_device_whose_time_is_over_is_not_waited_for(household: Household) -> None:
    first, second = household.add_device(), household.add_device()
    message = household.deliver()
    over = household.now + 86_400
    household.run("UPDATE views SET expires_at = ? WHERE device_id = ?", over, second.device)
    household.visit(first, marked=[message])

    assert {} == household.settle()
    household.wait(days=1)
    assert {Why.REACH: 1} == household.settle()


def test_what_a_reader_removed_waits_for_a_device_however_long_it_is_away(
    household: Household,
) -> None:
    phone, tablet = household.add_device(), household.add_device()
    message = household.deliver()
    household.visit(phone, marked=[message])
    household.wait(days=100)
    household.use(phone)

    assert {} == household.settle()
    assert [message] == household.shown(tablet)


def test_a_main_password_that_was_used_is_waited_for(household: Household) -> None:
    household.visit(MAIN)
    phone = household.add_device()
    message = household.deliver()
    household.visit(phone, marked=[message])

    assert {} == household.settle()
    assert [message] == household.shown(MAIN)


@pytest.mark.parametrize("takes_tokens", [False, True])
@pytest.mark.parametrize(
    "refusal",
    [
        "UPDATE accounts SET main_password = 'refuse'",
        "INSERT INTO second_factors SELECT 1, id, 0, 0 FROM secrets",
    ],
)
def test_a_main_password_that_is_refused_is_waited_for_only_where_tokens_are_taken(
    tmp_path: Path, refusal: str, *, takes_tokens: bool
) -> None:
    household = Household(tmp_path, AccountPolicy(takes_tokens=takes_tokens))
    household.visit(MAIN)
    phone = household.add_device()
    message = household.deliver()
    household.run("INSERT INTO secrets VALUES (1, 'purpose', 'key', x'00', 0)")
    household.run(refusal)

    household.visit(phone, marked=[message])

    assert ([message] if takes_tokens else []) == household.maildrop()
    assert {} == household.settle()
    household.database.close()


def test_what_all_active_devices_have_goes_where_the_account_wants_it(
    household: Household,
) -> None:
    household.run("UPDATE accounts SET removes_what_all_have = 1")
    phone, tablet = household.add_device(), household.add_device()
    message, other = household.deliver(), household.deliver()
    household.visit(phone, had=[message, other])

    assert {} == household.settle()
    household.visit(tablet, had=[message])
    assert {Why.ALL_HAVE: 1} == household.settle()
    assert [other] == household.maildrop()
    assert [("all-have", None, None)] == household.all(REMOVALS)


def test_what_all_have_is_kept_out_of_their_views_where_removed_mail_is_kept(
    household: Household,
) -> None:
    household.run("UPDATE accounts SET removes_what_all_have = 1, after_removal = 'keep'")
    phone = household.add_device()
    message = household.deliver()
    household.visit(phone, had=[message])

    assert {Why.ALL_HAVE: 1} == household.settle()
    assert {} == household.settle()
    assert [] == household.shown(phone)
    assert [message] == household.maildrop()


def test_retention_moves_what_is_kept_to_the_archive(household: Household) -> None:
    household.run("UPDATE accounts SET retention_days = 5, after_removal = 'keep'")
    household.visit(MAIN, marked=[household.deliver()])
    household.wait(days=5)

    assert {Why.RETENTION: 1} == household.settle()
    assert [("archive",)] == household.all("SELECT state FROM messages")


def test_the_retention_of_one_device_takes_nothing_from_another(household: Household) -> None:
    phone, desktop = household.add_device(retention_days=5), household.add_device()
    message = household.deliver()
    household.wait(days=5)

    assert {} == household.settle()
    assert [] == household.shown(phone)
    assert [message] == household.shown(desktop)


def test_what_is_too_old_for_every_device_goes(household: Household) -> None:
    household.add_device(retention_days=5)
    household.add_device(retention_days=6)
    household.deliver()
    household.wait(days=5)

    assert {} == household.settle()
    household.wait(days=1)
    assert {Why.RETENTION: 1} == household.settle()


def test_a_window_alone_removes_nothing(household: Household) -> None:
    phone = household.add_device(window_days=5)
    message = household.deliver()
    household.wait(days=50)
    household.use(phone)

    assert [] == household.shown(phone)
    assert {} == household.settle()
    assert [message] == household.maildrop()


def test_an_account_says_otherwise_than_the_site(tmp_path: Path) -> None:
    household = Household(tmp_path, AccountPolicy(retention_days=5))
    household.run("UPDATE accounts SET retention_days = 0")
    household.deliver()
    household.wait(days=50)

    assert {} == household.settle()
    household.run("UPDATE accounts SET retention_days = NULL")
    assert {Why.RETENTION: 1} == household.settle()
    household.database.close()


def test_much_that_is_due_goes_in_batches(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pillarbox.store.retention.BATCH", 2)
    household.run("UPDATE accounts SET retention_days = 5")
    for _ in range(5):
        household.deliver()
    household.wait(days=5)

    assert {Why.RETENTION: 5} == household.settle()
    assert [("messages.removed",)] * 3 == household.all("SELECT event FROM audit")
    assert [] == household.maildrop()
