"""The dialogues of POP3 played to a real Dovecot; the files say where it may differ, and how."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dialogues.oracle import Dovecots, cannot_be_given, check_differences, kinds
from tests.dialogues.player import DIALOGUES, Dialogue, read
from tests.peers.openssl import make_certificate
from tests.peers.program import find

PLAYED = [name for name, path in DIALOGUES.items() if read(path).not_applicable is None]
APART = [name for name, path in DIALOGUES.items() if read(path).differences]
SAMPLE = [  # in every `make test`: each kind of reply, of end and of difference
    "apop-wrong",
    "auth-login",
    "auth-plain-challenge",
    "bare-lf-ends-nothing",
    "behind-quit",
    "capa-after-stls",
    "capa-both-states",
    "dele-and-quit",
    "dot-lines",
    "drop-removes-nothing",
    "empty-maildrop",
    "http-long-line",
    "last",
    "list-after-dele",
    "pipelined",
    "quit-with-arguments",
    "retr-of-marked",
    "stls",
    "stls-arguments",
    "uidl",
    "wrong-state-before-login",
]


@pytest.fixture(scope="module")
def dovecots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecots]:
    find("dovecot")
    with Dovecots(make_certificate(tmp_path_factory.mktemp("certificate"))) as running:
        yield running


def test_every_dialogue_is_played_that_dovecot_can_be_given() -> None:
    cannot = {name for name, path in DIALOGUES.items() if cannot_be_given(read(path))}

    assert DIALOGUES.keys() - PLAYED == cannot


@pytest.mark.parametrize("name", APART)
def test_every_difference_stands_below_what_it_is_about(name: str) -> None:
    check_differences(read(DIALOGUES[name]))


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_dovecot_does_what_the_sample_says(name: str, dovecots: Dovecots) -> None:
    dovecots.play(read(DIALOGUES[name]))


@pytest.mark.interop
@pytest.mark.parametrize("name", sorted(set(PLAYED) - set(SAMPLE)))
def test_dovecot_does_what_a_dialogue_says(name: str, dovecots: Dovecots) -> None:
    dovecots.play(read(DIALOGUES[name]))


def changed(name: str, before: str, after: str, folder: Path) -> Dialogue:
    """Return a dialogue with one place changed."""
    text = DIALOGUES[name].read_text("utf-8")
    path = folder / "changed.txt"
    path.write_text(text.replace(before, after, 1), "utf-8")

    assert before in text

    return read(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("dot-lines", "D: .dot", "D: ..dot", id="octets"),
        pytest.param("list-after-dele", "S: +OK 2 153", "S: +OK 3 207", id="numbers"),
        pytest.param("uidl", "S: -ERR No", "S: +OK No", id="status"),
        pytest.param("apop-wrong", "S: -ERR [AUTH]", "S: -ERR [IN-USE]", id="code"),
        pytest.param("capa-both-states", "D: TOP\n", "", id="capability"),
        pytest.param("dele-and-quit", "= two.eml", "= one.eml", id="maildrop"),
        pytest.param("drop-removes-nothing", "one.eml two.eml\ngiven", "one.eml\ngiven", id="mail"),
        pytest.param("quit-with-arguments", "D close\n", "", id="close"),
        pytest.param(
            "http-long-line",
            "dovecot differs - it reads on behind what a web client sends\nD open\n",
            "",
            id="open",
        ),
        pytest.param("stls-arguments", "D tls\n", "", id="handshake"),
        pytest.param("wrong-state-before-login", "D: -ERR\nD close", "D close", id="a line more"),
        pytest.param("stls", "S: +OK 2 169", "S: +OK 2 169\ndovecot differs - x\nD: +OK 2 169"),
        pytest.param("stls", "S: +OK Begin", "S: +OK\ndovecot differs - x\nD: -ERR\nS: +OK Begin"),
    ],
)
def test_a_dialogue_that_is_wrong_of_dovecot_is_noticed(
    name: str, before: str, after: str, dovecots: Dovecots, tmp_path: Path
) -> None:
    dialogue = changed(name, before, after, tmp_path)

    with pytest.raises((AssertionError, OSError)):
        dovecots.play(dialogue)


def test_a_difference_that_says_what_we_say_is_noticed(tmp_path: Path) -> None:
    dialogue = changed("dot-lines", "D: .dot", "D: ..dot", tmp_path)
    first = next(iter(dialogue.differences.values())).steps
    first[0] = ("S:", b"+OK 34 octets\r\n")

    with pytest.raises(AssertionError):
        check_differences(dialogue)


def test_differences_are_counted_by_why() -> None:
    counts = kinds([read(DIALOGUES["dot-lines"]), read(DIALOGUES["stat"])])

    assert [1] == list(counts.values())
