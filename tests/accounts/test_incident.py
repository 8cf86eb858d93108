"""An incident makes every password worthless, all of them or none, and keeps the mail."""

import subprocess
import sys
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Accounts, State
from pillarbox.accounts.credentials import SCHEME_LOOKED_UP, Verifier, add_verifiers
from pillarbox.accounts.ended_sessions import EndedSessions
from pillarbox.accounts.incident import Incidents
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.accounts.throttle.names import ThrottledNames
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import DeviceId, Ended
from pillarbox.db.sqlite import Database, Rows

KILLED = 9
STATE = """
    SELECT (SELECT count(*) FROM credentials),
           (SELECT count(*) FROM devices WHERE revoked_at IS NULL),
           (SELECT count(*) FROM accounts WHERE tokens_since IS NOT NULL),
           (SELECT count(*) FROM ended_sessions WHERE is_whole_account = 1),
           (SELECT count(*) FROM audit WHERE event = 'incident.declared')
"""
BEFORE, AFTER = (3, 2, 0, 0, 0), (0, 0, 1, 1, 1)

# Dies at the nth statement that the transaction runs; n beyond the last: right behind the commit.
DIES = """
import os, sys
from pathlib import Path
from pillarbox.accounts.incident import Incidents
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.accounts.throttle.names import ThrottledNames
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.base.clock import FakeClock
from pillarbox.db.sqlite import Database, Rows
from pillarbox.store.disk import Disk

left = int(sys.argv[2])
def dying(verb):
    def run(self, *words):
        global left
        left -= 1
        if not left:
            os._exit(9)
        return verb(self, *words)
    return run

database = Database(Path(sys.argv[1]))
clock = FakeClock()
keys = SiteKeys(SecretStore(database, KeyFile(Path(sys.argv[1] + ".keys"), Disk()), clock))
throttle = Throttle(database, clock, ThrottledNames(keys))
Rows.run, Rows.insert = dying(Rows.run), dying(Rows.insert)
Incidents(database, clock, throttle).declare("mrose")
os._exit(0)
"""


@pytest.fixture
def throttle(database: Database, clock: FakeClock, keys: SiteKeys) -> Throttle:
    return Throttle(database, clock, ThrottledNames(keys))


def fill(database: Database) -> None:
    """Add an account with a main password and two devices."""
    account = Accounts(database, FakeClock()).add("mrose", [Verifier("argon2id", "$one")]).id

    def add(rows: Rows) -> None:
        for name in ("phone", "desk"):
            insert = "INSERT INTO devices (account_id, name, created_at) VALUES (?, ?, 0)"
            device = DeviceId(rows.insert(insert, account, name))
            add_verifiers(rows, account, device, [Verifier(SCHEME_LOOKED_UP, name)], 0)

    database.write(add)


def state(database: Database) -> object:
    with database.reading() as rows:
        return rows.one(STATE)


def test_every_password_is_worth_nothing_and_the_account_stays(
    accounts: Accounts, database: Database, clock: FakeClock, throttle: Throttle
) -> None:
    fill(database)
    mark = EndedSessions(database).mark()

    declared = Incidents(database, clock, throttle).declare("MRose")

    assert AFTER == state(database)
    assert (("desk", "phone"), State.ENABLED) == (declared.devices, accounts.show("mrose").state)
    ended = EndedSessions(database).since(mark)
    assert Ended(mark + 3, declared.account.id, None, is_whole_account=True) == ended[-1]


def test_whoever_tries_a_device_s_password_afterwards_is_known_by_it(
    database: Database, clock: FakeClock, throttle: Throttle
) -> None:
    fill(database)

    Incidents(database, clock, throttle).declare("mrose")

    with database.reading() as rows:
        assert [("phone",), ("desk",)] == rows.all("SELECT revoked_hash FROM devices ORDER BY id")


def test_an_account_that_is_not_there_is_named(
    database: Database, clock: FakeClock, throttle: Throttle
) -> None:
    with pytest.raises(OperatorFault, match="no account 'nobody'"):
        Incidents(database, clock, throttle).declare("nobody")


@pytest.mark.slow
def test_killed_anywhere_all_passwords_are_there_or_none(tmp_path: Path) -> None:
    found = []
    for number in range(1, 100):
        path = tmp_path / f"{number}.db"
        database = Database(path)
        fill(database)
        database.close()
        done = subprocess.run(
            [sys.executable, "-c", DIES, str(path), str(number)], check=False, timeout=60
        )
        database = Database(path)
        found.append(state(database))
        database.close()
        if done.returncode != KILLED:
            break

    assert len(found) > 5
    assert [BEFORE] * (len(found) - 1) + [AFTER] == found
