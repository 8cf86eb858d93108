"""What must differ at each connection."""

import re

import pytest

from pillarbox.sasl.apop import find_timestamp
from pillarbox.server.chance import new_nonce, new_timestamp


def test_no_nonce_comes_twice_and_each_is_long_enough() -> None:
    nonces = {new_nonce() for _ in range(1000)}

    assert len(nonces) == 1000
    assert all(re.fullmatch("[a-z0-9]{24,}", nonce) for nonce in nonces)


@pytest.mark.parametrize("hostname", ["mail.example.org", "::1", "post_office", "例え.jp", "<>"])
def test_a_timestamp_is_a_message_id_of_plain_characters(hostname: str) -> None:
    timestamp = new_timestamp(hostname)

    assert re.fullmatch("<[A-Za-z0-9.-]+@[A-Za-z0-9.-]+>", timestamp)
    assert timestamp != new_timestamp(hostname)


def test_our_own_client_answers_our_own_timestamp() -> None:
    timestamp = new_timestamp("mail.example.org")

    assert timestamp.encode() == find_timestamp(f"+OK Pillarbox ready. {timestamp}".encode())
