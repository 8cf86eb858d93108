"""The settings of `[oauth]`: what is refused, and what is made of the rest."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.tokens.tokens import CannotAskFault, Tokens
from pillarbox.app.config import load
from pillarbox.app.home import Home
from pillarbox.app.settings import Configuration, OAuth
from pillarbox.app.tokens import build_tokens
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from tests.accounts.signed import signer
from tests.net.web import serving

ISSUER, AUDIENCE = "https://id.example.org", "pillarbox"
ASKED = {
    "introspection_url": "https://id.example.org/introspect",
    "client_id": "pillarbox",
    "client_secret_file": "secret",
    "domain": "example.org",
}
SIGNED = {
    "jwks_file": "jwks.json",
    "issuer": ISSUER,
    "audience": AUDIENCE,
    "domain": "example.org",
}
TOKEN = Secret(
    signer("EdDSA").token(
        {"iss": ISSUER, "aud": AUDIENCE, "exp": 1_900_000_000, "email": "mrose@example.org"}
    )
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def configured(home: Home, settings: dict[str, str]) -> Configuration:
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    home.configuration.write_text("[oauth]\n" + "".join(lines), "utf-8")
    return load(home)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        ASKED,
        ASKED | {"introspection_url": "http://127.0.0.1:8080/"},
        ASKED | {"issuer": ISSUER, "audience": AUDIENCE, "account_claim": "username"},
        SIGNED,
    ],
    ids=str,
)
def test_settings_that_go_together_are_taken(home: Home, settings: dict[str, str]) -> None:
    assert OAuth(**settings) == configured(home, settings).oauth


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (ASKED | SIGNED, "not both"),
        (ASKED | {"introspection_url": "http://id.example.org/"}, "must be https"),
        (ASKED | {"introspection_url": "https://a:b@id.example.org/"}, "must be https"),
        (ASKED | {"introspection_url": "id.example.org"}, "must be https"),
        (ASKED | {"client_id": ""}, "needs oauth.client_id"),
        (ASKED | {"client_secret_file": ""}, "needs oauth.client_id"),
        (SIGNED | {"issuer": ""}, "needs oauth.issuer"),
        (SIGNED | {"audience": ""}, "needs oauth.issuer"),
        (SIGNED | {"account_claim": ""}, "oauth.account_claim must name"),
    ],
    ids=str,
)
def test_settings_that_contradict_each_other_are_refused(
    home: Home, settings: dict[str, str], why: str
) -> None:
    with pytest.raises(OperatorFault) as caught:
        configured(home, settings)

    assert str(caught.value).startswith(f"{home.configuration}: ")
    assert why in str(caught.value)


def build(home: Home, database: Database, settings: dict[str, str]) -> Tokens | None:
    clock = FakeClock()
    accounts = Accounts(database, clock)
    return build_tokens(home, accounts, clock, OAuth(**settings))


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    database = Database(home.database)
    yield database
    database.close()


def test_without_settings_nothing_takes_tokens(home: Home, database: Database) -> None:
    assert build(home, database, {}) is None


def test_a_file_of_keys_takes_signed_tokens(home: Home, database: Database) -> None:
    jwks = json.dumps({"keys": [signer("EdDSA").jwk]})
    home.below("jwks.json").write_text(jwks, "ascii")
    mrose = Accounts(database, FakeClock()).add("mrose")
    tokens = build(home, database, SIGNED)

    assert tokens is not None
    assert Identity(mrose.id) == tokens.try_token(None, TOKEN)


def test_an_address_is_of_no_account_until_its_domain_is_set(
    home: Home, database: Database
) -> None:
    jwks = json.dumps({"keys": [signer("EdDSA").jwk]})
    home.below("jwks.json").write_text(jwks, "ascii")
    Accounts(database, FakeClock()).add("mrose")
    tokens = build(home, database, SIGNED | {"domain": ""})

    assert tokens is not None
    assert tokens.try_token(None, TOKEN) is None


def test_a_signed_token_must_end(home: Home, database: Database) -> None:
    jwks = json.dumps({"keys": [signer("EdDSA").jwk]})
    home.below("jwks.json").write_text(jwks, "ascii")
    Accounts(database, FakeClock()).add("mrose")
    claims = {"iss": ISSUER, "aud": AUDIENCE, "email": "mrose@example.org"}
    tokens = build(home, database, SIGNED)

    assert tokens is not None
    assert tokens.try_token(None, Secret(signer("EdDSA").token(claims))) is None


def test_an_authorization_server_is_asked_about_tokens(home: Home, database: Database) -> None:
    home.below("secret").write_bytes(b"hush\n")
    mrose = Accounts(database, FakeClock()).add("mrose")
    with serving() as web:
        tokens = build(home, database, ASKED | {"introspection_url": web.url()})
        web.say(b'{"active": true, "email": "mrose@example.org"}')

        assert tokens is not None
        assert Identity(mrose.id) == tokens.try_token("mrose", TOKEN)

        web.say(b"", "503 Busy")

        with pytest.raises(CannotAskFault):
            tokens.try_token("mrose", TOKEN)


@pytest.mark.parametrize("settings", [ASKED, SIGNED], ids=["secret", "keys"])
def test_a_file_that_is_not_there_is_said_at_the_start(
    home: Home, database: Database, settings: dict[str, str]
) -> None:
    with pytest.raises(OperatorFault, match="No such file"):
        build(home, database, settings)
