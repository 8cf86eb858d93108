"""What is set for an account and for a device: `account edit`, `device add` and `device edit`."""

from typing import Any

import pytest

from tests.cli.home import CommandLine
from tests.cli.test_device import listed

UNSET = {
    "role": "reader",
    "window_days": None,
    "window_since": None,
    "session_octets": None,
    "protocols": None,
    "networks": None,
    "hours": None,
    "retention_days": None,
    "expires_at": None,
}
OF_DEVICE = [
    ("--role", "master", "role", "master"),
    ("--network", "192.0.2.7", "networks", ["192.0.2.7/32"]),
    ("--hours", "22:00-06:00", "hours", "22:00-06:00"),
    ("--protocol", "POP3", "protocols", ["pop3"]),
    ("--expires", "2030-12-31", "expires_at", "2030-12-31T00:00:00Z"),
    ("--expires", "2030-12-31T09:00+09:00", "expires_at", "2030-12-31T00:00:00Z"),
    ("--window-days", "30", "window_days", 30),
    ("--window-since", "2026-01-01", "window_since", "2026-01-01T00:00:00Z"),
    ("--session-octets", "1000000", "session_octets", 1_000_000),
    ("--retention-days", "7", "retention_days", 7),
]
OF_ACCOUNT = [
    ("--network", "2001:db8::/48", "networks", ["2001:db8::/48"]),
    ("--hours", "08:00-18:00", "hours", "08:00-18:00"),
    ("--protocol", "pop2", "protocols", ["pop2"]),
    ("--main-password", "refuse", "main_password", "refuse"),
    ("--login-delay", "60", "login_delay_seconds", 60),
    ("--retention-days", "0", "retention_days", 0),
    ("--quota", "1000000", "quota_octets", 1_000_000),
    ("--after-removal", "keep", "after_removal", "keep"),
    ("--remove", "at-once", "removal", "at once"),
    ("--reach-days", "14", "reach_days", 14),
]
WRONG = [
    ("--role", "owner", "'owner' is none of these: master, reader."),
    ("--role", "", "'' is none of these: master, reader."),
    ("--network", "192.0.2.1/24", "'192.0.2.1/24' is no network."),
    ("--hours", "8-18", "'8-18' are no hours."),
    ("--protocol", "imap", "'imap' is no protocol."),
    ("--expires", "soon", "'soon' is no date."),
    ("--expires", "0001-01-01T00:00+23:59", "'0001-01-01T00:00+23:59' is no date."),
    ("--window-days", "0", "'0' is no number from 1 to 36500."),
    ("--window-days", "٣", "'٣' is no number from 1 to 36500."),
    ("--session-octets", "9" * 99, f"'{'9' * 99}' is no number from 1 to 9007199254740992."),
]


def phone(ours: CommandLine) -> dict[str, Any]:
    [found] = listed(ours)
    return {name: found[name] for name in UNSET}


def shown(ours: CommandLine, part: str) -> dict[str, Any]:
    found = ours.json("account", "show", "mrose")

    assert isinstance(found, dict)

    return dict(found[part])


def told(ours: CommandLine, event: str) -> list[object]:
    lines = ours.json("audit", "list", "mrose")

    assert isinstance(lines, list)

    return [line["facts"] for line in lines if line["event"] == event]


@pytest.mark.parametrize(("option", "word", "setting", "value"), OF_DEVICE)
def test_a_device_is_added_with_what_holds_for_it(
    ours: CommandLine, option: str, word: str, setting: str, value: object
) -> None:
    ours.do("device", "add", "mrose", "phone", option, word)

    assert {**UNSET, setting: value} == phone(ours)


@pytest.mark.parametrize(("option", "word", "setting", "value"), OF_DEVICE)
def test_a_device_is_edited_and_what_was_set_is_taken_back(
    ours: CommandLine, option: str, word: str, setting: str, value: object
) -> None:
    ours.do("device", "add", "mrose", "phone")
    ours.do("device", "edit", "mrose", "phone", option, word)
    edited = phone(ours)
    ours.do("device", "edit", "mrose", "phone", option, "reader" if option == "--role" else "")

    assert [{**UNSET, setting: value}, UNSET] == [edited, phone(ours)]


@pytest.mark.parametrize(("option", "word", "setting", "value"), OF_ACCOUNT)
def test_an_account_is_edited_and_what_was_set_is_taken_back(
    ours: CommandLine, option: str, word: str, setting: str, value: object
) -> None:
    unset = shown(ours, "policy")
    ours.do("account", "edit", "mrose", option, word)
    edited = shown(ours, "policy")
    ours.do("account", "edit", "mrose", option, "")

    assert [{**unset, setting: value}, unset] == [edited, shown(ours, "policy")]


