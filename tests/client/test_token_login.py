"""Logging in with a token: XOAUTH2 in two lines, as Microsoft wants it, and what a refusal says."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.base.errors import PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.faults import NotAcceptedFault, TryLaterFault
from pillarbox.client.server import Server, Tls
from pillarbox.client.token_reason import OCTETS, read_reason
from tests.client.fake_server import HOST, NAME, FakeServer, ca_file
from tests.client.sessions import run, without

TOKEN = b"ya29.canary"
MESSAGE = b64encode(b"user=mrose\x01auth=Bearer " + TOKEN + b"\x01\x01")
WHY = b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}'
OFFERS = (*without("SASL"), "SASL PLAIN XOAUTH2 OAUTHBEARER")


@pytest.fixture
def secure(tmp_path: Path) -> Server:
    return Server(HOST, 995, Tls.IMPLICIT, ca_file(tmp_path), timeout_seconds=20)


def log_in(fake: FakeServer, server: Server, mechanism: str) -> None:
    async def logged_in() -> None:
        connection = await connect(replace(server, mechanism=mechanism), fake.dial)
        await connection.login(NAME, Secret(TOKEN))

    run(logged_in())


def refusal(fake: FakeServer, server: Server, mechanism: str) -> PeerFault:
    with pytest.raises(PeerFault) as refused:
        log_in(fake, server, mechanism)
    assert TOKEN.decode() not in str(refused.value)
    return refused.value


def faking(**says: bytes) -> FakeServer:
    lines = {line.replace("_", " ").encode(): said for line, said in says.items()}
    return FakeServer(capabilities=OFFERS, is_implicit=True, says=lines)


def test_xoauth2_is_said_in_two_lines_however_short_the_token_is(secure: Server) -> None:
    fake = faking(AUTH_XOAUTH2=b"+ \r\n")
    fake.says[MESSAGE] = b"+OK in\r\n"

    log_in(fake, secure, "XOAUTH2")

    assert [b"CAPA", b"AUTH XOAUTH2", MESSAGE] == fake.heard[:3]


def test_a_plus_without_its_space_is_taken_too(secure: Server) -> None:
    fake = faking(AUTH_XOAUTH2=b"+\r\n")
    fake.says[MESSAGE] = b"+OK in\r\n"

    log_in(fake, secure, "XOAUTH2")

    assert MESSAGE in fake.heard


def test_the_reason_is_answered_with_an_empty_line_and_told_without_the_token(
    secure: Server,
) -> None:
    fake = faking(AUTH_XOAUTH2=b"+ \r\n")
    fake.says |= {MESSAGE: b"+ " + b64encode(WHY) + b"\r\n", b"": b"-ERR [AUTH] no\r\n"}

    fault = refusal(fake, secure, "XOAUTH2")

    assert isinstance(fault, NotAcceptedFault)
    assert "The server did not accept the token (401): no" == str(fault)
    assert b"" in fake.heard


def test_oauthbearer_is_said_on_one_line_and_answers_its_reason_with_its_own_dummy(
    secure: Server,
) -> None:
    why = b64encode(b'{"status":"invalid_token"}')
    fake = faking(AUTH=b"+ " + why + b"\r\n")
    fake.says[b64encode(b"\x01")] = b"-ERR [AUTH] no\r\n"

    fault = refusal(fake, secure, "OAUTHBEARER")

    assert "The server did not accept the token (invalid_token): no" == str(fault)
    assert fake.heard[1].startswith(b"AUTH OAUTHBEARER ")


def test_what_is_not_the_tokens_fault_is_not_called_so(secure: Server) -> None:
    fake = faking(AUTH_XOAUTH2=b"+ \r\n")
    fake.says |= {MESSAGE: b"+ " + b64encode(WHY) + b"\r\n", b"": b"-ERR [SYS/TEMP] later\r\n"}

    assert isinstance(refusal(fake, secure, "XOAUTH2"), TryLaterFault)


def test_a_reason_that_repeats_the_token_is_not_told(secure: Server) -> None:
    said = b'{"status":"' + TOKEN[5:] + b'"}'
    fake = faking(AUTH_XOAUTH2=b"+ \r\n")
    fake.says |= {MESSAGE: b"+ " + b64encode(said) + b"\r\n", b"": b"-ERR no\r\n"}

    assert "canary" not in str(refusal(fake, secure, "XOAUTH2"))


@pytest.mark.parametrize(
    "challenge",
    [b"", b"{", b"[]", b"{}", b'{"status":4}', b'{"status":"A b"}', b"[" * 2_000, b" " * OCTETS],
)
def test_what_says_no_status_says_no_reason(challenge: bytes) -> None:
    assert read_reason(challenge) is None
    assert read_reason(challenge.ljust(OCTETS + 1)) is None
