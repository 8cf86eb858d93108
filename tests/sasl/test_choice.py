"""Which way in is taken, and which never."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.sasl.choice import Choices, may_use, strongest
from pillarbox.sasl.client import CLIENTS
from pillarbox.sasl.facts import APOP, FACTS, USER
from pillarbox.sasl.mechanisms import MECHANISMS

WAYS = frozenset({*MECHANISMS, USER, APOP})
PASSWORDS_OVER_TLS = [
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "PLAIN",
    "LOGIN",
    USER,
    "CRAM-MD5",
]
SECURE = Choices(WAYS, is_secure=True, can_bind=True)
CHOICES = st.builds(
    Choices,
    st.frozensets(st.sampled_from(sorted(WAYS | {"GSSAPI", "EXTERNAL"}))),
    is_secure=st.booleans(),
    can_bind=st.booleans(),
    has_token=st.booleans(),
    allow_password_without_tls=st.booleans(),
)


def test_every_way_is_known() -> None:
    assert WAYS == FACTS.keys()


def order(choices: Choices) -> list[str]:
    """Return what is chosen, and then what would be without that, and so on."""
    chosen = []
    while (name := strongest(choices)) is not None:
        chosen.append(name)
        choices = replace(choices, announced=choices.announced - {name})
    return chosen


def test_over_tls_what_proves_comes_before_what_reveals_and_that_before_md5() -> None:
    assert PASSWORDS_OVER_TLS == order(SECURE)


def test_without_an_end_point_nothing_is_bound() -> None:
    assert PASSWORDS_OVER_TLS[2:] == order(replace(SECURE, can_bind=False))


@pytest.mark.parametrize("can_bind", [True, False])
def test_without_tls_nothing_reveals_the_password(can_bind: bool) -> None:
    choices = Choices(WAYS, is_secure=False, can_bind=can_bind)

    assert ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"] == order(choices)


def test_where_it_is_allowed_to_it_comes_last() -> None:
    choices = Choices(WAYS, is_secure=False, can_bind=False, allow_password_without_tls=True)

    assert ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", USER] == order(choices)


def test_a_token_goes_where_tokens_go_and_over_tls_only() -> None:
    assert ["OAUTHBEARER", "XOAUTH2"] == order(replace(SECURE, has_token=True))
    open_to_all = replace(SECURE, is_secure=False, allow_password_without_tls=True)
    assert [] == order(replace(open_to_all, has_token=True))


def test_what_nobody_announced_is_not_taken() -> None:
    assert strongest(replace(SECURE, announced=frozenset())) is None


@given(CHOICES)
def test_what_is_chosen_is_announced_allowed_and_ours(choices: Choices) -> None:
    name = strongest(choices)

    assert name is None or (name in choices.announced and may_use(name, choices))
    assert name in {*CLIENTS, USER, None}


@given(CHOICES)
def test_apop_is_never_chosen_by_itself(choices: Choices) -> None:
    assert APOP != strongest(choices)


@pytest.mark.parametrize(
    ("is_secure", "is_allowed", "may"),
    [(True, False, True), (False, True, True), (False, False, False)],
)
def test_apop_may_be_asked_for_over_tls_or_where_plaintext_is_allowed(
    is_secure: bool, is_allowed: bool, may: bool
) -> None:
    choices = Choices(WAYS, is_secure, can_bind=False, allow_password_without_tls=is_allowed)

    assert may is may_use(APOP, choices)
    assert not may_use(APOP, replace(choices, announced=WAYS - {APOP}))


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("SCRAM-SHA-256-PLUS", replace(SECURE, is_secure=False)),
        ("SCRAM-SHA-256-PLUS", replace(SECURE, can_bind=False)),
        ("PLAIN", replace(SECURE, is_secure=False)),
        ("PLAIN", replace(SECURE, has_token=True)),
        ("SCRAM-SHA-256", replace(SECURE, has_token=True)),
        ("XOAUTH2", SECURE),
        ("XOAUTH2", replace(SECURE, has_token=True, is_secure=False)),
        ("GSSAPI", SECURE),
    ],
)
def test_these_may_not_be_taken_even_where_they_are_asked_for(name: str, choices: Choices) -> None:
    assert not may_use(name, choices)
