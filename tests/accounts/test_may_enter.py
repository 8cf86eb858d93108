"""Who may enter still, when a proof that took its time is done."""

from pathlib import Path

import pytest

from pillarbox.accounts.digests import MOST_KEPT
from pillarbox.app.build import opened
from pillarbox.app.first_run import make_home
from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, DeviceId, Identity


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    make_home(made, "localhost", str)
    return made


def test_an_account_may_enter_while_it_is_enabled_and_a_device_until_it_is_revoked(
    home: Home,
) -> None:
    with opened(home) as system:
        account = system.accounts.add("mrose").id
        system.devices.add("mrose", "phone")
        phone = Identity(account, system.devices.list("mrose")[0].id)
        may_enter = system.accounts.may_enter

        assert may_enter(Identity(account))
        assert may_enter(phone)
        system.devices.revoke("mrose", "phone")
        assert not may_enter(phone)
        assert may_enter(Identity(account))
        system.accounts.disable("mrose")
        assert not may_enter(Identity(account))
        assert not may_enter(Identity(AccountId(99)))
        assert not may_enter(Identity(account, DeviceId(99)))


def test_no_account_has_more_readable_secrets_than_are_tried_for_every_name(home: Home) -> None:
    with opened(home) as system:
        system.accounts.add("mrose")
        for number in range(MOST_KEPT):
            system.devices.add("mrose", f"phone{number}", legacy_digest=True)

        with pytest.raises(OperatorFault, match="at most 4 devices"):
            system.devices.add("mrose", "another", legacy_digest=True)
        system.devices.revoke("mrose", "phone0")
        system.devices.add("mrose", "another", legacy_digest=True)
