"""The timestamp of the greeting: RFC 1939, section 7, APOP; RFC 2449, sections 3 and 6."""

import re

import pytest

from pillarbox.sasl.apop import find_timestamp, is_timestamp
from pillarbox.server.chance import new_timestamp
from tests.rfc.session import begin, capabilities

MESSAGE_ID = re.compile(rb"<[A-Za-z0-9.-]+@[A-Za-z0-9.-]+>")


@pytest.mark.parametrize("apop", [False, True])
def test_a_greeting_has_angle_brackets_just_where_apop_is_offered(apop: bool) -> None:
    greeting = begin(apop=apop).greeting

    assert apop == bool(MESSAGE_ID.search(greeting))
    assert (greeting.count(b"<"), greeting.count(b">")) == (apop, apop)


@pytest.mark.parametrize(
    "hostname", ["localhost", "pop.example.org", "a_b.example", "::1", "x" * 200]
)
def test_the_timestamp_of_a_greeting_is_a_message_id(hostname: str) -> None:
    timestamp = new_timestamp(hostname).encode()

    assert MESSAGE_ID.fullmatch(timestamp)
    assert is_timestamp(timestamp)


def test_no_two_greetings_have_the_same_timestamp() -> None:
    timestamps = {find_timestamp(begin(apop=True).greeting) for _ in range(50)}

    assert None not in timestamps
    assert len(timestamps) == 50


def test_apop_is_announced_in_the_greeting_alone() -> None:
    assert b"APOP" not in capabilities(begin(apop=True))
