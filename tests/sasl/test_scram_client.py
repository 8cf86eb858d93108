"""SCRAM's client: it logs in nowhere where the server has not proven itself."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from pillarbox.sasl import scram_keys
from pillarbox.sasl.client import ClientExchange, MechanismFault, UnfitFault, begin
from pillarbox.sasl.exchange import ScramHash
from tests.sasl.play import END_POINT, SALT, login

UNPROVEN = "did not prove"
BROKEN = "does not belong"
SALTED = base64.b64encode(SALT).decode()


def first_of(client: ClientExchange) -> str:
    message = client.initial()
    assert message is not None
    return message.reveal().decode()


def nonce_of(client: ClientExchange) -> str:
    return first_of(client).rpartition("r=")[2]


def asked(client: ClientExchange, **changes: Any) -> str:
    """Return what the client answers to a server's first message."""
    parts = {"r": nonce_of(client) + "snonce", "s": SALTED, "i": "4096", "more": ""} | changes
    challenge = "r={r},s={s},i={i}{more}".format(**parts)
    return client.respond(challenge.encode()).reveal().decode()


def signature_of(client: ClientExchange, final: str, password: bytes = b"correct horse") -> bytes:
    kind = ScramHash.SHA_256
    bare = first_of(client).split(",", 2)[2]
    without_proof = final.rpartition(",p=")[0]
    message = f"{bare},r={nonce_of(client)}snonce,s={SALTED},i=4096,{without_proof}".encode()
    salted = scram_keys.salted_password(password, SALT, 4096, kind)
    return scram_keys.signature(scram_keys.server_key(salted, kind), message, kind)


def verified(octets: bytes) -> bytes:
    return b"v=" + base64.b64encode(octets)


@pytest.mark.parametrize(
    ("mechanism", "end_point", "server_offers_plus", "header"),
    [
        ("SCRAM-SHA-256-PLUS", END_POINT, True, "p=tls-server-end-point,,"),
        ("SCRAM-SHA-1-PLUS", END_POINT, True, "p=tls-server-end-point,,"),
        ("SCRAM-SHA-256", END_POINT, False, "y,,"),
        ("SCRAM-SHA-256", END_POINT, True, "n,,"),
        ("SCRAM-SHA-256", None, False, "n,,"),
        ("SCRAM-SHA-1", None, True, "n,,"),
    ],
)
def test_the_header_says_what_the_client_saw(
    mechanism: str, end_point: bytes | None, server_offers_plus: bool, header: str
) -> None:
    who = login(end_point=end_point, server_offers_plus=server_offers_plus)

    assert first_of(begin(mechanism, who)).startswith(f"{header}n=mrose,r=C")


def test_a_server_that_signs_lets_in() -> None:
    client = begin("SCRAM-SHA-256", login())
    signature = signature_of(client, asked(client))

    assert b"" == client.respond(verified(signature)).reveal()
    client.succeeded()


def test_a_server_that_did_not_read_the_first_message_gets_it_again_once() -> None:
    client = begin("SCRAM-SHA-256", login())

    assert first_of(client).encode() == client.respond(b"").reveal()
    with pytest.raises(MechanismFault, match=BROKEN):
        client.respond(b"")


@pytest.mark.parametrize(
    "forge",
    [
        lambda right: bytes([right[0] ^ 1]) + right[1:],
        lambda right: right[:-1],
        lambda right: right + b"\0",
        lambda right: bytes(len(right)),
    ],
)
def test_a_wrong_signature_is_no_proof(forge: Callable[[bytes], bytes]) -> None:
    client = begin("SCRAM-SHA-256", login())
    signature = signature_of(client, asked(client))

    with pytest.raises(MechanismFault, match=UNPROVEN):
        client.respond(verified(forge(signature)))
    with pytest.raises(MechanismFault, match=UNPROVEN):
        client.succeeded()


