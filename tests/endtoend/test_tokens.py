"""Tokens on the real server: from the line on the wire to whoever knows about the token."""

import base64
import json
import time
from collections.abc import Iterator

import pytest

from tests.accounts.signed import signer
from tests.endtoend.plain_client import connected
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving
from tests.net.web import Web, serving

ISSUER = "https://id.example.org"
pytestmark = pytest.mark.slow


def configure(office: PostOffice, **settings: str) -> None:
    path = office.folder / "pillarbox.toml"
    text = path.read_text("utf-8")
    for name, value in settings.items():
        old = f'{name} = ""'
        assert old in text
        text = text.replace(old, f"{name} = {json.dumps(value)}")
    path.write_text(text, "utf-8")


def xoauth2(token: bytes, name: str = ACCOUNT) -> str:
    said = f"user={name}\x01auth=Bearer {token.decode()}\x01\x01"
    return "AUTH XOAUTH2 " + base64.b64encode(said.encode()).decode()


def oauthbearer(token: bytes) -> str:
    said = f"n,,\x01auth=Bearer {token.decode()}\x01\x01"
    return "AUTH OAUTHBEARER " + base64.b64encode(said.encode()).decode()


def outcome(server: Serving, line: str) -> str:
    """Return the reply to a whole login, after the dummy answer to a complaint."""
    with connected(server.ports["pop3s"], server.authority) as client:
        reply = client.ask(line)
        if reply.startswith(b"+ "):
            reply = client.ask("AQ==")
        return reply.decode()


def token_of(account: str, seconds: int = 3_600) -> bytes:
    claims = {"iss": ISSUER, "aud": "pillarbox", "exp": int(time.time()) + seconds}
    return signer("ES256").token(claims | {"email": f"{account}@example.org"})


def test_a_signed_token_opens_its_own_maildrop_and_no_other(office: PostOffice) -> None:
    office.add_account("other")
    (office.folder / "jwks.json").write_text(json.dumps({"keys": [signer("ES256").jwk]}))
    configure(
        office,
        jwks_file="jwks.json",
        issuer=ISSUER,
        audience="pillarbox",
        domain="example.org",
    )
    good, expired = token_of(ACCOUNT), token_of(ACCOUNT, -3_600)

    with office.serving() as server:
        taken = [outcome(server, line) for line in (xoauth2(good), oauthbearer(good))]
        lines = (xoauth2(good, "other"), xoauth2(token_of("nobody")), oauthbearer(expired))
        refused = [outcome(server, line) for line in lines]

    assert ["+OK", "+OK"] == [reply.split()[0] for reply in taken]
    assert [refused[0]] * 3 == refused
    assert refused[0].startswith("-ERR [AUTH] ")
    log = office.folder.with_name(office.folder.name + ".log").read_bytes()
    assert good.split(b".")[2] not in log


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as web:
        yield web


def test_an_authorization_server_that_fails_makes_nobody_wrong(
    office: PostOffice, web: Web
) -> None:
    (office.folder / "secret").write_bytes(b"hush\n")
    configure(
        office,
        introspection_url=web.url(),
        client_id="pillarbox",
        client_secret_file="secret",
        domain="example.org",
    )
    active = json.dumps({"active": True, "email": f"{ACCOUNT}@example.org"}).encode()

    with office.serving() as server:
        replies = []
        for answer in ((active, "200 OK"), (b'{"active": false}', "200 OK"), (b"", "503 Busy")):
            web.say(*answer)
            replies.append(outcome(server, xoauth2(b"canary-37")))

    codes = [" ".join(reply.split()[:2]) for reply in replies[1:]]
    assert replies[0].startswith("+OK ")
    assert ["-ERR [AUTH]", "-ERR [SYS/TEMP]"] == codes
    log = office.folder.with_name(office.folder.name + ".log").read_bytes()
    assert b"canary" not in log
