"""Restrictions: hours over midnight, networks of both families, protocols."""

import contextlib
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.restrictions import (
    DAY_MINUTES,
    Restrictions,
    hours_of,
    is_within,
    network_of,
    read_hours,
    read_networks,
    read_protocols,
)
from pillarbox.base.errors import OperatorFault

MINUTES = st.integers(0, DAY_MINUTES - 1)


def clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def walked(first: int, end: int) -> set[int]:
    """Return the minutes from one to another, counted one by one."""
    minutes = set()
    while first != end % DAY_MINUTES:
        minutes.add(first)
        first = (first + 1) % DAY_MINUTES
    return minutes


@given(MINUTES, st.integers(0, DAY_MINUTES))
def test_hours_are_the_minutes_from_the_first_up_to_the_end(first: int, end: int) -> None:
    text = f"{clock_time(first)}-{clock_time(end)}"
    if first == end:
        with pytest.raises(OperatorFault, match="are no hours"):
            read_hours(text)
        return
    hours = hours_of(read_hours(text))

    # From 00:00 to 24:00 is all day, where one who walks has arrived before he sets out.
    expected = walked(first, end) or set(range(DAY_MINUTES))

    assert expected == {minute for minute in range(DAY_MINUTES) if hours.has(minute)}


@given(st.text(max_size=12))
def test_hours_are_hours_or_refused(text: str) -> None:
    with contextlib.suppress(OperatorFault):
        hours = hours_of(read_hours(text))

        assert 0 <= hours.first < DAY_MINUTES
        assert 0 <= hours.end <= DAY_MINUTES


@pytest.mark.parametrize("text", ["", "8:00-18:00", "08:00-24:01", "24:00-08:00", "٠٨:٠٠-18:00"])
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(OperatorFault, match="are no hours"):
        read_hours(text)


@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_in_a_network_where_the_prefix_is_the_same(
    network: int, prefix: int, address: int
) -> None:
    host_bits = 32 - prefix
    first = network >> host_bits << host_bits
    kept = read_networks([f"{IPv4Address(first)}/{prefix}"])
    expected = address >> host_bits == network >> host_bits

    assert expected == is_within(str(IPv4Address(address)), kept)
    assert expected == is_within(f"::ffff:{IPv4Address(address)}", kept)


@given(st.integers(0, 2**128 - 1), st.integers(0, 128), st.integers(0, 2**128 - 1))
def test_an_ipv6_address_is_in_a_network_where_the_prefix_is_the_same(
    network: int, prefix: int, address: int
) -> None:
    host_bits = 128 - prefix
    first = network >> host_bits << host_bits
    source = IPv6Address(address)
    is_mapped = source.ipv4_mapped is not None or IPv6Address(first).ipv4_mapped is not None
    kept = read_networks([f"{IPv6Address(first)}/{prefix}"])

    assert is_mapped or (address >> host_bits == network >> host_bits) == is_within(
        str(source), kept
    )


@pytest.mark.parametrize("source", ["unix", "", "/run/socket", "client", "127.0.0.1:110"])
def test_what_is_no_address_is_in_no_network(source: str) -> None:
    assert not is_within(source, "0.0.0.0/0 ::/0")
    assert network_of(source) is None


def test_networks_are_kept_in_one_spelling_and_once() -> None:
    words = ["192.0.2.7", "2001:DB8:0::/48", "192.0.2.7/32", "::ffff:198.51.100.0/120"]

    assert "192.0.2.7/32 2001:db8::/48 198.51.100.0/24" == read_networks(words)


@pytest.mark.parametrize("text", ["192.0.2.1/24", "192.0.2.0/33", "home", "", "2001:db8::1/48"])
def test_what_is_no_network_is_refused_and_named(text: str) -> None:
    with pytest.raises(OperatorFault, match="is no network") as caught:
        read_networks(["192.0.2.0/24", text])

    assert repr(text) in str(caught.value)


def test_protocols_are_kept_in_one_spelling() -> None:
    assert "pop3 pop2" == read_protocols(["POP2", "pop3", "pop2"])
    with pytest.raises(OperatorFault, match="'imap' is no protocol"):
        read_protocols(["pop3", "imap"])


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
    ],
)
def test_a_network_is_what_one_site_is_given(source: str, network: str) -> None:
    assert network == network_of(source)


@pytest.mark.parametrize(
    ("restrictions", "why"),
    [
        (Restrictions(), None),
        (Restrictions("pop3", "192.0.2.0/24", "08:00-18:00"), None),
        (Restrictions("pop2 pop1", "198.51.100.0/24", "20:00-06:00"), "protocol"),
        (Restrictions("pop3", "198.51.100.0/24", "20:00-06:00"), "network"),
        (Restrictions("pop3", "192.0.2.0/24", "20:00-06:00"), "hours"),
    ],
)
def test_the_first_restriction_that_is_not_met_is_why(
    restrictions: Restrictions, why: str | None
) -> None:
    assert why == restrictions.refusal("pop3", "192.0.2.7", 12 * 60)
