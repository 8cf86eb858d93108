"""Every provider is whole, safe, and says where its settings are written."""

import pytest

from pillarbox.accounts.oauth.providers import Provider, provider_of, providers
from pillarbox.accounts.remote_settings import Protocol
from pillarbox.net.post_form import is_safe_url
from pillarbox.sasl.facts import TOKENS

EACH = pytest.mark.parametrize("provider", providers().values(), ids=providers().keys())


@EACH
def test_every_address_is_https(provider: Provider) -> None:
    urls = [provider.authorization_endpoint, provider.token_endpoint, provider.device_endpoint]

    assert [] == [
        url
        for url in (*urls, *provider.sources)
        if url and not (url.startswith("https://") and is_safe_url(url.replace("{tenant}", "x")))
    ]


@EACH
def test_every_provider_says_where_that_is_written_and_what_carries_its_tokens(
    provider: Provider,
) -> None:
    assert provider.sources
    assert provider.note
    assert provider.mechanism in TOKENS
    assert provider.redirect_host in {"127.0.0.1", "localhost"}
    assert ("{tenant}" in provider.token_endpoint) is (provider.tenant is not None)


def test_each_protocol_has_its_own_scope() -> None:
    microsoft = providers()["microsoft"]

    assert "POP.AccessAsUser.All" in microsoft.scope(Protocol.POP3)
    assert "IMAP.AccessAsUser.All" in microsoft.scope(Protocol.IMAP)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("pop.gmail.com", "google"),
        ("Outlook.Office365.com.", "microsoft"),
        ("pop.example.org", None),
        ("pop.gmail.com.example.org", None),
    ],
)
def test_a_host_names_its_provider(host: str, name: str | None) -> None:
    assert name == provider_of(host)


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        ("gmail", "google"),
        ("outlook", "microsoft"),
        ("microsoft365", "microsoft"),
        ("yahoo", "yahoo"),
        ("fastmail", "fastmail"),
    ],
)
def test_what_remote_add_calls_a_provider_names_it_too(preset: str, name: str) -> None:
    assert providers()[name] == providers()[preset]


def test_a_mail_provider_without_tokens_names_none() -> None:
    assert "nifty" not in providers()
