"""`pillarbox remote`: add, list, show, pause, remove; who, where, and how it is secured."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pillarbox.store.lease import take_lease
from tests.cli.home import CommandLine, sealed, shown

SECRET = "battery staple"
ADD = ("remote", "add", "there", "--user", "rosemary", "--account", "mrose", "--password-stdin")


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
        "state": "active",
        "mended_by": None,
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


@pytest.mark.parametrize("option", ["--server", "--user", "--account"])
def test_who_where_and_for_whom_must_be_said(ours: CommandLine, option: str) -> None:
    said = {"--server": "elsewhere", "--user": "rosemary", "--account": "mrose"}
    words = [word for name, value in said.items() if name != option for word in (name, value)]

    result = ours.run("remote", "add", "there", *words)

    assert 2 == result.exit_code
    assert option in result.stderr


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
