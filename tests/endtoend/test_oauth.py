"""A remote that takes tokens: authorised, collected from, renewed, and ended.

Our own server is the remote, and asks the authorization server about each token.
"""

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pillarbox.collector.outcome import Outcome
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving, open_office
from tests.endtoend.test_tokens import configure
from tests.peers.authorization_server import CLIENT_ID, SCOPE, Client, State, authorizing
from tests.peers.fetch import Tls
from tests.peers.program import Done, Process

MESSAGE = b"Subject: one\r\n\r\nonly the owner of the token may have it\r\n"
CLIENT_SECRET = "canary of an application"
CODE = re.compile(rb"^([B-Z]{4}-[B-Z]{4})\n", re.MULTILINE)
URL = re.compile(rb"^(http\S+)\n", re.MULTILINE)
pytestmark = pytest.mark.slow


@pytest.fixture
def there() -> Iterator[State]:
    with authorizing() as state:
        yield state


@pytest.fixture
def remote(office: PostOffice, there: State, tmp_path: Path) -> Iterator[Serving]:
    """Serve a message to whoever brings a token."""
    (tmp_path / "one.eml").write_bytes(MESSAGE)
    office.do("deliver", ACCOUNT, tmp_path / "one.eml")
    (office.folder / "secret").write_bytes(b"hush\n")
    configure(
        office,
        introspection_url=f"{there.url}/introspect",
        client_id="the-mail-server",
        client_secret_file="secret",
        domain="example.org",
    )
    with office.serving() as serving:
        yield serving


@pytest.fixture
def ours(tmp_path: Path, remote: Serving) -> PostOffice:
    """Give the home that is collected into, with a remote that nobody has authorised yet."""
    ours = open_office(tmp_path / "ours")
    server = remote.as_peer(Tls.IMPLICIT)
    ours.do(
        *("remote", "add", "there", "--server", f"{server.host}:{server.port}"),
        *("--user", ACCOUNT, "--account", ACCOUNT, "--ca", server.authority),
        *("--auth", "XOAUTH2"),
    )
    return ours


def authorize(ours: PostOffice, there: State, *more: str) -> list[str]:
    return ours.command(
        *("remote", "authorize", "there", "--client-id", CLIENT_ID, "--scope", SCOPE),
        *("--token-endpoint", f"{there.url}/token"),
        *more,
    )


def by_device(ours: PostOffice, there: State, tmp_path: Path, *, agreed: bool = True) -> int:
    """Authorise by a code, which somebody agrees to; return the exit code."""
    output = tmp_path / "authorize.log"
    output.unlink(missing_ok=True)
    command = authorize(ours, there, "--device-endpoint", f"{there.url}/device")
    with Process(command, env=ours.environment, output=output) as process:
        process.wait_until(lambda: CODE.search(output.read_bytes()) is not None)
        [code] = CODE.findall(output.read_bytes())
        there.decided[code.decode()] = agreed
        return process.wait()


def by_browser(ours: PostOffice, there: State, tmp_path: Path, *more: str) -> int:
    """Authorise through a browser, which the test is; return the exit code."""
    output = tmp_path / "authorize.log"
    output.unlink(missing_ok=True)
    command = authorize(ours, there, "--authorization-endpoint", f"{there.url}/authorize", *more)
    with Process(command, env=ours.environment, output=output) as process:
        process.wait_until(lambda: URL.search(output.read_bytes()) is not None)
        [url] = URL.findall(output.read_bytes())
        follow(follow(url.decode()) or "")
        return process.wait()


