"""Tokens and the accounts that they name: one who may log in, or nobody."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.tokens.claims import Claims
from pillarbox.accounts.tokens.tokens import TOKEN_OCTETS, CannotAskFault, Tokens
from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database

TOKEN = Secret(b"good.token~with+all/of-it_1==")
BROKEN = Secret(b"outage")
JSON = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())


@dataclass
class Validator:
    """Knows one good token."""

    says: Claims
    asked: list[Secret] = field(default_factory=list)

    def claims(self, token: Secret) -> Claims | None:
        self.asked.append(token)
        if token == BROKEN:
            raise CannotAskFault("Away.")
        return self.says if token == TOKEN else None


@pytest.fixture
def mrose(accounts: Accounts) -> Account:
    accounts.add("other")
    return accounts.add("mrose")


def admitted(
    accounts: Accounts,
    says: Claims,
    name: str | None = None,
    claim: str = "email",
    domain: str = "Example.org",
) -> Identity | None:
    return Tokens(accounts, Validator(says), claim, domain).try_token(name, TOKEN)


@pytest.mark.parametrize("value", ["mrose", "mrose@example.org", "MRose@Example.org"])
def test_the_claim_is_the_account_or_an_address_of_it(
    accounts: Accounts, mrose: Account, value: str
) -> None:
    assert Identity(mrose.id) == admitted(accounts, {"email": value})


@pytest.mark.usefixtures("mrose")
@pytest.mark.parametrize(
    "says",
    [
        {},
        {"email": ""},
        {"email": "@example.org"},
        {"email": "nobody@example.org"},
        {"email": "mrose@"},
        {"email": "mrose@example.com"},
        {"email": "mrose@mail.example.org"},
        {"email": "mrose@example.org."},
        {"email": "mrose@exam\u212aple.org"},
        {"email": "mrose.example.org"},
        {"email": "mrose@example.org@example.org"},
        {"email": "ｍrose@example.org"},
        {"email": "mrose\0"},
        {"email": "\ud800"},
        {"email": ["mrose"]},
        {"email": None},
        {"email": 1},
        {"sub": "mrose"},
    ],
    ids=str,
)
def test_a_claim_that_names_no_account_admits_nobody(accounts: Accounts, says: Claims) -> None:
    assert admitted(accounts, says) is None


@pytest.mark.usefixtures("mrose")
@pytest.mark.parametrize("value", [False, None, 0, 1, "true", "false", []])
def test_an_address_that_is_not_verified_admits_nobody(accounts: Accounts, value: object) -> None:
    assert admitted(accounts, {"email": "mrose@example.org", "email_verified": value}) is None


def test_an_address_that_is_verified_does(accounts: Accounts, mrose: Account) -> None:
    assert Identity(mrose.id) == admitted(accounts, {"email": "mrose", "email_verified": True})


def test_another_claim_can_name_the_account(accounts: Accounts, mrose: Account) -> None:
    says = {"email": "other@example.org", "email_verified": False, "username": "mrose"}

    assert Identity(mrose.id) == admitted(accounts, says, claim="username")


def test_an_account_named_by_its_whole_address_comes_first(
    accounts: Accounts, mrose: Account
) -> None:
    whole = accounts.add("mrose@example.org")

    assert Identity(whole.id) == admitted(accounts, {"email": "mrose@example.org"})
    assert Identity(mrose.id) == admitted(accounts, {"email": "mrose"})


def test_a_whole_address_names_its_account_in_any_domain(accounts: Accounts) -> None:
    whole = accounts.add("mrose@example.com")

    assert Identity(whole.id) == admitted(accounts, {"email": "MRose@Example.com"})
    assert Identity(whole.id) == admitted(accounts, {"email": "mrose@example.com"}, domain="")


@pytest.mark.usefixtures("mrose")
@pytest.mark.parametrize("value", ["mrose@", "mrose@example.org", "mrose@localhost"])
def test_without_a_domain_of_ours_no_local_part_names_an_account(
    accounts: Accounts, value: str
) -> None:
    assert admitted(accounts, {"email": value}, domain="") is None
    assert admitted(accounts, {"email": "mrose"}, value, domain="") is None


def test_a_kelvin_sign_is_no_letter_of_a_domain(accounts: Accounts) -> None:
    accounts.add("mrose")

    assert admitted(accounts, {"email": "mrose@\u212aent.example"}, domain="kent.example") is None


@pytest.mark.usefixtures("mrose")
def test_a_name_and_a_token_of_two_domains_are_two_people(accounts: Accounts) -> None:
    says = {"email": "mrose@example.org"}

    assert admitted(accounts, says, "mrose@example.com") is None
    assert admitted(accounts, {"email": "mrose@example.com"}, "mrose@example.org") is None
    assert admitted(accounts, {"email": "mrose@example.com"}, "mrose@example.com") is None


def test_what_is_no_address_is_not_taken_for_one(accounts: Accounts) -> None:
    accounts.add("mrose@example.com")

    assert admitted(accounts, {"email": "mrose@example.com@example.org"}) is None


@pytest.mark.parametrize("name", [None, "mrose", "MROSE", "mrose@example.org", "MRose@EXAMPLE.org"])
def test_a_name_given_by_the_client_may_be_left_out_or_be_the_same(
    accounts: Accounts, mrose: Account, name: str | None
) -> None:
    assert Identity(mrose.id) == admitted(accounts, {"email": "mrose@example.org"}, name)


@pytest.mark.usefixtures("mrose")
@pytest.mark.parametrize(
    "name", ["", "other", "nobody", "@example.org", "mrose@elsewhere", "mrose\0", "ｍrose"]
)
def test_any_other_name_is_refused_after_the_same_question(accounts: Accounts, name: str) -> None:
    validator = Validator({"email": "mrose@example.org"})

    assert Tokens(accounts, validator, "email", "example.org").try_token(name, TOKEN) is None

    assert [TOKEN] == validator.asked


@pytest.mark.usefixtures("mrose")
def test_a_disabled_and_a_removed_account_are_not_admitted(accounts: Accounts) -> None:
    accounts.disable("mrose")
    disabled = admitted(accounts, {"email": "mrose"})
    accounts.remove("other")

    assert [None, None] == [disabled, admitted(accounts, {"email": "other"})]


@pytest.mark.usefixtures("mrose")
def test_a_token_that_is_not_good_admits_nobody(accounts: Accounts) -> None:
    tokens = Tokens(accounts, Validator({"email": "mrose"}), "email")

    assert tokens.try_token("mrose", Secret(b"bad")) is None


@pytest.mark.usefixtures("mrose")
def test_an_outage_is_told_whoever_is_named(accounts: Accounts) -> None:
    tokens = Tokens(accounts, Validator({"email": "mrose"}), "email")

    for name in (None, "mrose", "nobody"):
        with pytest.raises(CannotAskFault):
            tokens.try_token(name, BROKEN)


@pytest.mark.parametrize(
    "octets",
    [b"", b"=", b"a=b", b"a b", b"a\n", b"a\0", b"a\x01", b"a&b", b"\xc3\xa9", b"x" * 8_193],
)
def test_octets_that_are_no_token_are_asked_of_nobody(accounts: Accounts, octets: bytes) -> None:
    validator = Validator({"email": "mrose"})

    assert Tokens(accounts, validator, "email").try_token(None, Secret(octets)) is None

    assert [] == validator.asked


def test_a_token_may_be_as_long_as_the_bound(accounts: Accounts) -> None:
    validator = Validator({})
    Tokens(accounts, validator, "email").try_token(None, Secret(b"x" * TOKEN_OCTETS))

    assert 1 == len(validator.asked)


@given(
    st.none() | st.text(),
    st.binary() | st.just(TOKEN.reveal()),
    st.dictionaries(st.sampled_from(["email", "email_verified"]), JSON),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_token_or_claim_raises(
    accounts: Accounts, name: str | None, octets: bytes, says: Claims
) -> None:
    tokens = Tokens(accounts, Validator(says), "email")

    assert tokens.try_token(name, Secret(octets)) is None  # there is no account


@pytest.mark.parametrize(
    ("issued", "is_taken"),
    [({}, False), ({"iat": 1_030}, False), ({"iat": 1_031}, True), ({"iat": "1031"}, False)],
)
def test_after_an_incident_only_a_token_that_was_issued_later_is_taken(
    accounts: Accounts, database: Database, mrose: Account, issued: Claims, is_taken: bool
) -> None:
    says = {"email": "mrose", **issued}
    assert Identity(mrose.id) == admitted(accounts, says)

    database.write(lambda rows: rows.run("UPDATE accounts SET tokens_since = 1000"))

    assert (Identity(mrose.id) if is_taken else None) == admitted(accounts, says)