@pytest.mark.parametrize("words", [("account", "edit", "mrose"), ("device", "edit", "mrose", "x")])
def test_an_edit_says_what_to_set(ours: CommandLine, words: tuple[str, ...]) -> None:
    result = ours.run(*words)

    assert 2 == result.exit_code
    assert "Say what to set." in result.stderr


def test_what_all_have_is_removed_or_not(ours: CommandLine) -> None:
    found = []
    for word in ("yes", "no"):
        ours.do("account", "edit", "mrose", "--remove-what-all-have", word)
        found.append(shown(ours, "policy")["removes_what_all_have"])

    assert [True, False] == found


def test_the_view_of_the_main_password_is_edited_with_the_account(ours: CommandLine) -> None:
    ours.do("account", "edit", "mrose", "--role", "reader", "--window-days", "30", "--hours", "")

    assert {
        "role": "reader",
        "window_days": 30,
        "window_since": None,
        "session_octets": None,
    } == shown(ours, "default_view")


def test_several_networks_and_protocols_hold_together(ours: CommandLine) -> None:
    ours.do(
        *("device", "add", "mrose", "phone", "--network", "192.0.2.0/24"),
        *("--network", "2001:db8::/48", "--protocol", "pop2", "--protocol", "pop3"),
    )

    assert ["192.0.2.0/24", "2001:db8::/48"] == phone(ours)["networks"]
    assert ["pop3", "pop2"] == phone(ours)["protocols"]


@pytest.mark.parametrize(("option", "word", "said"), WRONG)
def test_what_is_wrong_is_named_and_nothing_changes(
    ours: CommandLine, option: str, word: str, said: str
) -> None:
    ours.do("device", "add", "mrose", "phone")
    edited = ours.refuse("device", "edit", "mrose", "phone", "--retention-days", "7", option, word)
    added = ours.refuse("device", "add", "mrose", "desk", option, word)

    assert edited == added
    assert edited.startswith(said)
    assert UNSET == phone(ours)


def test_one_wrong_setting_leaves_the_others_of_an_account_as_they_were(ours: CommandLine) -> None:
    before = shown(ours, "policy"), shown(ours, "default_view")
    ours.refuse("account", "edit", "mrose", "--quota", "1", "--role", "owner")

    assert before == (shown(ours, "policy"), shown(ours, "default_view"))


def test_people_are_shown_what_is_set_in_a_line(ours: CommandLine) -> None:
    ours.do("device", "add", "mrose", "phone", "--network", "192.0.2.0/24", "--window-days", "7")
    ours.do("account", "edit", "mrose", "--remove", "at-once", "--remove-what-all-have", "yes")

    assert "role=reader window_days=7 networks=192.0.2.0/24" in ours.do("device", "list", "mrose")
    assert "policy\tremoval=at-once removes_what_all_have=true\n" in ours.do(
        "account", "show", "mrose"
    )


def test_the_audit_has_what_was_changed_and_nothing_where_nothing_was(ours: CommandLine) -> None:
    ours.do("device", "add", "mrose", "phone", "--role", "master", "--hours", "08:00-18:00")
    for _ in range(2):
        ours.do("device", "edit", "mrose", "phone", "--hours", "", "--window-days", "7")
        ours.do("account", "edit", "mrose", "--quota", "1000000", "--role", "reader")
        ours.do("device", "rename", "mrose", "phone", "desk")
        ours.do("device", "rename", "mrose", "desk", "phone")
    ours.do("device", "revoke", "mrose", "phone")

    assert [{"device": "phone", "role": "master", "hours": "08:00-18:00"}] == told(
        ours, "device.added"
    )
    assert [{"device": "phone", "hours": "", "window_days": 7}] == told(ours, "device.edited")
    assert [{"quota_octets": 1_000_000, "role": "reader"}] == told(ours, "account.edited")
    assert {"device": "phone", "name": "desk"} in told(ours, "device.renamed")
    assert [{"device": "phone"}] == told(ours, "device.revoked")


def test_what_is_set_is_told_to_programs_where_an_account_is_edited(ours: CommandLine) -> None:
    edited = ours.json("account", "edit", "mrose", "--quota", "7", "--role", "reader")
    shown = ours.json("account", "show", "mrose")

    assert isinstance(edited, dict)
    assert isinstance(shown, dict)
    assert 7 == edited["policy"]["quota_octets"]
    assert {name: shown[name] for name in ("policy", "default_view")} == edited
