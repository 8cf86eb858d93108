"""How many connections there may be, and who counts as one source."""

import pytest

from pillarbox.server.limits import Connections, Limits, source_of


@pytest.mark.parametrize(
    ("peer", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_a_source_is_an_address_or_a_network_of_64_bits(peer: str, source: str) -> None:
    assert source == source_of(peer)


def test_there_is_a_most_in_all() -> None:
    connections = Connections(Limits(connections=2))

    assert connections.enter("192.0.2.1")
    assert connections.enter("192.0.2.2")
    assert not connections.enter("192.0.2.3")

    connections.leave("192.0.2.1", was_admitted=False)

    assert connections.enter("192.0.2.3")


def test_there_is_a_most_for_each_source() -> None:
    connections = Connections(Limits(per_source=1))

    assert connections.enter("2001:db8::1")
    assert not connections.enter("2001:db8::2")
    assert connections.enter("2001:db8:0:1::1")


def test_who_has_logged_in_leaves_room_for_another_who_has_not() -> None:
    connections = Connections(Limits(per_source=3, per_source_unauthenticated=1))

    assert connections.enter("192.0.2.1")
    assert not connections.enter("192.0.2.1")

    connections.admit("192.0.2.1")

    assert connections.enter("192.0.2.1")

    connections.leave("192.0.2.1", was_admitted=True)

    assert not connections.enter("192.0.2.1")


def test_nothing_is_remembered_of_those_who_are_gone() -> None:
    connections = Connections(Limits())
    for number in range(100):
        peer = f"192.0.2.{number}"
        connections.enter(peer)
        connections.enter(peer)
        connections.admit(peer)
        connections.leave(peer, was_admitted=True)
        connections.leave(peer, was_admitted=False)

    assert (0, {}, {}) == (
        connections._count,
        connections._by_source,
        connections._before_login,
    )
