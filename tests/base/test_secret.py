"""A secret shows itself to nobody who does not ask by name."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.errors import Fault
from pillarbox.base.secret import Secret

SHOWN = "Secret(...)"


@dataclass(frozen=True)
class Login:
    user: str
    password: Secret


@given(st.binary())
def test_no_way_of_making_text_shows_a_secret(octets: bytes) -> None:
    secret = Secret(octets)

    assert [SHOWN] * 5 == [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret!s}",
    ]


def test_what_holds_a_secret_does_not_show_it_either() -> None:
    secret = Secret(b"hunter2")

    assert f"Login(user='u', password={SHOWN})" == repr(Login("u", secret))
    assert f"[{SHOWN}]" == str([secret])
    assert f"Refused {SHOWN}." == str(Fault("Refused {secret}.", secret=secret))


def test_a_format_that_would_reach_for_the_octets_is_refused() -> None:
    with pytest.raises(TypeError):
        format(Secret(b"hunter2"), "s")


def test_it_is_revealed_to_whoever_asks_by_name() -> None:
    assert b"hunter2" == Secret(b"hunter2").reveal()


def test_equal_octets_are_equal_secrets() -> None:
    assert Secret(b"a") == Secret(b"a")
    assert Secret(b"a") != Secret(b"b")


def test_a_secret_cannot_be_changed() -> None:
    secret = Secret(b"a")

    for name in ("_octets", "octets"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(secret, name, b"b")
