"""XOAUTH2 and OAUTHBEARER, both sides, and the examples of RFC 7628."""

import base64
import json
from dataclasses import replace
from functools import partial

import pytest

from pillarbox.base.secret import Secret
from pillarbox.sasl.client import Login, MechanismFault, UnfitFault, begin
from pillarbox.sasl.exchange import Exchange, Refusal, TryToken
from pillarbox.sasl.oauthbearer import begin_oauthbearer
from pillarbox.sasl.xoauth2 import begin_xoauth2
from tests.sasl.play import MROSE, Accounts, login, nonces, say, situation

TOKEN = b"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
EXAMPLE = base64.b64decode(  # RFC 7628, section 4.1
    "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyI"
    "HZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
)
ASKING = base64.b64decode(  # section 4.3
    "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9AQE="
)
TOLD = {"status": "invalid_token"}  # and no more: section 3.2.2 leaves the rest to us
USER = Accounts("user@example.com", [(TOKEN, MROSE)])
BEARER = partial(begin_oauthbearer, situation())
GOOGLE = partial(begin_xoauth2, situation())
GOOD = b"user=mrose\x01auth=Bearer tok\x01\x01"
KNOWN = Accounts(secrets=[(b"tok", MROSE)])


def test_the_example_of_the_rfc_lets_in() -> None:
    assert [MROSE] == say(BEARER, EXAMPLE, accounts=USER)


def test_our_client_says_the_example_of_the_rfc() -> None:
    who = replace(login("user@example.com", TOKEN), host="server.example.com", port=143)

    assert Secret(EXAMPLE) == begin("OAUTHBEARER", who).initial()


def test_who_asks_for_the_scope_is_told_what_is_wrong_and_refused() -> None:
    accounts = Accounts()
    reason, outcome = say(BEARER, ASKING, b"\x01", accounts=accounts)

    assert TOLD == json.loads(reason)
    assert Refusal.NOT_ACCEPTED == outcome
    assert [] == accounts.asked


@pytest.mark.parametrize(
    ("server", "message", "told"),
    [
        (BEARER, b"n,a=mrose,\x01auth=Bearer no\x01\x01", TOLD),
        (GOOGLE, b"user=mrose\x01auth=Bearer no\x01\x01", {"status": "401", "schemes": "bearer"}),
    ],
)
@pytest.mark.parametrize("dummy", [b"", b"\x01", b"anything"])
def test_a_token_that_is_not_accepted_gets_a_reason_before_the_refusal(
    server: partial[Exchange], message: bytes, told: dict[str, str], dummy: bytes
) -> None:
    reason, outcome = say(server, message, dummy)

    assert told == json.loads(reason)
    assert Refusal.NOT_ACCEPTED == outcome


@pytest.mark.parametrize(
    ("server", "message"),
    [(BEARER, b"n,a=mrose,\x01auth=Bearer tok\x01\x01"), (GOOGLE, GOOD)],
)
def test_where_the_token_could_not_be_tried_nothing_is_said_about_it(
    server: partial[Exchange], message: bytes
) -> None:
    accounts = Accounts(secrets=[], refusal=Refusal.TRY_LATER)

    assert [Refusal.TRY_LATER] == say(server, message, accounts=accounts)


@pytest.mark.parametrize("name", ["OAUTHBEARER", "XOAUTH2"])
def test_two_lines_are_as_good_as_one(name: str) -> None:
    message = begin(name, login(secret=b"tok")).initial()
    server = {"OAUTHBEARER": BEARER, "XOAUTH2": GOOGLE}[name]

    assert message is not None
    assert [b"", MROSE] == say(server, None, message.reveal(), accounts=KNOWN)


@pytest.mark.parametrize(
    "message",
    [
        b"n,a=mrose,\x01auth=Bearer tok\x01\x01",
        b"n,a=mrose,\x01auth=bEARER  tok\x01\x01",
        b"y,a=mrose,\x01auth=Bearer tok\x01\x01",
        b"n,,\x01auth=Bearer tok\x01\x01",
        b"n,a=mrose,\x01zz=a=b c\r\n\t\x01auth=Bearer tok\x01\x01",
    ],
)
def test_these_are_messages_of_oauthbearer(message: bytes) -> None:
    assert [MROSE] == say(BEARER, message, accounts=KNOWN)


