"""What programs hear of removals is called the same in each event."""

import json

import pytest

from pillarbox.accounts.remote_settings import RemoteSettings
from pillarbox.accounts.remotes import Remote
from pillarbox.accounts.secret_store import SecretId
from pillarbox.app.watcher import Ended
from pillarbox.archive.remote_states import RemoteState
from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.cli.collect.events import Events
from pillarbox.collector.outcome import Outcome, Result

THERE = Remote(
    RemoteId(1), "there", SecretId(1), 0, RemoteSettings(AccountId(1), "pop.example.org", 995, "me")
)


@pytest.mark.parametrize(("removed", "perhaps_removed"), [(3, 0), (0, 2)])
def test_removals_have_the_same_names_in_each_event(
    removed: int, perhaps_removed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    result = Result(Outcome.MAIL, removed=removed, perhaps_removed=perhaps_removed)

    Events(FakeClock()).ended(Ended(THERE, result, RemoteState()))
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert ["removed", "ended"] == [event["event"] for event in events]
    assert [(removed, perhaps_removed)] * 2 == [
        (event["removed"], event["perhaps_removed"]) for event in events
    ]
