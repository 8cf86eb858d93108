"""LOGIN, both sides."""

from functools import partial

import pytest

from pillarbox.base.secret import Secret
from pillarbox.sasl.client import MechanismFault, UnfitFault, begin
from pillarbox.sasl.exchange import Refusal
from pillarbox.sasl.login import begin_login
from tests.sasl.play import MROSE, login, say, situation

SERVER = partial(begin_login, situation())
ASKED = [b"Username:", b"Password:"]


def test_the_server_asks_for_the_name_and_then_for_the_password() -> None:
    assert [*ASKED, MROSE] == say(SERVER, None, b"mrose", b"correct horse")


def test_an_initial_response_is_the_name() -> None:
    assert [b"Password:", MROSE] == say(SERVER, b"mrose", b"correct horse")


def test_an_empty_initial_response_is_no_name() -> None:
    assert [*ASKED, MROSE] == say(SERVER, b"", b"mrose", b"correct horse")


@pytest.mark.parametrize("name", [b"", b"\xff"])
def test_what_is_no_name_is_refused(name: bytes) -> None:
    assert [b"Username:", Refusal.BAD_RESPONSE] == say(SERVER, None, name)


@pytest.mark.parametrize("name", [b"a\0b", b"a\tb"])
def test_a_name_that_may_not_be_is_not_accepted(name: bytes) -> None:
    assert [b"Username:", Refusal.NOT_ACCEPTED] == say(SERVER, None, name)


@pytest.mark.parametrize("password", [b"", b"a\0b"])
def test_what_is_no_password_is_refused(password: bytes) -> None:
    assert [*ASKED, Refusal.BAD_RESPONSE] == say(SERVER, None, b"mrose", password)


def test_the_client_answers_in_order_whatever_it_is_asked() -> None:
    client = begin("LOGIN", login())

    assert client.initial() is None
    assert Secret(b"mrose") == client.respond(b"User Name\0")
    assert Secret(b"correct horse") == client.respond(b"anything")
    client.succeeded()


def test_the_client_says_nothing_a_third_time() -> None:
    client = begin("LOGIN", login())
    client.respond(b"Username:")
    client.respond(b"Password:")

    with pytest.raises(MechanismFault, match="LOGIN"):
        client.respond(b"Password:")


@pytest.mark.parametrize(("name", "secret"), [("a\0b", b"x"), ("a", b"x\0"), ("a", b"")])
def test_what_cannot_be_said_is_the_operators_to_mend(name: str, secret: bytes) -> None:
    with pytest.raises(UnfitFault, match="LOGIN"):
        begin("LOGIN", login(name, secret))
