"""What is kept of an authorization: every field comes back, and no repr shows a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.oauth.grant import (
    MARGIN_SECONDS,
    NOT_YET,
    Client,
    Grant,
    read_grant,
    refused,
    write_grant,
)
from pillarbox.base.errors import StoreFault
from pillarbox.base.secret import Secret

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SECRETS = TEXTS.map(str.encode).map(Secret)
CLIENTS = st.builds(
    Client,
    *[TEXTS] * 4,
    authorization_endpoint=st.none() | TEXTS,
    device_endpoint=st.none() | TEXTS,
    client_secret=st.none() | SECRETS,
)
GRANTS = st.builds(
    Grant,
    CLIENTS,
    SECRETS,
    st.none() | st.integers(0, 2**40),
    st.none() | SECRETS,
    st.none() | TEXTS,
)
CLIENT = Client("id", "https://id.example.org/token", "mail", "XOAUTH2")


@given(GRANTS)
def test_what_is_sealed_comes_back(grant: Grant) -> None:
    assert grant == read_grant(write_grant(grant))


def test_before_somebody_authorises_there_is_none() -> None:
    assert read_grant(NOT_YET) is None


@pytest.mark.parametrize("octets", [b"", b"a password", b"[1]", b'{"client_id": "x"}', b"\xff"])
def test_what_is_no_grant_is_a_fault_that_does_not_quote_it(octets: bytes) -> None:
    with pytest.raises(StoreFault) as caught:
        read_grant(Secret(octets))

    assert "What is kept of the authorisation cannot be read." == str(caught.value)
    assert caught.value.__cause__ is None


def test_a_token_is_fresh_until_the_margin_before_its_end() -> None:
    grant = Grant(CLIENT, Secret(b"token"), expires_at=1_000)

    assert grant.is_fresh(999 - MARGIN_SECONDS)
    assert not grant.is_fresh(1_000 - MARGIN_SECONDS)
    assert Grant(CLIENT, Secret(b"token")).is_fresh(10**12)


def test_nothing_that_is_shown_has_a_secret_in_it() -> None:
    canary = Secret(b"canary")
    client = Client("id", "u", "s", "m", client_secret=canary)

    assert "canary" not in repr(Grant(client, canary, 1, canary))


def test_what_has_ended_says_why() -> None:
    assert "invalid_grant" == refused(Grant(CLIENT, Secret(b"t")), "invalid_grant").refused
