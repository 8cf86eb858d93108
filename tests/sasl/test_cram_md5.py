"""CRAM-MD5, both sides, and the example of RFC 2195."""

import re
from functools import partial

import pytest

from pillarbox.base.secret import Secret
from pillarbox.sasl.apop import is_timestamp
from pillarbox.sasl.client import MechanismFault, begin
from pillarbox.sasl.cram_md5 import CramProof, begin_cram_md5, cram_digest
from pillarbox.sasl.exchange import Refusal, TryDigest
from tests.sasl.play import Accounts, login, say, situation

CHALLENGE = b"<1896.697170952@postoffice.reston.mci.net>"
DIGEST = "b913a602c7eda7a495b4e6e7334d3890"
SECRET = Secret(b"tanstaaftanstaaf")
SERVER = partial(begin_cram_md5, situation())


def test_the_clients_response_is_the_one_of_the_rfc() -> None:
    client = begin("CRAM-MD5", login("tim", SECRET.reveal()))

    assert client.initial() is None
    assert f"tim {DIGEST}".encode() == client.respond(CHALLENGE).reveal()


def test_a_proof_is_of_the_secret_it_was_made_with_and_of_no_other() -> None:
    proof = CramProof(CHALLENGE, DIGEST)

    assert proof.is_of(SECRET)
    assert not proof.is_of(Secret(b"tanstaaf"))
    assert not CramProof(CHALLENGE, DIGEST.upper()).is_of(SECRET)
    assert not CramProof(CHALLENGE, "é\ud800").is_of(SECRET)


def test_a_proof_does_not_show_its_digest() -> None:
    assert DIGEST not in repr(CramProof(CHALLENGE, DIGEST))


def test_a_long_secret_is_hashed_first() -> None:
    # RFC 2104, section 2: a key above 64 octets.
    assert "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" == cram_digest(
        b"Test Using Larger Than Block-Size Key - Hash Key First", Secret(b"\xaa" * 80)
    )


def test_the_challenge_is_a_message_id_and_never_the_same() -> None:
    site = situation()
    challenges = [say(partial(begin_cram_md5, site), None)[0] for _ in range(2)]

    assert 2 == len(set(challenges))
    assert all(map(is_timestamp, challenges))
    assert re.fullmatch(rb"<[0-9]{50,}@mail\.example\.org>", challenges[0])


def test_a_server_that_speaks_first_takes_no_initial_response() -> None:
    # RFC 5034, section 4.
    assert [Refusal.BAD_RESPONSE] == say(SERVER, b"")


def test_a_name_may_hold_spaces() -> None:
    accounts = Accounts()

    challenge, _ = say(SERVER, None, f"Tim  T {DIGEST}".encode(), accounts=accounts)

    assert [TryDigest("Tim  T", CramProof(challenge, DIGEST))] == accounts.asked


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"mrose",
        b"mrose ",
        b" " + DIGEST.encode(),
        DIGEST.encode(),
        b"mrose " + DIGEST.upper().encode(),
        b"mrose " + DIGEST.encode()[1:],
        b"mrose " + DIGEST.encode() + b" ",
        b"mrose " + DIGEST.encode() + b"\n",
        b"mrose\t" + DIGEST.encode(),
        b"\xff " + DIGEST.encode(),
    ],
)
def test_what_is_no_response_is_refused(response: bytes) -> None:
    assert Refusal.BAD_RESPONSE == say(SERVER, None, response)[1]


def test_a_name_that_may_not_be_is_not_accepted() -> None:
    response = b"a\tb " + DIGEST.encode()

    assert Refusal.NOT_ACCEPTED == say(SERVER, None, response)[1]


@pytest.mark.parametrize("challenge", [b"", b"x" * 1025])
def test_the_client_signs_nothing_and_nothing_long(challenge: bytes) -> None:
    client = begin("CRAM-MD5", login())

    with pytest.raises(MechanismFault, match="CRAM-MD5"):
        client.respond(challenge)


def test_the_client_signs_once() -> None:
    client = begin("CRAM-MD5", login())
    client.respond(CHALLENGE)

    with pytest.raises(MechanismFault, match="CRAM-MD5"):
        client.respond(CHALLENGE)
