"""Providers: each has a source, and what it says can be used."""

import re
from pathlib import Path

import pytest

from pillarbox.accounts.providers import PROVIDERS, Provider
from pillarbox.accounts.remote_settings import Protocol
from pillarbox.sasl.client import CLIENTS

EACH = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)


@EACH
def test_a_provider_has_a_source(provider: Provider) -> None:
    assert re.fullmatch(r"https?://\S+", provider.source)


@EACH
def test_a_provider_is_reached_by_tls_from_the_first_octet(provider: Provider) -> None:
    assert {Protocol.POP3: 995, Protocol.IMAP: 993}[provider.protocol] == provider.port


@EACH
def test_a_providers_mechanism_is_one_of_ours(provider: Provider) -> None:
    assert provider.mechanism is None or provider.mechanism in CLIENTS


def test_providers_are_listed_by_name() -> None:
    assert sorted(PROVIDERS) == list(PROVIDERS)


@pytest.mark.docs
@pytest.mark.parametrize("folder", ["howto", "howto/ja"])
def test_the_page_has_every_provider_with_its_server_and_its_source(folder: str) -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / folder / "collect-from-another-server.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \| `([^`]+)`[^|]*\| \[[^]]+\]\(([^)]+)\) \|$", page, re.MULTILINE
    )

    assert [(name, each.host, each.source) for name, each in PROVIDERS.items()] == rows
