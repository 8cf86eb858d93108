"""`pillarbox incident`."""

from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.app import incident_report
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.app.incident_report import wait_until_ended
from pillarbox.app.servers import Presence
from pillarbox.base.names import Identity
from tests.cli.home import CommandLine
from tests.cli.test_session import LIVE, RECORD, REFUSED, record


@pytest.fixture
def recorded(ours: CommandLine) -> CommandLine:
    """Give a home with three sessions and a device."""
    ours.do("device", "add", "mrose", "phone")
    record(ours, RECORD, LIVE, REFUSED)
    return ours


def test_the_report_says_what_was_done_and_what_to_do(recorded: CommandLine) -> None:
    result = recorded.run("incident", "mrose", "--since", "2001-01-01")

    assert 0 == result.exit_code
    assert "Nobody can log in to mrose any more" in result.stderr
    assert "- Devices revoked: phone.\n" in result.stdout
    assert "`pillarbox account password mrose`" in result.stdout
    assert "2001-09-09T01:46:40Z mrose from 192.0.2.7 by pop3" in result.stdout
    assert "\x1b" not in result.stdout
    assert [] == recorded.json("device", "list", "mrose")
    account = recorded.json("account", "show", "mrose")
    assert isinstance(account, dict)
    assert (False, "there is no main password") == (account["has_password"], account["scram"])


def test_the_report_names_messages_that_were_read_and_the_way_back(
    recorded: CommandLine, tmp_path: Path
) -> None:
    for number in range(2):
        message = tmp_path / f"{number}.eml"
        message.write_bytes(b"Subject: one\r\n\r\n")
        recorded.do("deliver", "mrose", message)
    listed = recorded.json("maildrop", "list", "mrose")
    assert isinstance(listed, list)
    ids = [each["unique_id"] for each in listed]
    with opened(Home(recorded.folder)) as system:
        who = Identity(system.accounts.show("mrose").id)
        maildrop = system.store.open_maildrop(who, RECORD.id)
        maildrop.commit(maildrop.messages[:1])
        maildrop.release()
    record(recorded, replace(RECORD, read="1-2", removed="1"))

    said = recorded.do("incident", "mrose", "--since", "2001-01-01")

    assert f"`pillarbox maildrop undo mrose --session {RECORD.id}`" in said
    assert f"- {ids[1]}, arrived " in said
    assert 2 == said.count(f"- {ids[0]}, arrived ")


def test_the_report_is_there_for_programs(recorded: CommandLine) -> None:
    report = recorded.json("incident", "mrose", "--since", "2001-01-01")

    assert isinstance(report, dict)
    assert ("mrose", ["phone"]) == (report["account"], report["revoked_devices"])
    assert [RECORD.id, LIVE.id, REFUSED.id] == [each["id"] for each in report["sessions"]]
    assert "incident.declared" in [each["event"] for each in report["changes"]]


def test_the_report_goes_into_a_new_file_that_nobody_else_reads(
    recorded: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "report.md"

    assert "" == recorded.do("incident", "mrose", "--report", file)

    assert (0o600, "# Incident: mrose") == (
        file.stat().st_mode & 0o777,
        file.read_text("utf-8").splitlines()[0],
    )


def test_a_file_that_is_there_is_refused_before_anything_is_done(
    recorded: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "report.md"
    file.touch()

    said = recorded.refuse("incident", "mrose", "--report", file)

    assert f"{file} cannot be written: it is there, or its folder is not." == said
    devices = recorded.json("device", "list", "mrose")
    assert isinstance(devices, list)
    assert 1 == len(devices)


def test_a_session_that_does_not_end_is_waited_for_and_named(recorded: CommandLine) -> None:
    waited: list[float] = []
    home = Home(recorded.folder)
    presence = Presence(home.servers)
    record(recorded, LIVE, server=presence.name)

    with opened(home) as system:
        account = system.accounts.show("mrose").id
        wait_until_ended(system, account, waited.append)
        found = incident_report.report(system, account, "mrose", 0)
    presence.leave()

    assert [LIVE.id] == [each.id for each in found.live]
    assert 12.5 == sum(waited)
