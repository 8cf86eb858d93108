"""The journal: one line an event, whatever a peer put into it."""

import errno
import io
import shlex
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.clock import FakeClock
from pillarbox.base.secret import Secret
from pillarbox.journal.journal import Journal

TIME = "2027-01-15T08:00:00.000Z"


def noted(event: str, **fields: object) -> str:
    out = io.StringIO()
    Journal(out, FakeClock()).note(event, **fields)
    return out.getvalue()


def test_an_event_is_its_time_its_name_and_its_fields_in_order() -> None:
    line = noted("session.refused", peer="192.0.2.1", why="password", count=3)

    assert f"{TIME} session.refused peer=192.0.2.1 why=password count=3\n" == line


def test_an_event_may_have_no_fields() -> None:
    assert f"{TIME} server.ready\n" == noted("server.ready")


def test_the_time_has_milliseconds_and_is_utc() -> None:
    out = io.StringIO()
    Journal(out, FakeClock(0.25)).note("a")

    assert "1970-01-01T00:00:00.250Z a\n" == out.getvalue()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("caf\u00e9", "caf\u00e9"),
        (None, "None"),
        (1.5, "1.5"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "x"', r'"say \"x\""'),
        ("back\\slash", r'"back\\slash"'),
        ("a\r\nb", r'"a\r\nb"'),
        ("a\tb", r'"a\tb"'),
        ("a\0b", r'"a\x00b"'),
        ("a\x7fb", r'"a\x7fb"'),
        ("\x1b[31mred", r'"\x1b[31mred"'),
        ("\x9b31m", r'"\x9b31m"'),
        ("\u202eabc", r'"\u202eabc"'),
        ("\u2028", r'"\u2028"'),
        ("\u00a0", r'"\xa0"'),
        ("\udcff", r'"\udcff"'),
        ("\U000e0001", r'"\U000e0001"'),
    ],
)
def test_a_value_is_one_word_and_safe_to_show(value: object, shown: str) -> None:
    assert f"{TIME} e v={shown}\n" == noted("e", v=value)


def test_no_value_forges_a_line() -> None:
    line = noted("login.refused", user=f"eve\n{TIME} login.accepted user=root")

    assert 1 == line.count("\n")
    assert [TIME, "login.refused"] == line.split()[:2]


def test_no_value_forges_a_field() -> None:
    line = noted("login.refused", user='eve" peer="192.0.2.9', peer="192.0.2.1")

    assert ['user=eve" peer="192.0.2.9', "peer=192.0.2.1"] == shlex.split(line)[2:]


def test_a_secret_that_strays_into_a_field_is_not_shown() -> None:
    assert "hunter2" not in noted("login", password=Secret(b"hunter2"))


@given(st.text(st.characters()), st.text(st.characters()))
def test_any_two_values_make_one_line_of_four_printable_words(first: str, second: str) -> None:
    line = noted("e", a=first, b=second)

    assert line.endswith("\n")
    assert line[:-1].isprintable()
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.quotes = '"'
    assert ["a=", "b="] == [word[:2] for word in list(lexer)[2:]]


@given(st.text(), st.text())
def test_different_values_never_look_the_same(first: str, second: str) -> None:
    assert (first == second) == (noted("e", v=first) == noted("e", v=second))


def test_lines_of_many_threads_are_not_mixed() -> None:
    out = io.StringIO()
    journal = Journal(out, FakeClock())

    def note_often() -> None:
        for _ in range(50):
            journal.note("e", v="x" * 100)

    threads = [threading.Thread(target=note_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [f"{TIME} e v={'x' * 100}"] * 200 == out.getvalue().splitlines()


def test_each_event_is_written_out_at_once() -> None:
    class Flushed(io.StringIO):
        count = 0

        def flush(self) -> None:
            self.count += 1

    out = Flushed()
    Journal(out, FakeClock()).note("e")

    assert 1 == out.count


class FullDisk(io.StringIO):
    """Takes nothing while it is full."""

    is_full = False

    def flush(self) -> None:
        if self.is_full:
            self.truncate(0)
            self.seek(0)
            raise OSError(errno.ENOSPC, "No space left on device")


def test_what_the_disk_does_not_take_is_lost_and_counted() -> None:
    out = FullDisk()
    journal = Journal(out, FakeClock())
    out.is_full = True
    journal.note("a")
    journal.note("b")
    out.is_full = False

    journal.note("c")

    assert f"\n{TIME} journal.lost count=2\n{TIME} c\n" == out.getvalue()
