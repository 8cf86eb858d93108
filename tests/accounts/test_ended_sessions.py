"""What makes a password worthless ends its sessions, in the same transaction."""

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.credentials import replace_main_verifiers, revoke_device
from pillarbox.accounts.ended_sessions import EndedSessions
from pillarbox.base.names import DeviceId, Ended
from pillarbox.db.sqlite import Database, Rows


def add_device(rows: Rows, account: int) -> DeviceId:
    add = "INSERT INTO devices (account_id, name, created_at) VALUES (?, 'phone', 0)"
    return DeviceId(rows.insert(add, account))


def test_whatever_makes_a_password_worthless_ends_its_sessions(
    accounts: Accounts, database: Database
) -> None:
    account = accounts.add("mrose").id
    device = database.write(lambda rows: add_device(rows, account))
    endings = EndedSessions(database)
    before = endings.mark()

    database.write(lambda rows: replace_main_verifiers(rows, account, (), 0))
    database.write(lambda rows: revoke_device(rows, device, 0))
    accounts.disable("mrose")
    accounts.remove("mrose")

    assert [
        Ended(1, account, None),
        Ended(2, account, device),
        Ended(3, account, None, is_whole_account=True),
        Ended(4, account, None, is_whole_account=True),
    ] == endings.since(before)
    assert (0, 4, []) == (before, endings.mark(), endings.since(4))
