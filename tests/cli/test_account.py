"""`pillarbox account`."""

import re

import pytest

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.names import SessionId, SignIn
from tests.cli.home import PASSWORD, CommandLine

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

SETTINGS = {"policy", "default_view"}  # tests/cli/test_policy.py


def shown(ours: CommandLine) -> dict[str, object]:
    found = without_times(ours.json("account", "show", "mrose"))

    assert isinstance(found, dict)

    return found


def without_times(value: object) -> object:
    """Return an answer with its times checked and taken out."""
    match value:
        case list():
            return [without_times(each) for each in value]
        case dict():
            assert TIME.fullmatch(value["created_at"])
            return {key: each for key, each in value.items() if key != "created_at"}
    return value


def test_a_made_password_is_printed_alone_on_stdout(home: CommandLine) -> None:
    result = home.run("account", "add", "mrose")

    assert 0 == result.exit_code
    assert re.fullmatch(r"\S{20,}\n", result.stdout)
    assert result.stdout.strip() not in result.stderr


def test_a_given_password_is_printed_nowhere(home: CommandLine) -> None:
    result = home.run("account", "add", "mrose", "--password-stdin", said=PASSWORD + "\nmore\n")

    assert (0, "", "") == (result.exit_code, result.stdout, result.stderr)


def test_a_name_is_taken_once(ours: CommandLine) -> None:
    assert "There is an account 'mrose' already." == ours.refuse("account", "add", "MRose")


@pytest.mark.parametrize("name", ["", "-", "two words", "a/b", "é", "x" * 65])
def test_a_name_that_cannot_be_one_is_refused(home: CommandLine, name: str) -> None:
    assert "cannot be a name" in home.refuse("account", "add", "--", name)


@pytest.mark.parametrize("password", ["", "\x01", "x" * 1025])
def test_a_password_that_no_client_could_send_is_refused(home: CommandLine, password: str) -> None:
    said = home.refuse("account", "add", "mrose", "--password-stdin", said=password + "\n")

    assert said.startswith("A password is 1 to 1024 octets")
    assert [] == home.json("account", "list")


def test_accounts_are_listed_by_name(home: CommandLine) -> None:
    home.add_account("zoe")
    home.add_account("adam")

    assert [
        {"name": "adam", "number": 2, "state": "enabled"},
        {"name": "zoe", "number": 1, "state": "enabled"},
    ] == without_times(home.json("account", "list"))
    assert ["adam\tenabled", "zoe\tenabled"] == [
        line.rpartition("\t")[0] for line in home.do("account", "list").splitlines()
    ]


def test_an_account_is_shown_with_its_maildrop(ours: CommandLine) -> None:
    ours.deliver(b"Subject: a\n\nb\n", b"Subject: c\r\n\r\n")

    assert {
        "name": "mrose",
        "number": 1,
        "state": "enabled",
        "messages": 2,
        "octets": 31,
        "used_octets": 31,
        "quota_octets": 0,
        "has_password": True,
        "scram": "ready",
        "second_factor": False,
        "locked_until": None,
        "devices": [],
    } == {name: value for name, value in shown(ours).items() if name not in SETTINGS}
    assert "octets\t31\n" in ours.do("account", "show", "mrose")


def test_an_account_is_disabled_and_enabled(ours: CommandLine) -> None:
    states = []
    for verb in ("disable", "enable"):
        assert "" == ours.do("account", verb, "mrose")
        states.append(without_times(ours.json("account", "list")))

    assert [
        [{"name": "mrose", "number": 1, "state": "disabled"}],
        [{"name": "mrose", "number": 1, "state": "enabled"}],
    ] == states


def test_a_locked_account_is_shown_and_unlocked(ours: CommandLine) -> None:
    with opened(Home(ours.folder)) as system:
        for number in range(20):
            sign_in = SignIn(SessionId(str(number)), f"192.0.2.{number}", "pop3", None)
            system.throttle.delay("mrose", sign_in)
            system.throttle.refused("mrose", sign_in)
    locked = ours.json("account", "show", "mrose")
    shown = ours.do("account", "show", "mrose")

    assert "" == ours.do("account", "unlock", "mrose")

    assert isinstance(locked, dict)
    assert f"locked_until\t{locked['locked_until']}\n" in shown
    assert "locked_until\t\n" in ours.do("account", "show", "mrose")


def test_a_removed_account_is_gone_and_its_mail_is_not_the_next_ones(ours: CommandLine) -> None:
    ours.deliver(b"Subject: private\r\n\r\n")
    ours.do("account", "remove", "mrose")
    assert [] == ours.json("account", "list")
    ours.add_account()

    assert [] == ours.json("maildrop", "list", "mrose")
    assert [] == ours.json("archive", "list", "--account", "mrose")


def test_an_account_that_a_remote_collects_into_stays(ours: CommandLine) -> None:
    ours.add_remote()

    assert 'Run "pillarbox remote remove there" first.' in ours.refuse("account", "remove", "mrose")


def test_a_password_is_replaced_by_one_that_is_given_or_made(ours: CommandLine) -> None:
    given = ours.run("account", "password", "mrose", "--password-stdin", said="another\n")
    made = ours.run("account", "password", "mrose")

    assert (0, "", "") == (given.exit_code, given.stdout, given.stderr)
    assert re.fullmatch(r"\S{20,}\n", made.stdout)


@pytest.mark.parametrize("verb", ["show", "password", "disable", "enable", "unlock", "remove"])
def test_an_unknown_account_is_named(home: CommandLine, verb: str) -> None:
    said = home.refuse("account", verb, "nobody")

    assert "There is no account 'nobody'. \"pillarbox account list\" names them." == said
