"""APOP in a session: RFC 1939, section 7."""

import hashlib

import pytest

from pillarbox.sasl.apop import find_timestamp
from tests.dialogues.core import Core
from tests.rfc.session import LOGIN, ask, begin

REFUSAL = [b"-ERR [AUTH] Name or password not accepted."]


def apop(core: Core, password: bytes = b"correct horse", name: bytes = b"mrose") -> bytes:
    """Return what a client answers to the greeting."""
    timestamp = find_timestamp(core.greeting)
    assert timestamp is not None
    digest = hashlib.new("md5", timestamp + password, usedforsecurity=False).hexdigest()
    return b"APOP " + name + b" " + digest.encode() + b"\r\n"


def test_a_right_digest_lets_in_and_nothing_else_does() -> None:
    core, other = begin(apop=True), begin(apop=True)

    assert REFUSAL == ask(core, apop(core, b"wrong"))
    assert REFUSAL == ask(core, apop(other))
    assert [b"-ERR Not in this state."] == ask(core, b"STAT\r\n")
    assert [b"+OK 2 messages"] == ask(core, apop(core))
    assert [b"+OK 2 169"] == ask(core, b"STAT\r\n")


@pytest.mark.parametrize("name", [b"mrose", b"MROSE", b"nobody"])
def test_the_name_means_what_it_means_to_user(name: bytes) -> None:
    core, other = begin(apop=True), begin(apop=True)
    by_user = ask(other, b"USER " + name + b"\r\nPASS correct horse\r\n")[1:]

    assert by_user == ask(core, apop(core, name=name))


def test_apop_may_follow_a_pass_that_failed() -> None:
    core = begin(apop=True)

    assert [b"+OK", *REFUSAL] == ask(core, LOGIN.replace(b"correct", b"wrong"))
    assert [b"+OK 2 messages"] == ask(core, apop(core))
