"""Where the password of a remote comes from, and where it lies."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pillarbox.collector.outcome import Outcome
from tests.cli.home import CommandLine, sealed, shown

SECRET = "battery staple"
ADD = ("remote", "add", "there", "--user", "rosemary", "--account", "mrose", "--password-stdin")


def test_another_password_takes_the_place_of_the_first(ours: CommandLine) -> None:
    ours.add_remote()
    before = sealed(ours)

    ours.do("remote", "edit", "there", "--password-stdin", said="another\n")

    assert 1 == len(sealed(ours))
    assert before != sealed(ours)


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


def test_a_password_is_asked_for_where_stdin_is_not_named(ours: CommandLine) -> None:
    command = ("remote", "add", "there", "--server", "h", "--user", "u", "--account", "mrose")
    result = ours.run(*command, said=SECRET + "\n")

    assert (0, "") == (result.exit_code, result.stdout)
    assert SECRET not in result.stderr
    assert "u" == shown(ours)["user"]


def test_an_empty_password_is_none(ours: CommandLine) -> None:
    said = ours.refuse(*ADD, "--server", "elsewhere", said="\n")

    assert "The password is empty: nothing came on stdin." == said
    assert [] == ours.json("remote", "list")


def test_a_password_that_is_missing_is_not_taken_for_a_remote_that_is(ours: CommandLine) -> None:
    ours.add_remote()
    with closing(sqlite3.connect(ours.folder / "pillarbox.db")) as database:
        database.execute("UPDATE secrets SET sealed = x'00' WHERE purpose LIKE 'remote %'")
        database.commit()

    assert "There is no" not in ours.refuse("collect", code=Outcome.STORE)


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
