"""What strangers name, say or send does nothing to the terminal that shows it."""

import json
import os
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.errors import PeerFault
from pillarbox.cli.options import print_json, print_table
from pillarbox.cli.words import printable, said
from tests.cli.home import CommandLine

# Clears the screen, sets the title, ends the line, reads from right to left, is no character.
HOSTILE = "a\x1b[2J\x1b]0;x\x07b\r\nc\td\x7f\x9b\u202ee\ufeff\udcff\U000e0001"
STYLES = re.compile(r"\x1b\[[0-9;]*m")  # the table's own
DANGEROUS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

texts = st.text(st.characters(exclude_categories=[]))


def is_safe(line: str) -> bool:
    return not {unicodedata.category(each) for each in line} & DANGEROUS


@given(texts)
def test_what_is_shown_has_no_controls(text: str) -> None:
    assert is_safe(printable(text))


@pytest.mark.parametrize("text", ["", "plain", "日本語\u3000です", "Ж é 🙂", "a\u00a0b", "a\\b"])
def test_what_is_harmless_is_shown_as_it_is(text: str) -> None:
    assert text == printable(text)


def test_controls_are_shown_as_escapes() -> None:
    assert r"a\x1b[2J\x1b]0;x\x07b\r\nc\td\x7f\x9b\u202ee\ufeff\udcff\U000e0001" == printable(
        HOSTILE
    )


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_table_has_one_line_a_row_and_no_controls(
    is_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal, raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    print_table(("Name", "Value"), [("one", HOSTILE), ("two", 2)])

    lines = STYLES.sub("", capsys.readouterr().out).splitlines()
    assert 2 + is_terminal == len(lines)
    assert all(is_safe(line.replace("\t", " ")) for line in lines)


@given(st.dictionaries(texts, texts | st.integers() | st.none()))
def test_json_has_no_controls_and_reads_the_same(value: dict[str, object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("click.echo", printed.append)
        print_json([value, HOSTILE])

    (text,) = printed
    assert [value, HOSTILE] == json.loads(text)
    assert all(is_safe(line) for line in text.split("\n"))


def test_a_narrow_terminal_cuts_nothing_and_keeps_a_name_in_one_piece(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")

    print_table(["Session", "Source", "End"], [["k3v7x2a5q4n6m2tb", "2001:db8::" + "7" * 40, "x"]])

    shown = STYLES.sub("", capsys.readouterr().out)
    assert "k3v7x2a5q4n6m2tb" in shown
    assert 40 + 1 == shown.count("7")  # the id has one


def test_a_fault_is_one_line_whatever_a_server_said() -> None:
    line = said(PeerFault("The server says: {reply}.", reply=HOSTILE))

    assert is_safe(line)


def test_names_of_files_are_shown_without_their_controls(ours: CommandLine) -> None:
    folder = ours.folder.with_name(os.fsdecode(b"mail\x1b[2J\nfolder\xff"))
    folder.mkdir()
    (folder / "one\x1b[2J.eml").write_bytes(b"")
    (folder / "two.eml").symlink_to("nowhere")

    result = ours.run("deliver", "mrose", folder)

    assert all(is_safe(line) for line in result.stderr.split("\n"))
    assert r"\x1b[2J" in result.stderr


def test_a_missing_file_is_named_without_its_controls(ours: CommandLine) -> None:
    result = ours.run("deliver", "mrose", ours.folder / "no\x1b[2J\nsuch")

    assert r"no\x1b[2J\nsuch" in result.stderr
    assert all(is_safe(line) for line in result.stderr.split("\n"))


def test_a_message_is_shown_without_its_controls(ours: CommandLine) -> None:
    header = "Subject: =?utf-8?B?G1syShtdMDt4B+KArg==?=\r\nFrom: \x1b[2J <a@b>\x9b\r\n"
    ours.deliver(header.encode("latin-1") + b"\r\nbody\r\n")

    for words in (("archive", "list"), ("archive", "show", "1"), ("archive", "list", "--json")):
        shown = ours.do(*words)
        assert all(is_safe(line.replace("\t", " ")) for line in shown.split("\n"))


def test_an_unknown_name_is_repeated_without_its_controls(home: CommandLine) -> None:
    for command in (("account", "show"), ("remote", "show"), ("device", "list")):
        assert is_safe(home.refuse(*command, HOSTILE.replace("\udcff", "")))
