"""`pillarbox deliver`, `maildrop` and `archive`."""

import hashlib
from pathlib import Path

import pytest

from tests.cli.home import CommandLine

ONE = (
    b"From: A <a@example.org>\r\nSubject: one\r\nDate: Thu, 1 Jan 2026 00:00:00 +0100\r\n\r\n1\r\n"
)
TWO = b"Subject: =?utf-8?B?5pel5pys?=\r\n\r\nno end \xff\x00"


@pytest.fixture
def filled(ours: CommandLine) -> CommandLine:
    ours.deliver(ONE, TWO)
    return ours


def rows(answer: object) -> list[dict[str, object]]:
    assert isinstance(answer, list)
    return answer


def test_deliver_counts_what_it_delivered(ours: CommandLine, tmp_path: Path) -> None:
    for name in ("a.eml", "b.eml"):
        (tmp_path / name).write_bytes(ONE)

    assert "1 message delivered.\n" == ours.do("deliver", "mrose", tmp_path / "a.eml")
    assert "2 messages delivered.\n" == ours.do(
        "deliver", "mrose", tmp_path / "a.eml", tmp_path / "b.eml"
    )


def test_deliver_says_what_it_refused_and_why(ours: CommandLine, tmp_path: Path) -> None:
    box = tmp_path / "box.mbox"
    box.write_bytes(b"From a Thu Jan  1 00:00:00 2026\nSubject: x\n\ny\n\n")
    empty = tmp_path / "empty.eml"
    empty.touch()
    absent = tmp_path / "absent.eml"

    result = ours.run("deliver", "mrose", box, empty, absent)

    assert (1, "1 message delivered.\n") == (result.exit_code, result.stdout)
    assert [
        f"{empty}: It is empty.",
        f"{absent}: No such file or directory",
        "2 refused.",
    ] == result.stderr.splitlines()


def test_deliver_names_the_message_of_an_mbox(ours: CommandLine, tmp_path: Path) -> None:
    box = tmp_path / "box.mbox"
    box.write_bytes(b"From a Thu Jan  1 00:00:00 2026\n")

    result = ours.run("deliver", "mrose", box)

    assert f"{box} (1): It is empty." == result.stderr.splitlines()[0]


def test_deliver_to_nobody_is_refused(home: CommandLine, tmp_path: Path) -> None:
    assert "There is no account 'nobody'." in home.refuse("deliver", "nobody", tmp_path)


def test_a_maildrop_is_listed_as_uidl_and_list_do(filled: CommandLine) -> None:
    listed = rows(filled.json("maildrop", "list", "mrose"))

    assert [(1, len(ONE)), (2, len(TWO) + 2)] == [(row["number"], row["octets"]) for row in listed]
    assert 2 == len({row["unique_id"] for row in listed})
    assert [f"{row['number']}\t{row['unique_id']}\t{row['octets']}" for row in listed] == filled.do(
        "maildrop", "list", "mrose"
    ).splitlines()


def test_an_unknown_maildrop_is_named(home: CommandLine) -> None:
    assert "There is no account 'nobody'." in home.refuse("maildrop", "list", "nobody")


def test_the_archive_is_listed_newest_first(filled: CommandLine) -> None:
    two, one = rows(filled.json("archive", "list"))
    arrived = (one.pop("arrived_at"), two.pop("arrived_at"))
    served = rows(filled.json("maildrop", "list", "mrose"))

    assert all(isinstance(time, str) and time.endswith("Z") for time in arrived)
    assert {
        "id": 1,
        "account": "mrose",
        "unique_id": served[0]["unique_id"],
        "state": "maildrop",
        "set_aside": None,
        "tags": [],
        "remotes": [],
        "sha256": hashlib.sha256(ONE).hexdigest(),
        "octets": len(ONE),
        "subject": "one",
        "from": "A <a@example.org>",
        "date": "2025-12-31T23:00:00Z",
    } == one
    assert ("日本", len(TWO), None) == (two["subject"], two["octets"], two["date"])


def test_the_archive_is_listed_for_people(filled: CommandLine) -> None:
    lines = filled.do("archive", "list").splitlines()

    assert ["2", "1"] == [line.split("\t")[0] for line in lines]
    assert lines[1].endswith("\tA <a@example.org>\tone\t\t\t")


def test_the_archive_is_listed_by_account(filled: CommandLine) -> None:
    filled.add_account("other")

    assert [] == filled.json("archive", "list", "--account", "other")
    assert 2 == len(rows(filled.json("archive", "list", "--account", "mrose")))
    assert "There is no account 'nobody'." in filled.refuse(
        "archive", "list", "--account", "nobody"
    )


def test_a_message_is_shown_raw_octet_for_octet(filled: CommandLine) -> None:
    assert TWO == filled.run("archive", "show", "2", "--raw").stdout_bytes


def test_a_message_is_shown_to_people(filled: CommandLine) -> None:
    assert "subject\tone\n" in filled.do("archive", "show", "1")


def test_an_unknown_message_is_named(filled: CommandLine) -> None:
    assert "There is no message 3 in the archive." in filled.refuse("archive", "show", "3")


@pytest.mark.parametrize("form", ["maildir", "eml"])
def test_an_export_has_the_octets_and_a_second_one_adds_nothing(
    filled: CommandLine, form: str, tmp_path: Path
) -> None:
    to = tmp_path / "out"
    command = ("archive", "export", "--format", form, "--to", to)

    assert "2 messages written, 0 there already.\n" == filled.do(*command)
    assert "0 messages written, 2 there already.\n" == filled.do(*command)
    assert sorted([ONE, TWO]) == sorted(
        path.read_bytes() for path in to.rglob("*") if path.is_file()
    )


def test_an_export_into_a_folder_of_something_else_is_refused(
    filled: CommandLine, tmp_path: Path
) -> None:
    said = filled.refuse("archive", "export", "--format", "maildir", "--to", tmp_path)

    assert "is neither empty nor a Maildir" in said


def test_an_export_of_one_account_has_no_others(filled: CommandLine, tmp_path: Path) -> None:
    filled.add_account("other")
    to = tmp_path / "out"

    assert "0 messages written" in filled.do(
        "archive", "export", "--format", "eml", "--to", to, "--account", "other"
    )
