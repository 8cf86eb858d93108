"""Our client logs in to our server with every mechanism, and only with what is right."""

from contextlib import suppress
from functools import partial

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.sasl.client import CLIENTS, MechanismFault, UnfitFault, begin
from pillarbox.sasl.exchange import Refusal
from pillarbox.sasl.facts import BINDING, TOKENS
from pillarbox.sasl.mechanisms import MECHANISMS
from pillarbox.sasl.saslprep import prepare
from tests.sasl.play import (
    END_POINT,
    MROSE,
    OTHER_END_POINT,
    PHONE,
    Accounts,
    advance,
    converse,
    login,
    situation,
)

EVERY = pytest.mark.parametrize("name", MECHANISMS)
SERVER_FIRST = ("LOGIN", "CRAM-MD5")
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
SECRETS = st.one_of(st.binary(min_size=1, max_size=80), st.text(min_size=1).map(str.encode))


def secret_for(name: str) -> bytes:
    return b"token.of-mrose==" if name in TOKENS else b"correct horse"


def test_both_sides_have_the_same_mechanisms() -> None:
    assert list(MECHANISMS) == list(CLIENTS)


@EVERY
@pytest.mark.parametrize("sends_initial", [True, False])
def test_the_right_secret_lets_in(name: str, sends_initial: bool) -> None:
    accounts = Accounts(secrets=[(secret_for(name), MROSE)])
    server = partial(MECHANISMS[name].begin, situation(END_POINT))
    client = begin(name, login("mrose", secret_for(name), END_POINT, server_offers_plus=True))

    assert MROSE == converse(server, accounts, client, sends_initial=sends_initial)
    assert name == client.name


@EVERY
def test_the_wrong_secret_does_not(name: str) -> None:
    accounts = Accounts(secrets=[(secret_for(name), MROSE)])
    server = partial(MECHANISMS[name].begin, situation(END_POINT))
    client = begin(name, login("mrose", b"wrong", END_POINT, server_offers_plus=True))

    assert Refusal.NOT_ACCEPTED == converse(server, accounts, client)


@EVERY
def test_nor_does_the_right_secret_of_somebody_else(name: str) -> None:
    accounts = Accounts(secrets=[(secret_for(name), MROSE)])
    server = partial(MECHANISMS[name].begin, situation(END_POINT))
    client = begin(name, login("root", secret_for(name), END_POINT, server_offers_plus=True))

    assert Refusal.NOT_ACCEPTED == converse(server, accounts, client)


@EVERY
def test_a_refusal_to_try_is_passed_on(name: str) -> None:
    accounts = Accounts(secrets=[], refusal=Refusal.TRY_LATER)
    server = partial(MECHANISMS[name].begin, situation(END_POINT))
    client = begin(name, login("mrose", secret_for(name), END_POINT, server_offers_plus=True))

    assert Refusal.TRY_LATER == converse(server, accounts, client)


@EVERY
def test_the_secret_that_fits_says_which_device_it_is(name: str) -> None:
    secrets = [(b"main", MROSE), (secret_for(name), PHONE), (b"tablet", MROSE)]
    server = partial(MECHANISMS[name].begin, situation(END_POINT))
    client = begin(name, login("mrose", secret_for(name), END_POINT, server_offers_plus=True))

    assert PHONE == converse(server, Accounts(secrets=secrets), client)


@pytest.mark.parametrize("name", [name for name in MECHANISMS if name not in TOKENS])
@given(who=NAMES, secret=SECRETS)
@settings(max_examples=40, deadline=None)
def test_names_and_secrets_of_every_kind_let_in(name: str, who: str, secret: bytes) -> None:
    assume(prepare(who) is not None)
    assume(b"\0" not in secret)
    server = partial(MECHANISMS[name].begin, situation(END_POINT))
    client = begin(name, login(who, secret, END_POINT, server_offers_plus=True))

    assert MROSE == converse(server, Accounts(who, [(secret, MROSE)]), client)


