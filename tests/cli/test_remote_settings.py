"""`pillarbox remote edit`: what is set at first, what is set later, and what is refused."""

import pytest

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.collector.collect import take_remote
from tests.cli.home import CommandLine, shown

FULL = (
    *("--protocol", "imap", "--folder", "INBOX", "--folder", "受信箱", "--tls", "stls"),
    *("--auth", "plain", "--timeout", "7", "--deadline", "70", "--role", "reader"),
    *("--into-maildrop", "--delete-after-days", "0", "--keep-newest", "5"),
    *("--delete-when-archived", "--delete-after-backups", "2", "--cron", "0 4 * * *"),
)
SET: dict[str, object] = {
    "server": "elsewhere:143",
    "protocol": "imap",
    "folders": ["INBOX", "受信箱"],
    "tls": "stls",
    "mechanism": "PLAIN",
    "timeout_seconds": 7,
    "deadline_seconds": 70,
    "role": "reader",
    "into_maildrop": True,
    "delete_after_days": 0,
    "keep_newest": 5,
    "delete_when_archived": True,
    "delete_after_backups": 2,
    "interval_seconds": None,
    "cron": "0 4 * * *",
}


def test_whatever_can_be_set_is_set_when_a_remote_is_added(ours: CommandLine) -> None:
    ours.add_remote("there", *FULL, server="elsewhere")

    assert SET == {name: shown(ours)[name] for name in SET}
    assert "folders\tINBOX,受信箱\n" in ours.do("remote", "show", "there")


def test_whatever_can_be_set_can_be_set_later(ours: CommandLine) -> None:
    ours.add_remote()

    answer = ours.json("remote", "edit", "there", "--server", "elsewhere", *FULL)

    assert shown(ours) == answer
    assert SET == {name: shown(ours)[name] for name in SET}


def test_an_empty_value_takes_a_setting_back(ours: CommandLine) -> None:
    ours.add_remote("plain", server="elsewhere")
    ours.add_remote("there", *FULL, server="elsewhere")
    names = ("auth", "timeout", "deadline", "delete-after-days", "keep-newest", "cron", "ca")
    cleared = [word for name in names for word in (f"--{name}", "")]

    ours.do(
        *("remote", "edit", "there", *cleared, "--delete-after-backups", "", "--folder", ""),
        *("--protocol", "pop3", "--tls", "implicit", "--role", "master"),
        *("--no-into-maildrop", "--no-delete-when-archived"),
    )

    own = ("name", "created_at")
    assert {**shown(ours, "plain"), **{name: shown(ours)[name] for name in own}} == shown(ours)


def test_an_edit_keeps_what_it_does_not_name(ours: CommandLine) -> None:
    ours.add_remote("there", *FULL, server="elsewhere:1143")
    before = shown(ours)

    ours.do("remote", "edit", "there", "--every", "60")

    assert {**before, "interval_seconds": 60, "cron": None, "next_at": None} == shown(ours)


def test_a_port_that_is_not_the_usual_one_stays(ours: CommandLine) -> None:
    ours.add_remote("there", server="elsewhere:1995")

    ours.do("remote", "edit", "there", "--tls", "stls")

    assert "elsewhere:1995" == shown(ours)["server"]


def test_an_edit_of_nothing_is_a_mistake(ours: CommandLine) -> None:
    ours.add_remote()

    result = ours.run("remote", "edit", "there", "--allow-password-without-tls")

    assert 2 == result.exit_code
    assert "Say what to set." in result.stderr


def test_a_remote_can_be_moved_to_another_account(ours: CommandLine) -> None:
    ours.add_account("other")
    ours.add_remote()

    ours.do("remote", "edit", "there", "--account", "other", "--user", "rose")

    assert ("other", "rose") == (shown(ours)["account"], shown(ours)["user"])


def test_an_edit_asks_for_the_long_flag_before_a_password_may_be_seen(ours: CommandLine) -> None:
    ours.add_remote()
    plain = ("remote", "edit", "there", "--tls", "none")

    said = ours.refuse(*plain)

    assert "--allow-password-without-tls" in said
    assert "implicit" == shown(ours)["tls"]
    result = ours.run(*plain, "--allow-password-without-tls")
    assert (0, "") == (result.exit_code, result.stdout)
    assert "can read the password and all messages" in result.stderr


def test_what_was_allowed_once_stays_allowed(ours: CommandLine) -> None:
    ours.add_remote("there", "--tls", "none", "--allow-password-without-tls")

    ours.do("remote", "edit", "there", "--timeout", "5")

    assert ("none", 5) == (shown(ours)["tls"], shown(ours)["timeout_seconds"])


@pytest.mark.parametrize("elsewhere", ["pop.example.net", "localhost:1110"])
def test_what_was_allowed_of_one_server_is_not_allowed_of_another(
    ours: CommandLine, elsewhere: str
) -> None:
    ours.add_remote("there", "--tls", "none", "--allow-password-without-tls")
    before = shown(ours)
    edit = ("remote", "edit", "there", "--server", elsewhere)

    assert "--allow-password-without-tls" in ours.refuse(*edit)
    assert before == shown(ours)
    assert 0 == ours.run(*edit, "--allow-password-without-tls").exit_code


def test_a_way_that_hides_the_password_is_not_changed_for_one_that_does_not(
    ours: CommandLine,
) -> None:
    ours.add_remote("there", "--tls", "none", "--auth", "SCRAM-SHA-256")

    assert "--allow-password-without-tls" in ours.refuse("remote", "edit", "there", "--auth", "")
    assert "SCRAM-SHA-256" == shown(ours)["mechanism"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--user", ""), "--user is empty"),
        (("--folder", "Archive"), "POP3 has no folders"),
        (("--protocol", "imap", "--folder", "a\r\nb"), "--folder has characters"),
        (("--cron", "daily"), "daily"),
        (("--password-command", "'"), "The password command cannot be read"),
        (("--server", "host:x"), "host:x is not host:port."),
    ],
)
def test_an_edit_that_is_of_no_use_changes_nothing(
    ours: CommandLine, more: tuple[str, ...], said: str
) -> None:
    ours.add_remote()
    before = shown(ours)

    assert said in ours.refuse("remote", "edit", "there", "--timeout", "9", *more)
    assert before == shown(ours)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--every", "60", "--cron", "0 4 * * *"), "Say --every or --cron, not both."),
        (("--password-stdin", "--password-command", "true"), "The password comes from one place"),
        (("--password-keyring", "x", "--password-command", "true"), "comes from one place"),
    ],
)
def test_two_that_exclude_each_other_are_a_mistake(
    ours: CommandLine, more: tuple[str, ...], said: str
) -> None:
    ours.add_remote()

    result = ours.run("remote", "edit", "there", *more, said="x\n")

    assert 2 == result.exit_code
    assert said in result.stderr


def test_what_is_being_collected_from_becomes_no_other_maildrop(ours: CommandLine) -> None:
    ours.add_remote()
    with opened(Home(ours.folder)) as system:
        lease = take_remote(system.home.remote_leases, system.remotes.show("there").id)

    assert lease is not None
    assert "is being collected from" in ours.refuse("remote", "edit", "there", "--user", "other")
    ours.do("remote", "edit", "there", "--timeout", "9")
    lease.release()
    ours.do("remote", "edit", "there", "--user", "other")
    assert ("other", 9) == (shown(ours)["user"], shown(ours)["timeout_seconds"])