def test_nor_is_the_signature_of_another_password() -> None:
    client = begin("SCRAM-SHA-256", login())
    signature = signature_of(client, asked(client), b"another")

    with pytest.raises(MechanismFault, match=UNPROVEN):
        client.respond(verified(signature))


def test_success_without_a_signature_is_none() -> None:
    client = begin("SCRAM-SHA-256", login())
    with pytest.raises(MechanismFault, match=UNPROVEN):
        client.succeeded()
    asked(client)
    with pytest.raises(MechanismFault, match=UNPROVEN):
        client.succeeded()


def test_an_error_is_answered_and_is_no_success() -> None:
    client = begin("SCRAM-SHA-256", login())
    asked(client)

    assert b"" == client.respond(b"e=invalid-proof").reveal()
    with pytest.raises(MechanismFault, match=UNPROVEN):
        client.succeeded()


def test_nothing_comes_after_the_signature() -> None:
    client = begin("SCRAM-SHA-256", login())
    signature = verified(signature_of(client, asked(client)))
    client.respond(signature)

    with pytest.raises(MechanismFault, match=BROKEN):
        client.respond(signature)


@pytest.mark.parametrize("last", [b"", b"v=", b"v=AB==", b"x=AAAA", b"m=1,v=AAAA", b"\xff"])
def test_what_is_no_final_message_is_refused(last: bytes) -> None:
    client = begin("SCRAM-SHA-256", login())
    asked(client)

    with pytest.raises(MechanismFault, match=BROKEN):
        client.respond(last)


@pytest.mark.parametrize(
    "changes",
    [
        {"r": "C"},
        {"r": "another"},
        {"r": ""},
        {"s": ""},
        {"s": "AB=="},
        {"i": "0"},
        {"i": "many"},
        {"more": ",m=1"},
    ],
)
def test_what_is_no_first_message_is_refused(changes: dict[str, str]) -> None:
    client = begin("SCRAM-SHA-256", login())

    with pytest.raises(MechanismFault, match=BROKEN):
        asked(client, **changes)


def test_a_nonce_that_adds_nothing_or_loses_something_is_refused() -> None:
    for change in (str, lambda ours: ours[:-1] + "snonce", lambda ours: "x" + ours):
        client = begin("SCRAM-SHA-256", login())

        with pytest.raises(MechanismFault, match=BROKEN):
            asked(client, r=change(nonce_of(client)))


@pytest.mark.parametrize("iterations", ["1", "4095", "10000001", "9999999999"])
def test_too_few_and_too_many_iterations_are_refused(iterations: str) -> None:
    client = begin("SCRAM-SHA-256", login())

    with pytest.raises(MechanismFault, match=f"asks for {iterations} rounds"):
        asked(client, i=iterations)


def test_extensions_that_mean_nothing_are_passed_over() -> None:
    client = begin("SCRAM-SHA-256", login())

    assert asked(client, more=",Z=1").startswith("c=biws,r=")


def test_plus_without_an_end_point_is_the_operators_to_mend() -> None:
    with pytest.raises(UnfitFault, match="SCRAM-SHA-256-PLUS needs TLS"):
        begin("SCRAM-SHA-256-PLUS", login(server_offers_plus=True))


def test_a_name_is_prepared_and_escaped() -> None:
    client = begin("SCRAM-SHA-256", login("\uff21=b,c"))

    assert first_of(client).startswith("n,,n=A=3Db=2Cc,r=")


@pytest.mark.parametrize(("given", "used"), [("\u00ad\ufb01", b"fi"), ("\t\ufb01", "\t\ufb01")])
def test_a_password_is_prepared_where_it_can_be(given: str, used: bytes | str) -> None:
    client = begin("SCRAM-SHA-256", login(secret=given.encode()))
    prepared = used.encode() if isinstance(used, str) else used
    signature = signature_of(client, asked(client), prepared)

    client.respond(verified(signature))

    client.succeeded()