@pytest.mark.parametrize("name", TOKENS)
@given(who=NAMES, token=st.from_regex(r"[0-9A-Za-z._~+/-]+=*", fullmatch=True))
def test_names_and_tokens_of_every_kind_let_in(name: str, who: str, token: str) -> None:
    assume(prepare(who) is not None)
    accounts = Accounts(who, [(token.encode(), MROSE)])
    server = partial(MECHANISMS[name].begin, situation())

    assert MROSE == converse(server, accounts, begin(name, login(who, token.encode())))


@pytest.mark.parametrize("name", BINDING)
def test_a_relay_with_another_certificate_is_found_out(name: str) -> None:
    server = partial(MECHANISMS[name].begin, situation(END_POINT))
    relayed = begin(name, login(end_point=OTHER_END_POINT, server_offers_plus=True))
    direct = begin(name, login(end_point=END_POINT, server_offers_plus=True))

    assert Refusal.BAD_RESPONSE == converse(server, Accounts(), relayed)
    assert MROSE == converse(server, Accounts(), direct)


@pytest.mark.parametrize("name", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_a_relay_that_hides_plus_is_found_out(name: str) -> None:
    # RFC 5802, section 6: the client says that it saw no -PLUS, and the server did announce it.
    server = partial(MECHANISMS[name].begin, situation(END_POINT))
    client = begin(name, login(end_point=OTHER_END_POINT, server_offers_plus=False))

    assert Refusal.BAD_RESPONSE == converse(server, Accounts(), client)


@pytest.mark.parametrize("name", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_so_is_one_that_hides_that_the_client_saw_none(name: str) -> None:
    accounts = Accounts()
    client = begin(name, login(end_point=OTHER_END_POINT, server_offers_plus=False))
    said = client.initial()
    assert said is not None
    changed = Secret(b"n" + said.reveal()[1:])
    exchange = MECHANISMS[name].begin(situation(END_POINT), changed)

    final = client.respond(advance(exchange, accounts, None))

    assert Refusal.BAD_RESPONSE == advance(exchange, accounts, final)


@EVERY
@given(octets=st.lists(st.binary(), min_size=5, max_size=5), is_initial=st.booleans())
def test_no_response_is_a_surprise_to_the_server(
    name: str, octets: list[bytes], is_initial: bool
) -> None:
    initial = Secret(octets[0]) if is_initial else None
    exchange = MECHANISMS[name].begin(situation(END_POINT), initial)

    said = advance(exchange, Accounts(), None)
    while isinstance(said, bytes):
        said = advance(exchange, Accounts(), Secret(octets.pop()))

    assert isinstance(said, Refusal)


@EVERY
@given(challenges=st.lists(st.binary(), max_size=5))
def test_no_challenge_is_a_surprise_to_the_client(name: str, challenges: list[bytes]) -> None:
    client = begin(name, login("mrose", secret_for(name), END_POINT, server_offers_plus=True))

    with suppress(MechanismFault):
        for challenge in challenges:
            client.respond(challenge)
        client.succeeded()


@EVERY
def test_a_server_that_goes_on_asking_is_left(name: str) -> None:
    client = begin(name, login("mrose", secret_for(name), END_POINT, server_offers_plus=True))

    with pytest.raises(MechanismFault, match="does not belong"):
        list(map(client.respond, [b""] * 4))


@EVERY
def test_a_name_that_is_no_unicode_is_the_operators_to_mend(name: str) -> None:
    with pytest.raises(UnfitFault, match=name):
        begin(name, login("\ud800", secret_for(name), END_POINT))


@pytest.mark.parametrize("name", [name for name in MECHANISMS if name != "OAUTHBEARER"])
def test_so_is_an_empty_name(name: str) -> None:
    with pytest.raises(UnfitFault, match=name):
        begin(name, login("", secret_for(name), END_POINT))


def test_a_mechanism_that_nobody_has_is_the_operators_to_mend() -> None:
    with pytest.raises(OperatorFault, match="GSSAPI"):
        begin("GSSAPI", login())
