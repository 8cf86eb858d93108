"""OAUTHBEARER in a session: RFC 7628, section 3.2.2."""

import base64
import json

from tests.rfc.session import ask, begin


def auth(message: bytes) -> bytes:
    return b"AUTH OAUTHBEARER " + base64.b64encode(message) + b"\r\n"


def test_no_scope_is_told() -> None:
    core = begin(tokens=True)
    [line] = ask(core, auth(b"n,a=mrose,\x01auth=\x01\x01"))
    assert line.startswith(b"+ ")
    error = json.loads(base64.b64decode(line[2:], validate=True))

    assert {"status": "invalid_token"} == error
    assert [b"-ERR [AUTH] Name or password not accepted."] == ask(core, b"AQ==\r\n")
