"""A real Dovecot whose IMAP takes tokens, which it asks the authorization server about."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.collector.outcome import Outcome
from tests.endtoend.post_office import ACCOUNT, PostOffice, open_office
from tests.endtoend.test_oauth import by_device, collect, require_unseen
from tests.peers.authorization_server import State, authorizing
from tests.peers.dovecot import Dovecot, Options
from tests.peers.openssl import Certificate, make_certificate

USER = "mrose@example.org"  # as the authorization server calls him
MESSAGE = b"Subject: one\r\n\r\nonly the owner of the token may have it\r\n"
SETTINGS = """\
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}
"""
ASKING = """\
introspection_mode = post
introspection_url = {url}/introspect
active_attribute = active
active_value = true
username_attribute = email
"""
pytestmark = pytest.mark.slow


@pytest.fixture
def there() -> Iterator[State]:
    with authorizing() as state:
        yield state


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def dovecot(certificate: Certificate, there: State) -> Iterator[Dovecot]:
    options = Options(
        mechanisms=("plain", "xoauth2", "oauthbearer"), serves_imap=True, settings=SETTINGS
    )
    with Dovecot(certificate, options) as running:
        # Read at the first login.
        (running.folder / "oauth2.conf").write_text(ASKING.format(url=there.url), "ascii")
        running.deliver(USER, [MESSAGE])
        yield running


@pytest.fixture(params=["XOAUTH2", "OAUTHBEARER"])
def ours(
    request: pytest.FixtureRequest, tmp_path: Path, dovecot: Dovecot, certificate: Certificate
) -> PostOffice:
    """Give the home that is collected into, with a remote that nobody has authorised yet."""
    ours = open_office(tmp_path / "ours")
    ours.do(
        *("remote", "add", "there", "--server", f"localhost:{dovecot.imap_tls_port}"),
        *("--protocol", "imap", "--user", USER, "--account", ACCOUNT),
        *("--ca", certificate.authority.certificate, "--auth", request.param),
    )
    return ours


def test_tokens_collect_over_imap_and_are_shown_nowhere(
    ours: PostOffice, there: State, dovecot: Dovecot, tmp_path: Path
) -> None:
    assert 0 == by_device(ours, there, tmp_path)

    done = collect(ours)

    assert (Outcome.MAIL, b"") == (done.code, done.err), dovecot.log()
    assert 1 == json.loads(done.out)[0]["collected"]
    assert "/introspect" in [path for path, _ in there.asked]
    require_unseen(there, ours.folder, done.out, done.err)


def test_a_token_that_imap_refuses_before_its_time_is_renewed_once(
    ours: PostOffice, there: State, dovecot: Dovecot, tmp_path: Path
) -> None:
    assert 0 == by_device(ours, there, tmp_path)
    there.revoke_access()

    done = collect(ours)

    assert Outcome.MAIL == done.code, done.err + dovecot.log().encode()
    assert 1 == there.grants.count("refresh_token")
    require_unseen(there, ours.folder, done.out, done.err)


def test_what_is_taken_back_whole_is_told(ours: PostOffice, there: State, tmp_path: Path) -> None:
    assert 0 == by_device(ours, there, tmp_path)
    there.revoke()

    done = collect(ours)

    assert Outcome.AUTHENTICATION == done.code
    assert ["authorisation-ended"] == [each["kind"] for each in ours.answer("alert", "list")]
    require_unseen(there, ours.folder, done.out, done.err)