def test_without_a_name_the_token_says_whose_it_is() -> None:
    ask = next(begin_oauthbearer(situation(), Secret(b"n,,\x01auth=Bearer tok\x01\x01")))

    assert TryToken(None, Secret(b"tok")) == ask


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x01",
        b"n,a=mrose,\x01\x01\x01",
        b"n,a=mrose,\x01auth=Bearer tok\x01",
        b"n,a=mrose,\x01auth=Bearer tok\x01\x01\x01",
        b"n,a=mrose\x01auth=Bearer tok\x01\x01",
        b"n,a=,\x01auth=Bearer tok\x01\x01",
        b"n,a=mr=ose,\x01auth=Bearer tok\x01\x01",
        b"n,a=\xff,\x01auth=Bearer tok\x01\x01",
        b"p,a=mrose,\x01auth=Bearer tok\x01\x01",
        b"p=tls-server-end-point,a=mrose,\x01auth=Bearer tok\x01\x01",
        b"F,n,a=mrose,\x01auth=Bearer tok\x01\x01",
        b"n,a=mrose,\x01auth=Bearer tok\x01auth=Bearer tok\x01\x01",
        b"n,a=mrose,\x01a1=x\x01auth=Bearer tok\x01\x01",
        b"n,a=mrose,\x01auth=Bearer t\0k\x01\x01",
    ],
)
def test_these_are_none(message: bytes) -> None:
    assert [Refusal.BAD_RESPONSE] == say(BEARER, message, accounts=KNOWN)


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (BEARER, b"n,a=a\tb,\x01auth=Bearer tok\x01\x01"),
        (GOOGLE, b"user=a\tb\x01auth=Bearer tok\x01\x01"),
    ],
)
def test_a_name_that_may_not_be_is_not_accepted(server: partial[Exchange], message: bytes) -> None:
    accounts = Accounts(secrets=[(b"tok", MROSE)])

    assert Refusal.NOT_ACCEPTED == say(server, message, b"", accounts=accounts)[1]
    assert [] == accounts.asked


@pytest.mark.parametrize("auth", [b"tok", b"Basic tok", b"Bearer", b"Bearer ", b"Bearer a b"])
def test_what_is_no_bearer_token_is_never_tried(auth: bytes) -> None:
    accounts = Accounts()
    message = b"n,a=mrose,\x01auth=" + auth + b"\x01\x01"

    assert Refusal.NOT_ACCEPTED == say(BEARER, message, b"\x01", accounts=accounts)[1]
    assert [] == accounts.asked


def test_host_and_port_are_not_compared() -> None:
    message = b"n,a=mrose,\x01host=x\x01port=y\x01auth=Bearer tok\x01\x01"

    assert [MROSE] == say(BEARER, message, accounts=KNOWN)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x01",
        GOOD[:-1],
        GOOD + b"\x01",
        b"user=\x01auth=Bearer tok\x01\x01",
        b"user=\xff\x01auth=Bearer tok\x01\x01",
        b"user=mrose\x01auth=tok\x01\x01",
        b"user=mrose\x01auth=Bearer \x01\x01",
        b"user=mrose\x01auth=Bearer t\xe9\x01\x01",
        b"user=mrose\x01auth=Bearer tok\n\x01\x01",
        b"auth=Bearer tok\x01user=mrose\x01\x01",
    ],
)
def test_these_are_no_messages_of_xoauth2(message: bytes) -> None:
    assert [Refusal.BAD_RESPONSE] == say(GOOGLE, message, accounts=KNOWN)


def test_xoauth2_is_said_as_google_and_microsoft_have_it() -> None:
    client = begin("XOAUTH2", login("someuser@example.com", b"ya29.vF9dft4qmTc2Nvb3RlckBhdA"))
    message = client.initial()

    assert message is not None
    assert message.reveal() == (
        b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdA\x01\x01"
    )


@pytest.mark.parametrize(("name", "dummy"), [("OAUTHBEARER", b"\x01"), ("XOAUTH2", b"")])
def test_the_client_answers_a_reason_with_what_the_server_waits_for(
    name: str, dummy: bytes
) -> None:
    client = begin(name, login(secret=b"tok"))

    assert Secret(dummy) == client.respond(b'{"status":"401"}')
    with pytest.raises(MechanismFault, match="refused the login and then"):
        client.succeeded()
    with pytest.raises(MechanismFault, match=name):
        client.respond(b"")


@pytest.mark.parametrize("name", ["OAUTHBEARER", "XOAUTH2"])
@pytest.mark.parametrize("token", [b"", b"a b", b" a", b"a\x01b", b"a\r\n", b"\xff", b"=a"])
def test_what_is_no_token_is_never_sent(name: str, token: bytes) -> None:
    with pytest.raises(UnfitFault, match=name):
        begin(name, login(secret=token))


def test_a_name_that_ends_the_field_is_never_sent() -> None:
    with pytest.raises(UnfitFault):
        begin("XOAUTH2", login("a\x01b", b"tok"))
    with pytest.raises(UnfitFault):
        begin("OAUTHBEARER", login("a\x01b", b"tok"))


def test_nor_is_such_a_host() -> None:
    with pytest.raises(UnfitFault):
        begin("OAUTHBEARER", replace(login(secret=b"tok"), host="a\x01b"))


def test_oauthbearer_may_leave_the_name_to_the_token() -> None:
    client = begin("OAUTHBEARER", login("", b"tok"))

    assert Secret(b"n,,\x01auth=Bearer tok\x01\x01") == client.initial()


def test_a_name_is_escaped() -> None:
    client = begin("OAUTHBEARER", login("a=b,c", b"tok"))
    accounts = Accounts("a=b,c", [(b"tok", MROSE)])
    message = client.initial()

    assert message is not None
    assert Secret(b"n,a=a=3Db=2Cc,\x01auth=Bearer tok\x01\x01") == message
    assert [MROSE] == say(BEARER, message.reveal(), accounts=accounts)


def test_no_token_shows_itself() -> None:
    assert "correct" not in repr(Login("mrose", Secret(b"correct"), nonces("C")))
