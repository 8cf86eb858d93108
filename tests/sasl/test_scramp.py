"""Our SCRAM against scramp's, each as server and as client: ADR 0011."""

from importlib import import_module
from typing import Any

import pytest

from pillarbox.base.secret import Secret
from pillarbox.sasl.client import begin
from pillarbox.sasl.exchange import Refusal
from pillarbox.sasl.mechanisms import MECHANISMS
from tests.sasl.play import (
    END_POINT,
    ITERATIONS,
    MROSE,
    OTHER_END_POINT,
    SALT,
    Accounts,
    advance,
    login,
    situation,
)

scramp: Any = import_module("scramp")  # it has no types
NAMES = pytest.mark.parametrize("name", [name for name in MECHANISMS if name.startswith("SCRAM")])
WHO = pytest.mark.parametrize(
    ("who", "secret"),
    [
        ("mrose", "correct horse"),
        ("m=r,ose", "=,"),
        ("山田", "ひみつ"),
        ("\uff21\ufb01", "\ufb01x"),
    ],
)


def bound(name: str, end_point: bytes = END_POINT) -> tuple[str, bytes] | None:
    return ("tls-server-end-point", end_point) if name.endswith("PLUS") else None


def enter(name: str, peer: Any, accounts: Accounts) -> Any:
    """Return how our server ends with scramp's client."""
    end_point = END_POINT if name.endswith("PLUS") else None
    exchange = MECHANISMS[name].begin(situation(end_point), _secret(peer.get_client_first()))
    said = advance(exchange, accounts, None)
    peer.set_server_first(said.decode())
    said = advance(exchange, accounts, _secret(peer.get_client_final()))
    if isinstance(said, Refusal):
        return said
    peer.set_server_final(said.decode())
    return advance(exchange, accounts, Secret(b""))


def _secret(text: str) -> Secret:
    return Secret(text.encode())


@NAMES
@WHO
def test_its_client_gets_into_our_server(name: str, who: str, secret: str) -> None:
    accounts = Accounts(who, [(secret.encode(), MROSE)])
    peer = scramp.ScramClient([name], who, secret, channel_binding=bound(name), c_nonce="itsnonce")

    assert MROSE == enter(name, peer, accounts)


@NAMES
def test_its_client_does_not_with_another_password(name: str) -> None:
    peer = scramp.ScramClient([name], "mrose", "wrong", channel_binding=bound(name))

    assert Refusal.NOT_ACCEPTED == enter(name, peer, Accounts())


@pytest.mark.parametrize("name", ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"])
def test_nor_with_another_certificate(name: str) -> None:
    binding = bound(name, OTHER_END_POINT)
    peer = scramp.ScramClient([name], "mrose", "correct horse", channel_binding=binding)

    assert Refusal.BAD_RESPONSE == enter(name, peer, Accounts())


@NAMES
@WHO
def test_our_client_gets_into_its_server(name: str, who: str, secret: str) -> None:
    mechanism = scramp.ScramMechanism(name)
    keys = mechanism.make_auth_info(secret, iteration_count=ITERATIONS, salt=SALT)
    salt, stored_key, server_key, iterations = keys
    server = mechanism.make_server(
        lambda _: (salt, stored_key, server_key, iterations), channel_binding=bound(name)
    )
    end_point = END_POINT if name.endswith("PLUS") else None
    client = begin(name, login(who, secret.encode(), end_point, server_offers_plus=True))

    initial = client.initial()
    assert initial is not None
    server.set_client_first(initial.reveal().decode())
    final = client.respond(server.get_server_first().encode())
    server.set_client_final(final.reveal().decode())
    client.respond(server.get_server_final().encode())

    client.succeeded()


@pytest.mark.parametrize("name", ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"])
def test_our_client_does_not_where_the_certificate_is_another(name: str) -> None:
    mechanism = scramp.ScramMechanism(name)
    salt, stored_key, server_key, iterations = mechanism.make_auth_info("correct horse")
    server = mechanism.make_server(
        lambda _: (salt, stored_key, server_key, iterations), channel_binding=bound(name)
    )
    client = begin(name, login(end_point=OTHER_END_POINT, server_offers_plus=True))

    initial = client.initial()
    assert initial is not None
    server.set_client_first(initial.reveal().decode())
    final = client.respond(server.get_server_first().encode())
    with pytest.raises(scramp.ScramException, match="bindings don't match"):
        server.set_client_final(final.reveal().decode())
