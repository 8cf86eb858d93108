"""What a server does whose operator has said nothing: RFC 5034, section 4; RFC 8314, section 4."""

from pillarbox.app.settings import Configuration
from pillarbox.server.site import Site
from tests.rfc.session import ask, begin, capabilities

REVEALING = {b"PLAIN", b"LOGIN", b"XOAUTH2", b"OAUTHBEARER"}


def test_passwords_are_taken_over_tls_only_unless_the_operator_says_otherwise() -> None:
    core = begin("no certificate")
    announced = capabilities(core)

    assert not Configuration().auth.allow_plaintext_auth_without_tls
    assert not Site().allow_plaintext_auth_without_tls
    assert b"USER" not in announced
    assert not REVEALING & set(announced[b"SASL"].split())
    for command in (b"USER mrose", b"AUTH PLAIN", b"AUTH LOGIN"):
        assert ask(core, command + b"\r\n")[0].startswith(b"-ERR ")