def follow(url: str) -> str | None:
    """Ask for a page, and return where it sends the browser."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request("GET", f"{parts.path}?{parts.query}")
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.getheader("Location")


def collect(ours: PostOffice) -> Done:
    return ours.attempt("collect", "there", "--json")


def secrets_of(there: State) -> set[bytes]:
    tokens = [(each.access_token, each.refresh_token or "") for each in there.issued]
    return {text.encode() for pair in tokens for text in pair} | {CLIENT_SECRET.encode()}


def require_unseen(there: State, home: Path, *said: bytes) -> None:
    """No secret is in what was said, nor in any file of the home, nor in any log beside it."""
    files = [*home.rglob("*"), *home.parent.glob("*.log")]  # of the server and of the command too
    places = [*said, *(path.read_bytes() for path in files if path.is_file())]

    assert [] == [secret for secret in secrets_of(there) for place in places if secret in place]


def test_what_nobody_has_authorised_is_not_asked_for_mail(ours: PostOffice, there: State) -> None:
    done = collect(ours)

    assert Outcome.AUTHENTICATION == done.code
    assert b"pillarbox remote authorize there" in done.err
    assert [] == there.asked


def test_a_code_typed_elsewhere_gives_tokens_that_collect(
    ours: PostOffice, there: State, tmp_path: Path
) -> None:
    assert 0 == by_device(ours, there, tmp_path)

    done = collect(ours)

    assert Outcome.MAIL == done.code, done.err
    assert 1 == json.loads(done.out)[0]["collected"]
    assert ["oauth"] == [row["secret_kind"] for row in ours.answer("remote", "list")]
    require_unseen(
        there, ours.folder, done.out, done.err, (tmp_path / "authorize.log").read_bytes()
    )


def test_who_does_not_agree_gives_nothing(ours: PostOffice, there: State, tmp_path: Path) -> None:
    assert 0 != by_device(ours, there, tmp_path, agreed=False)

    assert b"127.0.0.1 refuses: access_denied." in (tmp_path / "authorize.log").read_bytes()
    assert Outcome.AUTHENTICATION == collect(ours).code


def test_the_browser_gives_tokens_with_a_secret_that_is_in_no_argument(
    ours: PostOffice, there: State, tmp_path: Path
) -> None:
    there.client = Client(CLIENT_SECRET)
    path = tmp_path / "client-secret"
    path.write_text(CLIENT_SECRET + "\n")

    assert 0 == by_browser(ours, there, tmp_path, "--client-secret-file", str(path))

    done = collect(ours)
    assert Outcome.MAIL == done.code, done.err
    [asked] = [query for place, query in there.asked if place == "/authorize"]
    assert ("S256", "code") == (asked["code_challenge_method"], asked["response_type"])
    require_unseen(there, ours.folder, done.out, done.err)


def test_a_token_that_has_run_out_is_renewed_and_the_refresh_token_with_it(
    ours: PostOffice, there: State, tmp_path: Path
) -> None:
    there.expires_in = 60  # within the margin: to be renewed at each login
    assert 0 == by_device(ours, there, tmp_path)

    codes = [collect(ours).code for _ in range(3)]

    assert [Outcome.MAIL, Outcome.NONE, Outcome.NONE] == codes
    assert ["refresh_token"] * 3 == there.grants[-3:]
    assert [True] * 3 + [False] == [each.is_used for each in there.issued]


def test_what_is_taken_back_is_told_once_and_not_asked_for_again(
    ours: PostOffice, there: State, tmp_path: Path
) -> None:
    there.expires_in = 60
    assert 0 == by_device(ours, there, tmp_path)
    there.revoke()

    done = [collect(ours), collect(ours)]

    assert [Outcome.AUTHENTICATION] * 2 == [each.code for each in done]
    assert 1 == there.grants.count("refresh_token")
    alerts = ours.answer("alert", "list")
    assert ["authorisation-ended"] == [each["kind"] for each in alerts]
    assert [{"remote": "there", "why": "invalid_grant"}] == [each["facts"] for each in alerts]
    require_unseen(there, ours.folder, *(each.out + each.err for each in done))


def test_who_authorises_again_need_not_say_where(
    ours: PostOffice, there: State, tmp_path: Path
) -> None:
    there.expires_in = 60
    assert 0 == by_device(ours, there, tmp_path)
    there.revoke()
    collect(ours)

    code = by_device(ours, there, tmp_path)

    assert 0 == code
    assert Outcome.MAIL == collect(ours).code


def test_an_authorization_server_that_fails_ends_nothing(
    ours: PostOffice, there: State, tmp_path: Path
) -> None:
    there.expires_in = 60
    assert 0 == by_device(ours, there, tmp_path)
    there.is_failing = True
    done = collect(ours)

    there.is_failing = False

    assert Outcome.SOCKET == done.code
    assert b"cannot be renewed now" in done.err
    assert [] == ours.answer("alert", "list")
    assert Outcome.MAIL == collect(ours).code


def test_a_token_that_is_refused_before_its_time_is_renewed_once(
    ours: PostOffice, there: State, tmp_path: Path
) -> None:
    assert 0 == by_device(ours, there, tmp_path)
    there.revoke_access()

    done = collect(ours)

    assert Outcome.MAIL == done.code, done.err
    assert 1 == there.grants.count("refresh_token")
