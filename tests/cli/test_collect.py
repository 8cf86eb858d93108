"""`pillarbox collect`, as scripts and people use it: manners, states, events, a stop."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pillarbox.accounts.remotes import Remote, Remotes
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.archive.remote_states import RemoteState, RemoteStates
from pillarbox.base.secret import Secret
from pillarbox.cli.collect.events import COUNTS
from pillarbox.collector.manners import FOR_EVER
from pillarbox.collector.outcome import Outcome
from pillarbox.journal.alerts import Alerts
from pillarbox.store.lease import take_lease
from tests.cli.home import CommandLine

FAR = 4_000_000_000
HOUR = 3_600


def state(ours: CommandLine) -> RemoteState:
    with opened(Home(ours.folder)) as system:
        return RemoteStates(system.database).of(system.remotes.show("there").id)


def become(ours: CommandLine, wanted: RemoteState) -> None:
    """Set a remote's state."""
    with opened(Home(ours.folder)) as system:
        remote = system.remotes.show("there").id
        RemoteStates(system.database).change(remote, lambda _: wanted)


def kinds(ours: CommandLine) -> list[str]:
    with opened(Home(ours.folder)) as system:
        return [alert.kind for alert in Alerts(system.database, system.clock).list()]


def test_a_failure_is_remembered_and_makes_the_next_run_wait(ours: CommandLine) -> None:
    ours.add_remote()

    ours.run("collect")
    again = ours.run("collect")

    assert ("socket", 1) == (state(ours).outcome, state(ours).failures)
    assert (Outcome.SOCKET, "") == (again.exit_code, again.stdout)
    assert "It rests until " in again.stderr


def test_whoever_names_a_remote_passes_over_its_rest(ours: CommandLine) -> None:
    ours.add_remote()
    become(ours, RemoteState(failures=3, next_at=FOR_EVER, outcome="authentication"))

    rests = ours.run("collect")
    tried = ours.run("collect", "there")

    assert Outcome.AUTHENTICATION == rests.exit_code
    assert "It was refused too often, and rests." in rests.stderr
    assert Outcome.SOCKET == tried.exit_code
    assert 4 == state(ours).failures


def test_nobody_passes_over_a_login_delay(ours: CommandLine) -> None:
    ours.add_remote()
    become(ours, RemoteState(logged_in_at=int(time.time()), login_delay_seconds=HOUR))

    named = ours.run("collect", "there")
    all_of_them = ours.run("collect")

    assert Outcome.SERVER == named.exit_code
    assert named.stderr.startswith("pillarbox: there: The server allows the next login at 20")
    assert (Outcome.NONE, "") == (all_of_them.exit_code, all_of_them.output)


def test_no_login_delay_lasts_longer_than_a_day(ours: CommandLine) -> None:
    ours.add_remote()
    two_days_ago = int(time.time()) - 48 * HOUR
    become(ours, RemoteState(logged_in_at=two_days_ago, login_delay_seconds=999_999_999))

    assert Outcome.SOCKET == ours.run("collect").exit_code


@pytest.mark.parametrize(
    "wrong", [RemoteState(failures=1, next_at=FAR), RemoteState(logged_in_at=FAR)]
)
def test_a_clock_that_was_wrong_stops_nothing(ours: CommandLine, wrong: RemoteState) -> None:
    ours.add_remote()
    become(ours, replace(wrong, tried_at=FAR, succeeded_at=FAR, login_delay_seconds=60))

    result = ours.run("collect")

    assert Outcome.SOCKET == result.exit_code
    assert FAR > (state(ours).succeeded_at or 0)


def test_a_remote_that_failed_says_when_its_turn_is(ours: CommandLine) -> None:
    ours.add_remote()
    ours.run("collect")

    shown = ours.json("remote", "show", "there")

    assert isinstance(shown, dict)
    assert "failing" in ours.do("remote", "list")
    assert shown["rests_until"] <= shown["next_at"]


def test_a_change_of_the_remote_ends_its_rest(ours: CommandLine) -> None:
    ours.add_remote()
    become(ours, RemoteState(failures=3, next_at=FOR_EVER))

    ours.do("remote", "edit", "there", "--user", "other")

    assert (0, 0) == (state(ours).failures, state(ours).next_at)


def test_a_paused_remote_is_collected_from_only_where_it_is_named(ours: CommandLine) -> None:
    ours.add_remote()
    ours.do("remote", "pause", "there")

    assert Outcome.NONE == ours.run("collect").exit_code
    assert Outcome.SOCKET == ours.run("collect", "there").exit_code


def test_a_day_without_success_raises_one_alert(ours: CommandLine) -> None:
    ours.add_remote()
    become(ours, RemoteState(succeeded_at=5, failures=1))

    first = ours.run("collect", "there")
    ours.run("collect", "there")

    assert ["not-collected"] == kinds(ours)
    assert "there: nothing has been collected for a day or more.\n" in first.stderr


