"""Whose PROXY headers are believed."""

import re

import pytest

from pillarbox.server.trusted import trust

SITE = ("10.0.0.0/8", "127.0.0.1", "2001:db8::/32", "::1")


@pytest.mark.parametrize(
    "peer",
    ["10.1.2.3", "127.0.0.1", "2001:db8::7", "::1", "::ffff:10.1.2.3", "2001:db8::7%eth0"],
)
def test_an_address_in_a_trusted_network_is_trusted(peer: str) -> None:
    assert trust(SITE).holds(peer)


@pytest.mark.parametrize(
    "peer", ["11.0.0.1", "127.0.0.2", "2001:db9::1", "::2", "::ffff:11.0.0.1", "unix", ""]
)
def test_nobody_else_is_trusted(peer: str) -> None:
    assert not trust(SITE).holds(peer)


def test_a_unix_socket_is_trusted_where_that_is_said() -> None:
    assert trust(("unix:",)).holds("unix")
    assert not trust(("unix:",)).holds("127.0.0.1")


def test_nobody_is_trusted_where_nobody_is_named() -> None:
    assert not trust(()).holds("127.0.0.1")


@pytest.mark.parametrize(
    "text", ["", "localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0", "unix:/run/x", "[::1]"]
)
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text or "''")):
        trust((text,))
