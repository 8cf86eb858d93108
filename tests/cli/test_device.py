"""`pillarbox device`."""

import re

import pytest

from tests.cli.home import PASSWORD, CommandLine
from tests.cli.test_account import without_times

APP_PASSWORD = re.compile(r"[a-z2-7]{26}\n")


def listed(ours: CommandLine) -> list[dict[str, object]]:
    found = without_times(ours.json("device", "list", "mrose"))

    assert isinstance(found, list)

    return found


@pytest.mark.parametrize("options", [(), ("--legacy-digest",)])
def test_an_app_password_is_printed_alone_on_stdout(
    ours: CommandLine, options: tuple[str, ...]
) -> None:
    result = ours.run("device", "add", "mrose", "phone", *options)

    assert 0 == result.exit_code
    assert APP_PASSWORD.fullmatch(result.stdout)
    assert result.stdout.strip() not in result.stderr


def test_devices_are_listed_by_name(ours: CommandLine) -> None:
    ours.do("device", "add", "mrose", "Phone", "--legacy-digest")
    ours.do("device", "add", "mrose", "desk")

    assert [("desk", 2, False, "reader"), ("phone", 1, True, "reader")] == [
        (each["name"], each["number"], each["legacy_digest"], each["role"]) for each in listed(ours)
    ]
    assert ["desk\tno\trole=reader\tnever\t", "phone\tyes\trole=reader\tnever\t"] == [
        line.rpartition("\t")[0] for line in ours.do("device", "list", "mrose").splitlines()
    ]


def test_a_device_is_renamed_and_revoked(ours: CommandLine) -> None:
    ours.do("device", "add", "mrose", "phone")

    assert "" == ours.do("device", "rename", "mrose", "phone", "tablet")
    renamed = listed(ours)
    assert "" == ours.do("device", "revoke", "mrose", "tablet")

    assert [("tablet", 1)] == [(each["name"], each["number"]) for each in renamed]
    assert [] == ours.json("device", "list", "mrose")


def test_a_device_gets_another_app_password_and_stays_the_same(ours: CommandLine) -> None:
    old = ours.do("device", "add", "mrose", "phone", "--role", "master")

    new = ours.do("device", "password", "mrose", "phone")
    told = ours.json("device", "password", "mrose", "phone")

    assert isinstance(told, dict)
    assert APP_PASSWORD.fullmatch(told["app_password"] + "\n")
    assert ("phone", False) == (told["name"], told["legacy_digest"])
    assert APP_PASSWORD.fullmatch(new)
    assert old != new
    assert [("phone", 1, "master")] == [
        (each["name"], each["number"], each["role"]) for each in listed(ours)
    ]


def test_a_devices_name_is_taken_once(ours: CommandLine) -> None:
    ours.do("device", "add", "mrose", "phone")

    assert "Account 'mrose' has a device 'phone' already." == ours.refuse(
        "device", "add", "MRose", "Phone"
    )


def test_a_device_that_is_not_there_is_named(ours: CommandLine) -> None:
    said = ours.refuse("device", "revoke", "mrose", "phone")

    assert (
        "Account 'mrose' has no device 'phone'. \"pillarbox device list mrose\" names them." == said
    )
    assert said == ours.refuse("device", "rename", "mrose", "phone", "tablet")


@pytest.mark.parametrize("words", [("add", "x", "y"), ("list", "x"), ("revoke", "x", "y")])
def test_a_device_of_an_unknown_account_is_refused(
    home: CommandLine, words: tuple[str, ...]
) -> None:
    assert "There is no account 'x'." in home.refuse("device", *words)


def test_an_account_is_shown_with_its_devices_and_what_scram_can_do(ours: CommandLine) -> None:
    ours.do("device", "add", "mrose", "phone")
    ours.do("device", "add", "mrose", "desk")

    shown = ours.json("account", "show", "mrose")

    assert isinstance(shown, dict)
    assert (["desk", "phone"], "ready") == (shown["devices"], shown["scram"])
    assert "\ndevices\tdesk, phone\n" in ours.do("account", "show", "mrose")


def test_scram_takes_a_main_password_after_the_next_login_where_it_must_be_made_first(
    ours: CommandLine,
) -> None:
    ours.configure(
        "scram_sha_1_for_main_passwords = false", "scram_sha_1_for_main_passwords = true"
    )
    before = ours.do("account", "show", "mrose")
    ours.do("account", "password", "mrose", "--password-stdin", said=PASSWORD + "\n")

    assert "scram\tafter the next password login\n" in before
    assert "scram\tready\n" in ours.do("account", "show", "mrose")


def test_what_is_done_to_a_device_is_told_to_programs(ours: CommandLine) -> None:
    added = ours.json("device", "add", "mrose", "phone")
    edited = ours.json("device", "edit", "mrose", "phone", "--window-days", "30")
    renamed = ours.json("device", "rename", "mrose", "phone", "tablet")
    revoked = ours.json("device", "revoke", "mrose", "tablet")

    assert isinstance(added, dict)
    assert APP_PASSWORD.fullmatch(added.pop("app_password") + "\n")
    assert {**added, "window_days": 30} == edited
    assert {**added, "window_days": 30, "name": "tablet"} == renamed == revoked
    assert [] == ours.json("device", "list", "mrose")
