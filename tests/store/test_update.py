"""What a QUIT writes in the embedded store: who removed what, and what is left for whom."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.base.names import Identity
from pillarbox.db.sqlite import Database
from pillarbox.store.views.leaving import Why
from tests.store.devices import MAIN, MROSE, Household

STATES = "SELECT unique_id, state FROM messages ORDER BY id"
REMOVALS = "SELECT message_id, view_id, session, why, removed_at FROM removals ORDER BY id"
AUDIT = "SELECT event, account_id, facts FROM audit ORDER BY id"


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    made = Household(tmp_path)
    yield made
    made.database.close()


def test_without_devices_what_is_marked_is_gone_with_the_quit(household: Household) -> None:
    first, second = household.deliver(), household.deliver()

    household.visit(MAIN, marked=[first])

    assert [(first, "removed"), (second, "maildrop")] == household.all(STATES)
    assert [second] == household.shown(MAIN)
    assert [(1, 1, "session", "dele", household.now)] == household.all(REMOVALS)


def test_a_removal_stands_in_the_audit_with_its_session_and_device(household: Household) -> None:
    phone = household.add_device()
    messages = [household.deliver(), household.deliver()]

    household.visit(phone, marked=messages, session="abc")

    facts = '{"count":2,"device":"device-1","session":"abc"}'
    assert [("messages.removed", MROSE, facts)] == household.all(AUDIT)


def test_a_master_leaves_a_message_for_the_device_that_has_not_had_it(
    household: Household,
) -> None:
    desktop, phone = household.add_device("master"), household.add_device()
    message = household.deliver()

    household.visit(desktop, marked=[message])

    assert [message] == household.maildrop()
    assert {} == household.settle()
    household.visit(phone, had=[message])
    assert [message] == household.maildrop()  # a policy removes outside sessions
    assert {Why.REACH: 1} == household.settle()
    assert [] == household.maildrop()


def test_removal_at_once_takes_a_message_out_of_every_view(household: Household) -> None:
    desktop, phone = household.add_device("master"), household.add_device()
    household.run("UPDATE accounts SET removal = 'at once'")
    message = household.deliver()

    household.visit(desktop, marked=[message])

    assert [] == household.shown(phone)
    assert [] == household.maildrop()


@pytest.mark.parametrize(
    ("after", "archived", "state"),
    [
        ("delete", 0, "removed"),
        ("delete", 1, "archive"),
        ("archive", 0, "archive"),
        ("keep", 0, "maildrop"),
    ],
)
def test_after_the_removal_a_message_goes_where_the_account_says(
    household: Household, after: str, archived: int, state: str
) -> None:
    household.run("UPDATE accounts SET after_removal = ?", after)
    message = household.deliver()
    household.run("UPDATE messages SET archived = ?", archived)

    household.visit(MAIN, marked=[message])
    household.settle()

    assert [(message, state)] == household.all(STATES)
    assert [] == household.shown(MAIN)


def test_what_another_device_removed_meanwhile_is_not_removed_again(household: Household) -> None:
    desktop, phone = household.add_device("master"), household.add_device()
    household.run("UPDATE accounts SET removal = 'at once'")
    household.deliver()
    session = household.store.open_maildrop(phone)
    household.visit(desktop, marked=household.shown(desktop))

    session.commit(session.messages)
    session.release()

    assert 1 == len(household.all(REMOVALS))
    assert 1 == len(household.all(AUDIT))


def test_what_came_back_as_a_new_message_is_not_the_one_that_was_marked(
    household: Household,
) -> None:
    household.deliver()
    session = household.store.open_maildrop(MAIN)
    household.run("UPDATE messages SET unique_id = 'anew'")

    session.commit(session.messages)
    session.release()

    assert ["anew"] == household.shown(MAIN)
    assert [] == household.all("SELECT * FROM view_messages")


def test_what_a_device_has_is_written_once(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = household.deliver()
    household.visit(MAIN, had=[message])
    maildrop = household.store.open_maildrop(MAIN)
    monkeypatch.setattr(Database, "write", None)

    maildrop.commit((), maildrop.messages)
    maildrop.commit(())
    maildrop.release()

    assert [(1, None)] == household.all("SELECT had_at IS NOT NULL, hidden_at FROM view_messages")


def test_a_device_without_a_view_is_a_reader_from_its_first_login_on(
    household: Household,
) -> None:
    phone = household.add_device()
    household.run("DELETE FROM views WHERE device_id IS NOT NULL")
    message = household.deliver()

    assert [message] == household.shown(phone)
    assert [message] == household.visit(phone)
    assert [("reader",)] == household.all("SELECT role FROM views WHERE device_id IS NOT NULL")


def test_a_session_is_shown_at_most_so_many_octets_that_it_has_not_had(
    household: Household,
) -> None:
    phone = household.add_device(session_octets=100)
    big, *small = [household.deliver(octets * b"x" + b"\r\n") for octets in (500, 58, 38, 1)]

    assert [big] == household.visit(phone, had=[big])
    assert [big, *small[:2]] == household.visit(phone, had=small[:2])
    assert [big, *small] == household.visit(phone)


def test_what_a_client_knows_of_old_keeps_no_new_message_from_it(household: Household) -> None:
    phone = household.add_device(session_octets=10)
    old = [household.deliver() for _ in range(3)]
    new = household.deliver()

    assert old[:1] == household.visit(phone)
    assert old[:1] == household.visit(phone, was_listed=True)
    assert old[:2] == household.visit(phone, had=old[1:2], was_listed=True)
    assert old == household.visit(phone, was_listed=True)
    assert [*old, new] == household.visit(phone, had=[new])
    assert {} == household.settle()


def test_what_a_client_passed_over_it_does_not_have(household: Household) -> None:
    phone = household.add_device(session_octets=10)
    desktop = household.add_device("master")
    old, new = household.deliver(), household.deliver()
    household.visit(phone, was_listed=True)

    household.visit(desktop, marked=[old, new])

    assert [old, new] == household.visit(phone)


@pytest.mark.parametrize(
    ("bounds", "days"),
    [
        ({}, None),
        ({"window_days": 9}, 9),
        ({"retention_days": 8, "window_days": 9}, 8),
        ({"retention_days": 0, "window_since": 5, "session_octets": 5}, None),
    ],
)
def test_a_maildrop_says_for_how_many_days_its_mail_stays(
    household: Household, bounds: dict[str, int | None], days: int | None
) -> None:
    phone = household.add_device(**bounds)

    assert days == _expire_days(household, phone)


def test_the_account_may_say_so_too(household: Household) -> None:
    phone = household.add_device(window_days=9)
    household.run("UPDATE accounts SET retention_days = 7")

    assert 7 == _expire_days(household, phone)
    household.run("UPDATE accounts SET removes_what_all_have = 1")
    assert 0 == _expire_days(household, phone)


def _expire_days(household: Household, identity: Identity) -> int | None:
    maildrop = household.store.open_maildrop(identity)
    maildrop.release()
    return maildrop.expire_days
