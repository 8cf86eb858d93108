"""`pillarbox archive`: by remote and by time, what rules made of a message, and an mbox."""

import hashlib
import json
from pathlib import Path

import pytest

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.archive.keep import Origin
from pillarbox.db.sqlite import Rows
from tests.cli.home import CommandLine

ONE = b"Subject: one\r\n\r\n1\r\n"
TWO = b"Subject: two\r\n\r\nFrom here\r\n"


@pytest.fixture
def collected(ours: CommandLine) -> CommandLine:
    """Give a home with ONE, which came through two remotes, and TWO, which was delivered."""
    ours.add_remote("first")
    ours.add_remote("second")
    with opened(Home(ours.folder)) as system:
        for name, unique_id in (("first", "a"), ("second", "b")):
            remote = system.remotes.show(name)
            system.archive.keep([ONE], Origin(remote.id, remote.settings.account, unique_id))
    ours.deliver(TWO)
    return ours


def ids(answer: object) -> list[object]:
    assert isinstance(answer, list)
    return [row["id"] for row in answer]


def test_a_message_through_two_remotes_is_stored_once_and_says_so(
    collected: CommandLine,
) -> None:
    shown = collected.run("archive", "show", 1)
    fields = collected.json("archive", "show", 1)

    assert isinstance(fields, dict)
    assert ["first", "second"] == fields["remotes"]
    assert [("first", "a"), ("second", "b")] == [
        (source["remote"], source["unique_id"]) for source in fields["sources"]
    ]
    assert "remotes\tfirst, second\n" in shown.stdout
    assert "\ncollected\tsecond as b, " in shown.stdout
    assert "It came through 2 remotes, and is stored once.\n" == shown.stderr


def test_a_message_that_was_delivered_came_through_no_remote(collected: CommandLine) -> None:
    result = collected.run("archive", "show", 2)

    assert "remotes\t\n" in result.stdout
    assert "" == result.stderr


def test_the_archive_is_listed_by_remote(collected: CommandLine) -> None:
    assert [1] == ids(collected.json("archive", "list", "--remote", "second"))
    assert "no remote 'third'" in collected.refuse("archive", "list", "--remote", "third")


def test_the_archive_is_listed_from_a_time_on(collected: CommandLine) -> None:
    assert [2, 1] == ids(collected.json("archive", "list", "--since", "1h"))
    assert [] == ids(collected.json("archive", "list", "--since", "2999-01-01"))


def test_what_rules_made_of_a_message_is_listed(collected: CommandLine) -> None:
    def by_a_rule(rows: Rows) -> None:
        rows.run("UPDATE messages SET set_aside = 'spam' WHERE id = 1")
        rows.run("INSERT INTO message_tags VALUES (1, 'work'), (1, 'bulk')")

    with opened(Home(collected.folder)) as system:
        system.database.write(by_a_rule)

    (line,) = collected.do("archive", "list", "--set-aside").splitlines()
    assert line.startswith("1\tmrose\t")
    assert line.endswith("\tone\tfirst, second\tbulk, work\tspam")


def test_a_table_is_printed_page_by_page(
    collected: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pillarbox.cli.archive.PAGE", 1)

    assert ["2", "1"] == [
        line.split("\t")[0] for line in collected.do("archive", "list").splitlines()
    ]


def test_an_mbox_that_is_exported_and_delivered_has_the_same_octets(
    collected: CommandLine, tmp_path: Path
) -> None:
    box = tmp_path / "box.mbox"
    command = ("archive", "export", "--format", "mbox", "--to", box)

    assert "2 messages written, 0 there already.\n" == collected.do(*command)
    assert "0 messages written, 2 there already.\n" == collected.do(*command)
    assert "2 messages delivered.\n" == collected.do("deliver", "mrose", box)
    assert [TWO, ONE] == [
        collected.run("archive", "show", number, "--raw").stdout_bytes for number in (4, 3)
    ]


def test_an_export_can_be_of_one_remote(collected: CommandLine, tmp_path: Path) -> None:
    collected.do(
        *("archive", "export", "--format", "eml", "--to", tmp_path / "out"),
        *("--remote", "first", "--since", "1h"),
    )

    assert [ONE] == [path.read_bytes() for path in (tmp_path / "out").iterdir()]


def test_a_list_is_one_json_value(collected: CommandLine) -> None:
    answer = collected.do("archive", "list", "--json")

    assert 2 == len(json.loads(answer))
    assert answer.startswith("[\n  {")


def test_a_message_that_is_lost_does_not_hide_the_others(collected: CommandLine) -> None:
    for path in (collected.folder / "blobs").rglob(hashlib.sha256(ONE).hexdigest()):
        path.unlink()

    lines = collected.do("archive", "list").splitlines()

    assert ["two", "first, second"] == [lines[0].split("\t")[5], lines[1].split("\t")[6]]