def test_events_are_json_one_a_line(ours: CommandLine) -> None:
    ours.add_remote()

    result = ours.run("collect", "--events")
    events = [json.loads(line) for line in result.stdout.splitlines()]

    assert ["started", "failed", "ended"] == [event["event"] for event in events]
    assert ("there", "socket") == (events[-1]["remote"], events[-1]["outcome"])
    assert "" == result.stderr


def test_quiet_says_what_is_wrong_and_nothing_else(ours: CommandLine) -> None:
    ours.add_remote()

    result = ours.run("collect", "--quiet")

    assert (Outcome.SOCKET, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("pillarbox: there: ")


@pytest.mark.parametrize("words", [["--watch"], ["--events"], ["--quiet"], ["--rest", "id"]])
def test_a_dry_run_takes_nothing_that_would_be_of_no_use(
    ours: CommandLine, words: list[str]
) -> None:
    result = ours.run("collect", "--dry-run", *words)

    assert 2 == result.exit_code
    assert f"--dry-run goes without {words[0]}." in result.stderr


def test_a_dry_run_says_why_it_cannot(ours: CommandLine) -> None:
    ours.add_remote()

    result = ours.run("collect", "--dry-run", "--json")

    assert (Outcome.SOCKET, []) == (result.exit_code, json.loads(result.stdout))
    assert result.stderr.startswith("pillarbox: there: ")
    assert state(ours) == RemoteState()


def test_a_dry_run_honours_a_login_delay(ours: CommandLine) -> None:
    ours.add_remote()
    become(ours, RemoteState(logged_in_at=int(time.time()), login_delay_seconds=HOUR))

    result = ours.run("collect", "--dry-run")

    assert Outcome.SERVER == result.exit_code
    assert "(LOGIN-DELAY)" in result.stderr


# What is collected from, and what people and programs are told.


def test_a_remote_that_goes_before_its_password_is_read_is_named(
    ours: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours.add_remote()
    read = Remotes.list

    def read_and_removed(remotes: Remotes) -> Sequence[Remote]:
        found = read(remotes)
        remotes.remove("there")
        return found

    monkeypatch.setattr(Remotes, "list", read_and_removed)

    assert "There is no remote 'there'." in ours.refuse("collect", code=Outcome.CONFIGURATION)


def test_a_remote_that_goes_before_its_lease_is_taken_is_not_collected_from(
    ours: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours.add_remote()
    read = Remotes.password

    def read_and_removed(remotes: Remotes, remote: Remote) -> Secret:
        password = read(remotes, remote)
        remotes.remove(remote.name)
        return password

    monkeypatch.setattr(Remotes, "password", read_and_removed)
    result = ours.run("collect")

    assert Outcome.CONFIGURATION == result.exit_code
    said = "pillarbox: there: The remote was removed before it could be collected from.\n"
    assert said == result.stderr


def test_collect_without_a_remote_says_how_to_add_one(home: CommandLine) -> None:
    assert '"pillarbox remote add"' in home.refuse("collect", code=Outcome.CONFIGURATION)


def test_collect_from_an_unknown_remote_names_it(home: CommandLine) -> None:
    assert "'there'" in home.refuse("collect", "there", code=Outcome.CONFIGURATION)


def test_collect_without_a_home_does_not_say_that_there_was_no_mail(empty: CommandLine) -> None:
    assert "pillarbox init" in empty.refuse("collect", code=Outcome.CONFIGURATION)


def test_collect_answers_for_programs(ours: CommandLine) -> None:
    ours.add_remote()
    result = ours.run("collect", "--json")
    [fields] = json.loads(result.stdout)
    fault = fields.pop("fault")

    assert Outcome.SOCKET == result.exit_code
    assert f"pillarbox: there: {fault}\n" == result.stderr
    assert {
        "remote": "there",
        "outcome": "socket",
        **dict.fromkeys(COUNTS, 0),
        "stuck": [],
    } == fields
    assert {"listed", "collected", "known", "refused", "octets", "removed"} <= set(COUNTS)


def test_where_nothing_was_listed_people_are_told_what_is_wrong_alone(ours: CommandLine) -> None:
    ours.add_remote()
    result = ours.run("collect")

    assert "" == result.stdout
    assert 1 == len(result.stderr.splitlines())
    assert result.stderr.startswith("pillarbox: there: Cannot connect to localhost, port 1: ")


def test_people_are_told_that_another_process_collects(ours: CommandLine) -> None:
    ours.add_remote()
    ours.run("collect")
    [leased] = (ours.folder / "run" / "remotes").iterdir()
    lease = take_lease(leased)
    assert lease is not None

    said, quiet = ours.run("collect", "there"), ours.run("collect", "there", "-q")
    lease.release()

    assert (Outcome.LOCKED, "", "pillarbox: there: another process is collecting from it.\n") == (
        said.exit_code,
        said.stdout,
        said.stderr,
    )
    assert (Outcome.LOCKED, "") == (quiet.exit_code, quiet.output)
