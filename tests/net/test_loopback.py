"""Hosts that are this machine, and hosts that only look so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.net.loopback import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "::1", "localhost", "LocalHost"])
def test_a_loopback_address_and_localhost_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "128.0.0.1", "127.1", "[::1]", "localhost.example", "127.0.0.1.example"],
)
def test_any_other_host_is_not(host: str) -> None:
    assert not is_loopback(host)


@given(st.text())
def test_no_text_makes_it_raise(host: str) -> None:
    assert is_loopback(host) in {True, False}
