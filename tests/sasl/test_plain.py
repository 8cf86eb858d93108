"""PLAIN's one message, both ways."""

from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pillarbox.base.secret import Secret
from pillarbox.sasl.client import MechanismFault, UnfitFault, begin
from pillarbox.sasl.exchange import Refusal, TryPassword
from pillarbox.sasl.plain import begin_plain
from pillarbox.sasl.saslprep import prepare
from tests.sasl.play import MROSE, Accounts, login, say, situation

NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)
PASSWORDS = st.binary(min_size=1).filter(lambda octets: b"\0" not in octets)
SERVER = partial(begin_plain, situation())


@given(NAMES, PASSWORDS)
def test_what_is_written_is_read(name: str, password: bytes) -> None:
    assume(prepare(name) is not None)
    accounts = Accounts()
    message = begin("PLAIN", login(name, password)).initial()
    assert message is not None

    say(SERVER, message.reveal(), accounts=accounts)

    assert [TryPassword(prepare(name) or "", Secret(password))] == accounts.asked


@given(st.binary())
def test_no_octets_are_a_surprise(octets: bytes) -> None:
    [outcome] = say(SERVER, octets)

    assert isinstance(outcome, Refusal)


@pytest.mark.parametrize(
    "octets",
    [b"", b"a", b"\0a", b"\0\0", b"\0a\0", b"\0\0a", b"b\0a\0c", b"\0a\0b\0c", b"\0\xff\0a"],
)
def test_what_is_no_message_is_no_attempt(octets: bytes) -> None:
    assert [Refusal.BAD_RESPONSE] == say(SERVER, octets)


def test_a_name_may_say_that_it_acts_as_itself() -> None:
    assert [MROSE] == say(SERVER, b"mrose\0mrose\0correct horse")
    # RFC 5034, section 4: both are prepared before they are compared.
    assert [MROSE] == say(SERVER, "\uff4drose\0mrose\0correct horse".encode())


def test_the_message_is_the_one_of_the_rfc() -> None:
    # RFC 4616, section 4.
    client = begin("PLAIN", login("tim", b"tanstaaftanstaaf"))

    assert Secret(b"\0tim\0tanstaaftanstaaf") == client.initial()


def test_acting_as_somebody_else_is_refused() -> None:
    # RFC 4616, section 4: Ursel as Kurt.
    assert [Refusal.BAD_RESPONSE] == say(SERVER, b"Ursel\0Kurt\0xipj3plmq")


def test_a_client_without_an_initial_response_is_asked_with_nothing() -> None:
    assert [b"", MROSE] == say(SERVER, None, b"\0mrose\0correct horse")


def test_an_initial_response_that_is_there_and_empty_is_no_message() -> None:
    assert [Refusal.BAD_RESPONSE] == say(SERVER, b"")


def test_a_name_is_prepared_and_a_password_goes_on_as_it_came() -> None:
    accounts = Accounts("ALICE")

    say(SERVER, "\0\uff21\uff2c\uff29\uff23\uff25\0\ufb01".encode(), accounts=accounts)

    assert [TryPassword("ALICE", Secret("\ufb01".encode()))] == accounts.asked


def test_a_name_that_may_not_be_is_refused_before_anybody_is_asked() -> None:
    # RFC 3206, section 6: it is the name that is not accepted.
    accounts = Accounts()

    assert [Refusal.NOT_ACCEPTED] == say(SERVER, b"\0a\tb\0x", accounts=accounts)
    assert [] == accounts.asked


@pytest.mark.parametrize(("name", "secret"), [("a\0b", b"x"), ("a", b"x\0"), ("a", b"")])
def test_what_the_message_cannot_carry_is_the_operators_to_mend(name: str, secret: bytes) -> None:
    with pytest.raises(UnfitFault, match="PLAIN"):
        begin("PLAIN", login(name, secret))


def test_a_server_that_asks_something_else_gets_no_password() -> None:
    client = begin("PLAIN", login())

    with pytest.raises(MechanismFault, match="PLAIN"):
        client.respond(b"Password:")
