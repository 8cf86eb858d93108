"""`pillarbox remote`, `collect` without a server, and `key`."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from pillarbox.accounts.remotes import Remote, Remotes
from pillarbox.app import discovery
from pillarbox.app.discovery import Finder
from pillarbox.base.secret import Secret
from pillarbox.cli.collect.events import COUNTS
from pillarbox.collector.outcome import Outcome
from pillarbox.net.https_page import NoPageFault
from pillarbox.net.srv import Srv
from pillarbox.store.lease import take_lease
from tests.cli.home import CommandLine

SECRET = "battery staple"
ADD = ("remote", "add", "there", "--user", "rosemary", "--account", "mrose", "--password-stdin")


def shown(ours: CommandLine, name: str = "there") -> dict[str, object]:
    answer = ours.json("remote", "show", name)
    assert isinstance(answer, dict)
    return answer


def test_a_remote_is_shown_with_everything_but_its_password(
    ours: CommandLine, tmp_path: Path
) -> None:
    ca = ours.folder / "tls" / "ca.pem"
    ours.add_remote(
        "there",
        *("--tls", "stls", "--ca", str(ca), "--timeout", "7", "--deadline", "70"),
        *("--delete-after-days", "3"),
        server="pop.example.org",
    )
    fields = shown(ours)
    created_at = fields.pop("created_at")

    assert isinstance(created_at, str)
    assert {
        "name": "there",
        "server": "pop.example.org:110",
        "protocol": "pop3",
        "folders": [],
        "tls": "stls",
        "ca_file": str(ca),
        "user": "rosemary",
        "mechanism": None,
        "secret_kind": "sealed",
        "account": "mrose",
        "into_maildrop": False,
        "timeout_seconds": 7,
        "deadline_seconds": 70,
        "role": "master",
        "delete_after_days": 3,
        "keep_newest": None,
        "delete_when_archived": False,
        "delete_after_backups": None,
        "interval_seconds": None,
        "cron": None,
        "paused_at": None,
        "tried_at": None,
        "succeeded_at": None,
        "outcome": None,
        "failures": 0,
        "rests_until": None,
        "next_at": None,
        "login_delay_seconds": None,
        "expire_days": None,
    } == fields
    assert "user\trosemary\n" in ours.do("remote", "show", "there")


def test_it_is_shown_how_it_went_with_a_remote_last(ours: CommandLine) -> None:
    ours.add_remote("fine", server="elsewhere")
    ours.add_remote("there", server="elsewhere")
    with closing(sqlite3.connect(ours.folder / "pillarbox.db")) as rows, rows:
        rows.execute(
            "INSERT INTO remote_states (remote_id, succeeded_at, outcome, failures, next_at)"
            " VALUES (1, 3600, 'mail', 0, 0), (2, 0, 'connection', 2, 7200)"
        )

    fields = shown(ours)

    assert ("connection", 2, "1970-01-01T02:00:00Z") == (
        fields["outcome"],
        fields["failures"],
        fields["rests_until"],
    )
    lines = ours.do("remote", "list").splitlines()
    assert ["active\t1970-01-01T01:00:00Z", "failing\t1970-01-01T00:00:00Z"] == [
        line.partition("\tpop3\t")[2] for line in lines
    ]


@pytest.mark.parametrize(
    ("given", "tls", "expected"),
    [
        ("pop.example.org", "implicit", "pop.example.org:995"),
        ("pop.example.org", "stls", "pop.example.org:110"),
        ("pop.example.org:1", "stls", "pop.example.org:1"),
        ("[::1]", "implicit", "[::1]:995"),
        ("[::1]:1", "implicit", "[::1]:1"),
    ],
)
def test_a_server_has_the_usual_port_unless_another_is_given(
    ours: CommandLine, given: str, tls: str, expected: str
) -> None:
    ours.add_remote("there", "--tls", tls, server=given)

    assert expected == shown(ours)["server"]


@pytest.mark.parametrize("server", ["host:", "host:x", ":110", "host:65536"])
def test_a_server_that_is_no_address_is_refused(ours: CommandLine, server: str) -> None:
    said = ours.refuse(*ADD, "--server", server, said=SECRET + "\n")

    assert said.endswith("is not host:port.")


def test_remotes_are_listed_by_name(ours: CommandLine) -> None:
    ours.add_remote("two")
    ours.add_remote("one")
    listed = ours.json("remote", "list")

    assert isinstance(listed, list)
    assert ["one", "two"] == [each["name"] for each in listed]
    assert [
        "one\tlocalhost:1\timplicit\trosemary\tmrose\tpop3\tactive\t",
        "two\tlocalhost:1\timplicit\trosemary\tmrose\tpop3\tactive\t",
    ] == ours.do("remote", "list").splitlines()


def test_a_remote_is_forgotten(ours: CommandLine) -> None:
    ours.add_remote()

    assert "" == ours.do("remote", "remove", "there")
    assert [] == ours.json("remote", "list")


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


def test_another_password_takes_the_place_of_the_first(ours: CommandLine) -> None:
    ours.add_remote()
    before = sealed(ours)

    ours.do("remote", "edit", "there", "--password-stdin", said="another\n")

    assert 1 == len(sealed(ours))
    assert before != sealed(ours)


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


@pytest.mark.parametrize("option", ["--server", "--user", "--account"])
def test_who_where_and_for_whom_must_be_said(ours: CommandLine, option: str) -> None:
    said = {"--server": "elsewhere", "--user": "rosemary", "--account": "mrose"}
    words = [word for name, value in said.items() if name != option for word in (name, value)]

    result = ours.run("remote", "add", "there", *words)

    assert 2 == result.exit_code
    assert option in result.stderr


def test_a_password_may_come_from_a_command_that_is_sealed_and_not_shown(
    ours: CommandLine,
) -> None:
    where = ("--server", "localhost:1", "--user", "rosemary", "--account", "mrose")
    ours.do("remote", "add", "there", *where, "--password-command", "cat /no/canary")

    assert "command" == shown(ours)["secret_kind"]
    assert "canary" not in ours.do("remote", "show", "there")
    assert "canary" not in ours.do("audit", "list")
    assert "The password command ended with 1 and gave no password." in ours.refuse(
        "collect", code=Outcome.CONFIGURATION
    )


def test_a_password_may_come_from_the_keyring(ours: CommandLine) -> None:
    ours.add_remote()

    ours.do("remote", "edit", "there", "--password-keyring", "work")

    assert "keyring" == shown(ours)["secret_kind"]
    assert "keyring" in ours.refuse("collect", code=Outcome.CONFIGURATION)


def test_a_remote_rests_until_it_is_to_go_on(ours: CommandLine) -> None:
    ours.add_remote()

    ours.do("remote", "pause", "there")
    paused = ours.do("remote", "list")
    answer = ours.json("remote", "resume", "there")

    assert paused.endswith("\tpaused\t\n")
    assert shown(ours) == answer
    assert shown(ours)["paused_at"] is None


def test_a_remote_is_added_once(ours: CommandLine) -> None:
    ours.add_remote()

    said = ours.refuse(*ADD, "--server", "elsewhere", said=SECRET + "\n")

    assert "There is a remote 'there' already." == said


def test_a_remote_needs_an_account_that_is_there(home: CommandLine) -> None:
    said = home.refuse(*ADD, "--server", "elsewhere", said=SECRET + "\n")

    assert "There is no account 'mrose'." in said


@pytest.mark.parametrize("verb", ["show", "remove", "pause", "resume"])
def test_an_unknown_remote_is_named(home: CommandLine, verb: str) -> None:
    said = home.refuse("remote", verb, "there")

    assert "There is no remote 'there'. \"pillarbox remote list\" names them." == said


def test_a_password_is_asked_for_where_stdin_is_not_named(ours: CommandLine) -> None:
    command = ("remote", "add", "there", "--server", "h", "--user", "u", "--account", "mrose")
    result = ours.run(*command, said=SECRET + "\n")

    assert (0, "") == (result.exit_code, result.stdout)
    assert SECRET not in result.stderr
    assert "u" == shown(ours)["user"]


def test_no_password_goes_without_tls_unless_the_long_flag_says_so(ours: CommandLine) -> None:
    plain = (*ADD, "--server", "elsewhere", "--tls", "none")

    said = ours.refuse(*plain, said=SECRET + "\n")

    assert "--allow-password-without-tls" in said
    assert [] == ours.json("remote", "list")
    assert [] == sealed(ours)
    assert "" == ours.do(*plain, "--allow-password-without-tls", said=SECRET + "\n")
    assert "none" == shown(ours)["tls"]


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        (("--allow-password-without-tls",), "can read the password and all messages"),
        (("--allow-password-without-tls", "--auth", "PLAIN"), "can read the password and all"),
        (("--allow-password-without-tls", "--auth", "APOP"), "can try to guess the password"),
        (("--auth", "SCRAM-SHA-256"), "can read all messages, and can try to guess the password"),
        (("--auth", "cram-md5"), "can read all messages, and can try to guess the password"),
    ],
)
def test_who_turns_tls_off_is_warned_of_what_is_not_private(
    ours: CommandLine, more: tuple[str, ...], warning: str
) -> None:
    plain = (*ADD, "--server", "elsewhere", "--tls", "none", *more)

    result = ours.run(*plain, said=SECRET + "\n")

    assert (0, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("Warning: without TLS anyone on the way ")
    assert warning in result.stderr


@pytest.mark.parametrize("tls", ["implicit", "stls"])
def test_with_tls_there_is_no_warning(ours: CommandLine, tls: str) -> None:
    result = ours.run(*ADD, "--server", "elsewhere", "--tls", tls, said=SECRET + "\n")

    assert (0, "", "") == (result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize(
    ("given", "kept"), [("scram-sha-256", "SCRAM-SHA-256"), ("Apop", "APOP"), ("user", "USER")]
)
def test_a_mechanism_is_kept_by_its_name_in_whatever_case_it_is_given(
    ours: CommandLine, given: str, kept: str
) -> None:
    ours.add_remote("there", "--auth", given)

    assert kept == shown(ours)["mechanism"]


def test_an_empty_password_is_none(ours: CommandLine) -> None:
    said = ours.refuse(*ADD, "--server", "elsewhere", said="\n")

    assert "The password is empty: nothing came on stdin." == said
    assert [] == ours.json("remote", "list")


def test_a_file_without_authorities_is_refused_before_it_is_needed(
    ours: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("none")
    ours.add_remote()
    before = shown(ours)

    said = ours.refuse("remote", "edit", "there", "--ca", str(tmp_path / "ca.pem"))

    assert "cannot be used as a file of certificate authorities" in said
    assert before == shown(ours)


def test_a_remote_that_is_being_collected_from_is_not_forgotten(ours: CommandLine) -> None:
    ours.add_remote()
    ours.run("collect")
    [leased] = (ours.folder / "run" / "remotes").iterdir()
    lease = take_lease(leased)
    assert lease is not None

    said = ours.refuse("remote", "remove", "there")
    lease.release()

    assert "The remote 'there' is being collected from. Try again when that has ended." == said
    assert "there" == shown(ours)["name"]
    assert "" == ours.do("remote", "remove", "there")


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


def test_a_password_that_is_missing_is_not_taken_for_a_remote_that_is(ours: CommandLine) -> None:
    ours.add_remote()
    with closing(sqlite3.connect(ours.folder / "pillarbox.db")) as database:
        database.execute("UPDATE secrets SET sealed = x'00' WHERE purpose LIKE 'remote %'")
        database.commit()

    assert "There is no" not in ours.refuse("collect", code=Outcome.STORE)


def sealed(home: CommandLine) -> list[tuple[str, bytes]]:
    with closing(sqlite3.connect(home.folder / "pillarbox.db")) as database:
        return database.execute(
            "SELECT key_id, sealed FROM secrets WHERE purpose LIKE 'remote %'"
        ).fetchall()


def test_a_remotes_password_lies_nowhere_in_the_home_in_the_clear(ours: CommandLine) -> None:
    ours.add_remote()
    files = [path for path in ours.folder.rglob("*") if path.is_file()]

    assert files
    assert [] == [path for path in files if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("verb", ["rotate", "reseal"])
def test_a_remote_is_usable_after_its_key_has_changed(ours: CommandLine, verb: str) -> None:
    ours.add_remote()
    before = sealed(ours)

    assert "" == ours.do("key", verb)

    assert (verb == "rotate") == (before != sealed(ours))
    assert Outcome.SOCKET == ours.run("collect").exit_code  # it opened, and nobody listens


def test_a_lost_key_is_named(ours: CommandLine) -> None:
    ours.add_remote()
    master = ours.folder / "keys" / "master"
    master.unlink()

    for command in (("key", "rotate"), ("key", "reseal")):
        assert str(master) in ours.refuse(*command)
    assert str(master) in ours.refuse("collect", code=Outcome.CONFIGURATION)


def test_a_systemd_credential_is_the_key_where_there_is_one(
    ours: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours.add_remote()
    (ours.folder / "keys" / "master").rename(tmp_path / "pillarbox.master")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert Outcome.SOCKET == ours.run("collect").exit_code
    assert "is a systemd credential" in ours.refuse("key", "rotate")
    assert not (ours.folder / "keys" / "master").exists()


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
    assert {"remote": "there", "outcome": "socket", **dict.fromkeys(COUNTS, 0)} == fields
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


WHO = ("--account", "mrose", "--password-stdin")


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("gmail", ("pop.gmail.com:995", "r.ose@example.com", "pop3", None)),
        ("outlook", ("outlook.office365.com:995", "r.ose@example.com", "pop3", "XOAUTH2")),
        ("icloud", ("imap.mail.me.com:993", "r.ose", "imap", None)),
        ("onamae", ("pop.example.com:995", "r.ose@example.com", "pop3", None)),
    ],
)
def test_a_provider_is_known_by_its_name(
    ours: CommandLine, provider: str, expected: tuple[str | None, ...]
) -> None:
    where = ("--provider", provider, "--address", "r.ose@example.com")
    result = ours.run("remote", "add", "there", *where, *WHO, said=SECRET + "\n")
    fields = shown(ours)

    assert (0, "") == (result.exit_code, result.stdout)
    assert expected == tuple(fields[name] for name in ("server", "user", "protocol", "mechanism"))
    assert "implicit" == fields["tls"]


def test_what_is_said_goes_before_what_the_provider_says(ours: CommandLine) -> None:
    said = ("--provider", "outlook", "--user", "rose", "--server", "localhost", "--auth", "PLAIN")
    ours.do("remote", "add", "there", *said, *WHO, said=SECRET + "\n")

    assert ("localhost:995", "rose", "PLAIN") == tuple(
        shown(ours)[name] for name in ("server", "user", "mechanism")
    )


def test_a_provider_whose_user_is_another_name_wants_it_said(ours: CommandLine) -> None:
    where = ("--provider", "asahi-net", "--address", "r@asahi-net.or.jp")

    result = ours.run("remote", "add", "there", *where, *WHO, said=SECRET + "\n")

    assert 2 == result.exit_code
    assert "not the address" in result.stderr
    assert "Missing option --user" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--provider", "icloud", "--user", "r", "--protocol", "pop3"), "with imap alone"),
        (("--provider", "onamae", "--user", "r"), "say --address"),
        (("--address", "nobody"), "'nobody' is no mail address."),
    ],
)
def test_what_a_provider_has_not_is_refused(
    ours: CommandLine, words: tuple[str, ...], said: str
) -> None:
    result = ours.run("remote", "add", "there", *words, *WHO, said=SECRET + "\n")

    assert 1 == result.exit_code
    assert said in result.stderr


def test_somewhere_must_be_said(ours: CommandLine) -> None:
    result = ours.run("remote", "add", "there", "--user", "rose", *WHO, said=SECRET + "\n")

    assert 2 == result.exit_code
    assert "Say where the mail is: --server, --provider or --address." in result.stderr


def test_an_address_beside_a_server_is_who_we_are(ours: CommandLine) -> None:
    where = ("--server", "localhost:1", "--address", "rose@example.com")
    ours.do("remote", "add", "there", *where, *WHO, said=SECRET + "\n")

    assert "rose@example.com" == shown(ours)["user"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Srv]]:
    """Answer for DNS with what a test puts here; there are no pages."""
    records: dict[str, list[Srv]] = {}

    def none(url: str) -> bytes:
        raise NoPageFault("{host}: {why}.", host="autoconfig", why="HTTP status 404")

    def finder() -> Finder:
        return Finder(lambda name: records.get(name, []), none)

    monkeypatch.setattr(discovery, "finder_of_this_machine", finder)
    return records


ADDRESS = ("remote", "add", "there", "--address", "rose@example.com", "--account", "mrose")


def test_what_dns_says_is_shown_and_used_when_it_is_agreed_to(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_pop3s._tcp.example.com"] = [Srv(0, 1, 1995, "pop.example.com")]

    result = ours.run(*ADDRESS, said=f"y\n{SECRET}\n")

    assert (0, "") == (result.exit_code, result.stdout)
    assert "SRV _pop3s._tcp.example.com says: pop.example.com, port 1995, pop3" in result.stderr
    assert "outside" not in result.stderr
    assert ("pop.example.com:1995", "rose@example.com") == (
        shown(ours)["server"],
        shown(ours)["user"],
    )


def test_what_is_not_agreed_to_is_not_used(ours: CommandLine, asked: dict[str, list[Srv]]) -> None:
    asked["_pop3._tcp.example.com"] = [Srv(0, 1, 110, "pop.example.com")]

    result = ours.run(*ADDRESS, said="n\n")

    assert 1 == result.exit_code
    assert [] == ours.json("remote", "list")


def test_a_host_outside_the_domain_is_called_one(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_pop3._tcp.example.com"] = [Srv(0, 1, 110, "example.com.example.net")]

    result = ours.run(*ADDRESS, said=f"y\n{SECRET}\n")

    assert 0 == result.exit_code
    assert "This is outside example.com" in result.stderr
    assert ("example.com.example.net:110", "stls") == (shown(ours)["server"], shown(ours)["tls"])


def test_nobody_agrees_beforehand_to_a_host_that_whoever_forges_dns_may_name(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_pop3s._tcp.example.com"] = [Srv(0, 1, 995, "example.com.evil.example")]

    result = ours.run(*ADDRESS, "--yes", "--password-stdin", said=SECRET + "\n")

    assert 1 == result.exit_code
    assert "can be forged: say --server example.com.evil.example:995." in result.stderr
    assert [] == ours.json("remote", "list")


def test_a_page_of_the_domain_may_name_a_host_elsewhere(
    ours: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (
        b'<clientConfig><incomingServer type="pop3"><hostname>pop.example.net</hostname>'
        b"<port>995</port><socketType>SSL</socketType></incomingServer></clientConfig>"
    )
    finder = Finder(lambda _: [], lambda _: page)
    monkeypatch.setattr(discovery, "finder_of_this_machine", lambda: finder)

    result = ours.run(*ADDRESS, "--yes", "--password-stdin", said=SECRET + "\n")

    assert 0 == result.exit_code, result.stderr
    assert "This is outside example.com" in result.stderr
    assert "pop.example.net:995" == shown(ours)["server"]


def test_where_stdin_has_the_password_the_agreement_is_an_option(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_pop3s._tcp.example.com"] = [Srv(0, 1, 995, "pop.example.com")]

    result = ours.run(*ADDRESS, "--password-stdin", said=SECRET + "\n")

    assert 1 == result.exit_code
    assert "Say --yes to agree: stdin has the password." in result.stderr


def test_a_domain_that_says_nothing_is_told_with_what_was_tried(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_imaps._tcp.example.com"] = [Srv(0, 1, 993, "imap.example.com")]

    result = ours.run(*ADDRESS, "--protocol", "pop3", said=SECRET + "\n")

    assert 1 == result.exit_code
    assert "autoconfig: HTTP status 404.\n" in result.stderr
    assert "example.com does not say where its mail is." in result.stderr
