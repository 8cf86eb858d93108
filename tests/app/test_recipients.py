"""Who gets mail here, as the delivery room asks: nobody whose maildrop is full."""

from pathlib import Path

import pytest

from pillarbox.app.admission import Recipients
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.delivery.effects import Refusal
from tests.cli.home import CommandLine
from tests.homes import write_home


@pytest.fixture
def ours(tmp_path: Path) -> CommandLine:
    made = CommandLine(write_home(tmp_path / "home"))
    made.deliver(b"Subject: a\r\n\r\n")
    return made


@pytest.mark.parametrize(("quota", "is_full"), [(0, False), (15, False), (14, True), (10, True)])
def test_a_recipient_whose_maildrop_is_full_is_refused(
    ours: CommandLine, quota: int, is_full: bool
) -> None:
    ours.configure("quota_octets = 0", f"quota_octets = {quota}")

    with opened(Home(ours.folder)) as system:
        recipients = Recipients(system.accounts, system.quotas)
        account = system.accounts.show("mrose").id
        found = recipients.resolve("mrose@example.org")

        assert (Refusal.FULL if is_full else account) == found
        assert Refusal.UNKNOWN is recipients.resolve("nobody@example.org")
