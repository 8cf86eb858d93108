"""`pillarbox session`: what happened when a client came."""

import re
import sys
from dataclasses import replace

import pytest

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.names import AccountId, SessionId
from pillarbox.cli.session_words import NOTES
from pillarbox.journal.journal import Journal
from pillarbox.journal.session_record import SessionRecord, Step, Told
from pillarbox.journal.sessions import Recorder
from pillarbox.server.notes import Note
from tests.cli.home import CommandLine

STEPS = (
    Step(0, "A", "connect", "", "", 1, "+OK Pillarbox ready.", 22),
    Step(2, "A", "USER", "***", "***", 1, "+OK", 5),
    Step(3, "A", "PASS", "***", "***", 1, "+OK 5000 messages", 20),
    Step(9, "T", "RETR", "1", "5000", 5000, "+OK 100 octets", 312_000_000),
    Step(5000, "T", "DELE", "1", "1", 1, "-ERR \x1b[2J", 20, ("marked",)),
    Step(6000, "T", "end", "", "", 1, "end", 0, ("left-without-quit",)),
)
RECORD = SessionRecord(
    id=SessionId("abcdefgh23456789"),
    began_at=1_000_000_000,
    source="192.0.2.7",
    protocol="pop3",
    ended_at=1_000_000_006,
    account=AccountId(1),
    tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
    mechanism="USER",
    how="end",
    octets=312_000_067,
    read="1-5000",
    told=Told(STEPS, 0, {"RETR": 5000}),
)
LIVE = replace(RECORD, id=SessionId("b" * 16), ended_at=None, how=None, told=Told())
REFUSED = replace(
    RECORD, id=SessionId("c" * 16), account=None, tried="mrose", began_at=1_000_000_100, read=""
)


def record(home: CommandLine, *records: SessionRecord, server: str = "gone") -> None:
    """Put these into the record, as a server would."""
    with opened(Home(home.folder)) as system:
        journal = Journal(sys.stderr, system.clock)
        recorder = Recorder(system.database, system.clock, journal, server, str.lower)
        for each in records:
            recorder.note(each)
        recorder.close()


@pytest.fixture
def recorded(ours: CommandLine) -> CommandLine:
    """Give a home with three sessions."""
    record(ours, RECORD, LIVE, REFUSED)
    return ours


def test_sessions_are_listed_with_who_where_from_and_how_they_ended(recorded: CommandLine) -> None:
    lines = recorded.do("session", "list", "mrose").splitlines()

    rows = [line.split("\t") for line in lines]
    first = [RECORD.id, "2001-09-09T01:46:40Z", "mrose", "192.0.2.7 pop3", "TLSv1.3", "ended"]
    assert [*first, "5000", "312000067", "0"] == rows[0]
    assert [
        (LIVE.id, "mrose", "cut short with the server"),
        (REFUSED.id, "(mrose)", "ended"),
    ] == [(row[0], row[2], row[5]) for row in rows[1:]]


def test_since_leaves_out_what_is_older(recorded: CommandLine) -> None:
    found = recorded.json("session", "list", "--since", "2001-09-09T01:48")

    assert isinstance(found, list)
    assert [("c" * 16, None, "mrose")] == [
        (each["id"], each["account"], each["tried"]) for each in found
    ]


def test_a_session_is_shown_in_its_stages(recorded: CommandLine) -> None:
    said = recorded.do("session", "show", RECORD.id)

    assert re.search(r"Before login\n.*USER mrose  \+OK\n.*PASS \*\*\*", said, re.DOTALL)
    assert re.search(r"In the maildrop\n +0\.009 s  RETR 1 … 5000 x 5,000, 312 MB", said)
    assert NOTES["left-without-quit"] in said
    assert "\x1b" not in said


def test_a_session_that_lives_has_no_steps_yet(recorded: CommandLine) -> None:
    assert "known when it is over" in recorded.do("session", "show", LIVE.id)


def test_a_session_is_shown_to_programs(recorded: CommandLine) -> None:
    shown = recorded.json("session", "show", RECORD.id)

    assert isinstance(shown, dict)
    assert (5000, "end", {"RETR": 5000}) == (shown["read"], shown["end"], shown["counts"])
    assert ["marked"] == shown["steps"][4]["notes"]


def test_a_session_that_is_not_there_is_named(recorded: CommandLine) -> None:
    assert "There is no session 'x'. \"pillarbox session list\" names them." == recorded.refuse(
        "session", "show", "x"
    )


def test_every_note_has_its_meaning() -> None:
    assert set(Note) == set(NOTES)


def test_steps_that_are_left_out_are_counted(ours: CommandLine) -> None:
    steps = tuple(Step(n, "T", f"X{n}", "", "", 1, "+OK", 1) for n in range(252))
    record(ours, replace(RECORD, told=Told(steps, 9, {})))

    lines = ours.do("session", "show", RECORD.id).splitlines()

    gap = next(number for number, line in enumerate(lines) if "9 steps are left out" in line)
    assert ("X199" in lines[gap - 1], "X200" in lines[gap + 1]) == (True, True)
