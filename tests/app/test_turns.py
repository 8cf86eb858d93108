"""One at a time, of this process and of others."""

from pathlib import Path

import pytest

from pillarbox.accounts.remote_settings import RemoteSettings
from pillarbox.accounts.remotes import Remote
from pillarbox.accounts.secret_store import SecretId
from pillarbox.app.turns import Turns
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.store.lease import take_lease

REMOTE = Remote(RemoteId(1), "work", SecretId(1), 0, RemoteSettings(AccountId(1), "", 0, ""))


def test_a_turn_that_somebody_keeps_too_long_is_a_fault(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "turns", longest_seconds=0.06)

    with turns(REMOTE), pytest.raises(StoreFault, match="locked by another process"), turns(REMOTE):
        pass


def test_a_turn_ends_with_what_was_done_in_it(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "turns")

    with pytest.raises(ZeroDivisionError), turns(REMOTE):
        _ = 1 / 0
    lease = take_lease(tmp_path / "turns" / "1")

    assert lease is not None
    lease.release()
