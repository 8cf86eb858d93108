"""Which refusals carry AUTH: RFC 3206, sections 5 and 6."""

import base64

import pytest

from pillarbox.base.errors import Fault, OperatorFault, StoreFault
from pillarbox.base.secret import Secret
from pillarbox.sasl.exchange import Refusal
from pillarbox.server.effects import Closed
from pillarbox.server.refusals import REFUSALS
from pillarbox.wire.pop3.replies import Code
from tests.rfc.session import ask, begin
from tests.server.rig import LOGIN, Rig, Talk, converse


def plain(name: bytes, password: bytes) -> bytes:
    return b"AUTH PLAIN " + base64.b64encode(b"\0" + name + b"\0" + password) + b"\r\n"


@pytest.mark.parametrize(
    ("name", "password"), [(b"mrose", b"wrong"), (b"nobody", b"correct horse")]
)
def test_a_wrong_name_and_a_wrong_password_have_the_code_auth(name: bytes, password: bytes) -> None:
    core = begin()
    refusal = [b"-ERR [AUTH] Name or password not accepted."]

    assert [b"+OK"] == ask(core, b"USER " + name + b"\r\n")
    assert refusal == ask(core, b"PASS " + password + b"\r\n")
    assert refusal == ask(core, plain(name, password))


def test_a_refusal_for_the_credentials_sake_has_the_code_auth_and_no_other_has() -> None:
    codes = {why: code for why, (_, code) in REFUSALS.items()}

    found = {why for why, code in codes.items() if code is Code.AUTH}
    assert {Refusal.NOT_ACCEPTED, Closed.NOT_ACCEPTED} == found


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OperatorFault("The master key is missing."), b"[SYS/PERM]"),
        (StoreFault("Input/output error."), b"[SYS/TEMP]"),
    ],
)
def test_what_somebody_must_mend_is_told_from_what_passes_by_itself(
    fault: Fault, code: bytes
) -> None:
    heard: list[bytes] = []

    def fail(_name: str, _password: Secret) -> None:
        raise fault

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        heard.append(await talk.ask(LOGIN, b".\r\n"))

    converse(Rig(try_password=fail), talk)

    assert heard[0].startswith(b"+OK\r\n-ERR " + code + b" ")
