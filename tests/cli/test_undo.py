"""`pillarbox maildrop undo`, and what `account show` and `deliver` say of a quota."""

from pathlib import Path
from typing import Any

import pytest

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.names import Identity, SessionId
from tests.cli.home import CommandLine

MESSAGES = (b"Subject: one\r\n", b"Subject: two\r\n", b"Subject: three\r\n")


def quit_with(home: CommandLine, session: str, *numbers: int) -> None:
    """DELE these messages of the main password's view, and QUIT."""
    with opened(Home(home.folder)) as system:
        account = system.accounts.show("mrose").id
        maildrop = system.store.open_maildrop(Identity(account), SessionId(session))
        maildrop.commit([maildrop.messages[number - 1] for number in numbers])
        maildrop.release()


def unique_ids(home: CommandLine) -> list[str]:
    return [row["unique_id"] for row in rows(home.json("maildrop", "list", "mrose"))]


def rows(answer: object) -> list[dict[str, Any]]:
    assert isinstance(answer, list)
    return answer


@pytest.fixture
def removed(ours: CommandLine) -> CommandLine:
    """Give a home where one session has removed two messages of three, and another the third."""
    ours.deliver(*MESSAGES)
    quit_with(ours, "first", 1, 2)
    quit_with(ours, "second", 1)
    return ours


def test_what_a_session_removed_comes_back_and_is_told(removed: CommandLine) -> None:
    back = rows(removed.json("maildrop", "undo", "mrose", "--session", "first"))

    assert ["first", "first"] == [each["session"] for each in back]
    assert [14, 14] == [each["octets"] for each in back]
    assert {"dele"} == {each["why"] for each in back}
    assert [each["unique_id"] for each in back] == unique_ids(removed)


def test_all_of_it_comes_back_for_people(removed: CommandLine) -> None:
    lines = removed.do("maildrop", "undo", "mrose").splitlines()

    assert 3 == len(unique_ids(removed))
    assert unique_ids(removed) == [line.split("\t")[0] for line in lines]
    assert lines[2].endswith("\tsecond\t-\tdele")


def test_a_dry_run_changes_nothing(removed: CommandLine) -> None:
    before = removed.do("maildrop", "undo", "mrose", "--dry-run")

    assert 3 == before.count("\n")
    assert [] == unique_ids(removed)
    assert before == removed.do("maildrop", "undo", "mrose")


def test_as_new_every_device_fetches_it_anew(removed: CommandLine) -> None:
    old = {row["unique_id"] for row in rows(removed.json("maildrop", "undo", "mrose", "--dry-run"))}
    new = rows(removed.json("maildrop", "undo", "mrose", "--as-new"))

    assert [row["unique_id"] for row in new] == unique_ids(removed)
    assert not old & set(unique_ids(removed))


def test_a_session_that_removed_nothing_is_named(removed: CommandLine) -> None:
    said = removed.refuse("maildrop", "undo", "mrose", "--session", "nobody")

    assert "Session nobody removed nothing here that can be brought back." == said


def test_where_nothing_was_removed_it_says_so(ours: CommandLine) -> None:
    assert "Nothing was removed that can be brought back." == ours.refuse(
        "maildrop", "undo", "mrose"
    )


def test_files_that_do_not_fit_are_refused_and_the_use_is_shown(
    ours: CommandLine, tmp_path: Path
) -> None:
    ours.configure("quota_octets = 0", "quota_octets = 20")
    paths = [tmp_path / f"{number}.eml" for number in range(3)]
    for path, octets in zip(paths, (15, 10, 30), strict=True):
        path.write_bytes(b"x" * (octets - 2) + b"\r\n")

    result = ours.run("deliver", "mrose", *paths)
    shown = ours.json("account", "show", "mrose")

    assert [
        f"{paths[1]}: The maildrop is full.",
        f"{paths[2]}: It is bigger than the whole maildrop may be.",
        "2 refused.",
    ] == result.stderr.splitlines()
    assert isinstance(shown, dict)
    assert (15, 20) == (shown["used_octets"], shown["quota_octets"])
