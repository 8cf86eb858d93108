"""`pillarbox remote test`: its words, its JSON and its exit codes."""

import json

from pillarbox.collector.outcome import Outcome
from tests.cli.home import CommandLine


def test_a_remote_is_tried_and_its_exit_code_is_that_of_collect(ours: CommandLine) -> None:
    ours.add_remote()

    result = ours.run("remote", "test", "there")

    assert Outcome.SOCKET == result.exit_code
    assert result.stdout.startswith("dns: addresses ")
    assert result.stderr.startswith("pillarbox: there: tcp: Cannot connect to localhost, port 1: ")


def test_a_trial_answers_for_programs(ours: CommandLine) -> None:
    ours.add_remote()

    result = ours.run("remote", "test", "there", "--json")
    answer = json.loads(result.stdout)

    assert Outcome.SOCKET == result.exit_code
    assert ("there", "socket") == (answer["remote"], answer["outcome"])
    assert ["dns", "tcp"] == [stage["stage"] for stage in answer["stages"]]
    assert [True, False] == [stage["passed"] for stage in answer["stages"]]
    assert answer["fault"].startswith("Cannot connect to localhost")


def test_an_unknown_remote_is_no_remote_to_try(home: CommandLine) -> None:
    result = home.run("remote", "test", "there")

    assert (Outcome.CONFIGURATION, "") == (result.exit_code, result.stdout)
    assert "There is no remote 'there'." in result.stderr


def test_a_remote_with_imap_is_tried_too(ours: CommandLine) -> None:
    ours.add_remote("there", "--protocol", "imap")

    result = ours.run("remote", "test", "there")

    assert Outcome.SOCKET == result.exit_code
    assert "pillarbox: there: tcp: Cannot connect to localhost, port 1: " in result.stderr
