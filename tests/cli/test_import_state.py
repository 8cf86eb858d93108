"""`pillarbox remote import-state`: what is taken, what is passed over, and what is refused."""

from pathlib import Path

import pytest

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.collector.collect import take_remote
from pillarbox.collector.mark_seen import There
from pillarbox.collector.source import Source
from tests.cli.home import CommandLine

POPSTATE = """\
# POP3 State File
# This is a generated file!  Do not edit.

*localhost rosemary
k UID-1 1700000000
d UID-2 1700000001
b UID-3 1700000002
*pop.example.org other
k UID-4 1700000003
"""


@pytest.fixture
def there(ours: CommandLine) -> CommandLine:
    """Give a home with the remote `there`: rosemary at localhost, where nobody listens."""
    ours.add_remote()
    return ours


@pytest.fixture
def popstate(tmp_path: Path) -> Path:
    path = tmp_path / "popstate.dat"
    path.write_text(POPSTATE, "ascii")
    return path


def test_a_file_is_taken_and_what_is_passed_over_is_said(
    there: CommandLine, popstate: Path
) -> None:
    assert [
        "2 messages will not be collected again, 0 known already.",
        "1 was fetched in part only, and will be collected.",
        "1 of pop.example.org other passed over.",
    ] == there.do("remote", "import-state", "there", popstate).splitlines()


def test_a_second_time_all_is_known(there: CommandLine, popstate: Path) -> None:
    there.do("remote", "import-state", "there", popstate)

    assert {
        "remote": "there",
        "listed_by": "thunderbird",
        "listed_as": ["localhost rosemary"],
        "taken": 0,
        "known": 2,
        "parts": 1,
        "others": {"pop.example.org other": 1},
    } == there.json("remote", "import-state", "there", popstate)


def test_the_audit_says_what_was_taken(there: CommandLine, popstate: Path) -> None:
    there.do("remote", "import-state", "there", popstate)

    assert (
        "\tmrose\tremote.seen\tknown 0, listed by thunderbird, remote there, taken 2\n"
        in there.do("audit", "list")
    )


def test_a_file_of_others_is_refused_and_they_are_named(there: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "ids"
    file.write_text("other@pop.example.org UID-1\n", "ascii")

    said = there.refuse("remote", "import-state", "there", file)

    assert said.startswith(f"{file}: Nothing in it is of rosemary at localhost.")
    assert "It has: other@pop.example.org." in said


def test_another_name_is_taken_where_it_is_said(there: CommandLine, popstate: Path) -> None:
    command = ("remote", "import-state", "there", popstate, "--listed-as")

    assert "1 message will" in there.do(*command, "pop.example.org other")
    assert "Nothing in it" in there.refuse(*command, "nobody")


def test_a_line_that_nobody_wrote_is_named_and_changes_nothing(
    there: CommandLine, popstate: Path
) -> None:
    popstate.write_text(POPSTATE + "what is this\n", "ascii")

    said = there.refuse("remote", "import-state", "there", popstate)
    popstate.write_text(POPSTATE, "ascii")

    assert f"{popstate}: Line 10 cannot be understood." == said
    assert "2 messages will" in there.do("remote", "import-state", "there", popstate)


def test_a_format_that_is_said_is_not_guessed(there: CommandLine, popstate: Path) -> None:
    command = ("remote", "import-state", "there", popstate, "--format")

    assert "2 messages will" in there.do(*command, "thunderbird")
    assert "Line 1 cannot" in there.refuse(*command, "fetchmail")


def test_a_file_that_cannot_be_read_is_named(there: CommandLine) -> None:
    assert "/proc/self/mem: Input/output error." == there.refuse(
        "remote", "import-state", "there", "/proc/self/mem"
    )


@pytest.mark.parametrize("is_both", [True, False])
def test_either_a_file_or_the_server_is_asked(
    there: CommandLine, popstate: Path, *, is_both: bool
) -> None:
    words = [popstate, "--mark-all-seen"] if is_both else []

    assert "Say what was fetched" in there.refuse("remote", "import-state", "there", *words)


def test_a_file_is_of_no_use_over_imap(ours: CommandLine, popstate: Path) -> None:
    ours.add_remote("there", "--protocol", "imap")

    assert "--mark-all-seen is of use" in ours.refuse("remote", "import-state", "there", popstate)


def test_a_remote_that_is_being_collected_from_is_left_alone(there: CommandLine) -> None:
    with opened(Home(there.folder)) as system:
        lease = take_remote(system.home.remote_leases, system.remotes.show("there").id)

    assert lease is not None
    assert "is being collected from" in there.refuse(
        "remote", "import-state", "there", "--mark-all-seen"
    )
    lease.release()


@pytest.mark.parametrize(
    ("unnamed", "line"),
    [
        (0, ""),
        (1, "1 has no unique-id of its own, and will be collected.\n"),
        (2, "2 have no unique-ids of their own, and will be collected.\n"),
    ],
)
def test_what_cannot_be_marked_is_said(
    there: CommandLine, monkeypatch: pytest.MonkeyPatch, unnamed: int, line: str
) -> None:
    async def listed(source: Source) -> There:
        return There([source.user], unnamed)

    monkeypatch.setattr("pillarbox.cli.remote.import_state.list_there", listed)
    first = "1 message will not be collected again, 0 known already.\n"
    command = ("remote", "import-state", "there", "--mark-all-seen")

    assert first + line == there.do(*command)
    assert {
        "remote": "there",
        "listed_by": "server",
        "taken": 0,
        "known": 1,
        "unnamed": unnamed,
    } == there.json(*command)


def test_a_server_that_is_not_there_is_said(there: CommandLine) -> None:
    assert "Cannot connect" in there.refuse("remote", "import-state", "there", "--mark-all-seen")
