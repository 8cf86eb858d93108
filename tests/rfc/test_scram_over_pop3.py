"""SCRAM in POP3's lines: RFC 5034, section 4; RFC 5802, section 5."""

import base64

import pytest

from pillarbox.base.secret import Secret
from pillarbox.sasl.client import CLIENTS, Login
from pillarbox.sasl.client import begin as begin_client
from pillarbox.server.chance import new_nonce
from tests.dialogues.core import END_POINT
from tests.rfc.session import ask, begin

SCRAMS = [name for name in CLIENTS if name.startswith("SCRAM-")]


@pytest.mark.parametrize("mechanism", SCRAMS)
@pytest.mark.parametrize("says_initial", [False, True])
def test_the_servers_signature_comes_in_a_challenge_of_its_own(
    mechanism: str, says_initial: bool
) -> None:
    core = begin()
    login = Login("mrose", Secret(b"correct horse"), new_nonce, END_POINT, server_offers_plus=True)
    client = begin_client(mechanism, login)
    initial = client.initial()
    assert initial is not None
    first = base64.b64encode(initial.reveal())
    auth = b"AUTH " + mechanism.encode()

    if says_initial:
        [line] = ask(core, auth + b" " + first + b"\r\n")
    else:
        assert [b"+ "] == ask(core, auth + b"\r\n")
        [line] = ask(core, first + b"\r\n")
    challenges, response = [], b""
    while line.startswith(b"+ "):
        challenges.append(base64.b64decode(line[2:], validate=True))
        response = client.respond(challenges[-1]).reveal()
        [line] = ask(core, base64.b64encode(response) + b"\r\n")
    client.succeeded()

    assert [b"r=", b"v="] == [challenge[:2] for challenge in challenges]
    assert (b"", b"+OK 2 messages") == (response, line)
