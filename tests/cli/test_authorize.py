"""`pillarbox remote authorize`: what must be said, what is known, and where a secret comes from."""

import json
import shutil
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from pillarbox.accounts.oauth.grant import NOT_YET, Client, Grant, read_grant, refused, write_grant
from pillarbox.accounts.oauth.messages import Device
from pillarbox.accounts.remote_settings import Protocol, SecretKind
from pillarbox.accounts.remotes import ChangedFault
from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.app.remote_oauth import Authoriser, Browser, Wanted
from pillarbox.app.remote_secrets import another_secret, password_of
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.cli.main import cli
from pillarbox.cli.remote import authorize
from tests.homes import write_home
from tests.peers.authorization_server import CLIENT_ID, SCOPE, State, authorizing
from tests.peers.authorization_server import Client as Registered


def pillarbox(home: Path, *words: str, said: bytes = b"") -> Result:
    return CliRunner().invoke(cli, ["--home", str(home), *words], input=said)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_home(tmp_path / "home")


def add(home: Path, server: str = "mail.example.org", *more: str) -> Result:
    return pillarbox(
        home,
        *("remote", "add", "work", "--server", server, "--user", "mrose", "--account", "mrose"),
        *("--auth", "XOAUTH2", *more),
    )


def client_of(home: Path, **said: Any) -> Client:
    with opened(Home(home)) as system:
        return Authoriser(system, system.remotes.show("work"), Wanted(**said)).client()


def refusal(home: Path, **said: str) -> str:
    with pytest.raises(OperatorFault) as refused:
        client_of(home, **said)
    return str(refused.value)


def keep(system: System, client: Client) -> None:
    remote = system.remotes.show("work")
    system.remotes.keep_secret(remote, write_grant(Grant(client, Secret(b"token"))))


def test_a_remote_with_a_mechanism_for_tokens_asks_for_no_password(home: Path) -> None:
    added = add(home)

    assert 0 == added.exit_code
    assert 'Now "pillarbox remote authorize work" gets the tokens.' in added.stderr
    with opened(Home(home)) as system:
        assert SecretKind.OAUTH is system.remotes.show("work").settings.secret_kind


def state_of(home: Path) -> tuple[str, str | None]:
    fields = json.loads(pillarbox(home, "remote", "show", "work", "--json").stdout)
    return fields["state"], fields["mended_by"]


WAITS = ("unauthorised", "pillarbox remote authorize work")


def test_a_remote_says_that_it_waits_to_be_authorised_and_what_does_it(home: Path) -> None:
    add(home)

    listed = pillarbox(home, "remote", "list")

    assert WAITS == state_of(home)
    assert "\tunauthorised\t" in listed.stdout
    assert (
        "pillarbox: work: it waits until somebody authorises it:"
        ' "pillarbox remote authorize work".\n'
    ) == listed.stderr


def test_a_remote_says_that_it_waits_where_its_authorisation_has_ended(home: Path) -> None:
    add(home)
    client = Client("id", "https://auth.example/token", SCOPE, "XOAUTH2")
    with opened(Home(home)) as system:
        keep(system, client)
    before = state_of(home)
    with opened(Home(home)) as system:
        ended = refused(Grant(client, Secret(b"token")), "invalid_grant")
        system.remotes.keep_secret(system.remotes.show("work"), write_grant(ended))

    assert ("active", None) == before
    assert WAITS == state_of(home)


def test_a_remote_that_is_paused_waits_for_nothing_else(home: Path) -> None:
    add(home)
    pillarbox(home, "remote", "pause", "work")

    assert ("paused", None) == state_of(home)


def test_remotes_are_shown_without_the_master_key_too(home: Path) -> None:
    add(home)
    shutil.rmtree(home / "keys")

    assert ("active", None) == state_of(home)


@pytest.mark.parametrize(
    "words", [["--open"], ["--port", "8914"], ["--redirect-host", "localhost"]]
)
def test_a_code_that_is_typed_elsewhere_takes_nothing_of_a_browser(
    home: Path, words: list[str]
) -> None:
    add(home)

    refused = pillarbox(home, "remote", "authorize", "work", "--by", "device", *words)

    assert 2 == refused.exit_code
    assert "are for --by browser." in refused.stderr


def test_a_token_may_still_be_given_as_it_is(home: Path) -> None:
    assert (
        0
        == pillarbox(
            home,
            *("remote", "add", "work", "--server", "a", "--user", "u", "--account", "mrose"),
            *("--auth", "XOAUTH2", "--password-stdin"),
            said=b"token\n",
        ).exit_code
    )

    with opened(Home(home)) as system:
        remote = system.remotes.show("work")
        assert Secret(b"token") == password_of(system, remote)
        assert another_secret(system, remote, Secret(b"token")) is None


@pytest.mark.parametrize(
    ("server", "protocol", "scope", "mechanism"),
    [
        ("pop.gmail.com", Protocol.POP3, "https://mail.google.com/", "XOAUTH2"),
        (
            "outlook.office365.com",
            Protocol.IMAP,
            "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
            "XOAUTH2",
        ),
    ],
)
def test_a_provider_is_known_by_the_remotes_host(
    *, home: Path, server: str, protocol: Protocol, scope: str, mechanism: str
) -> None:
    add(home, server, "--protocol", protocol.value)

    client = client_of(home, client_id="mine")

    assert ("mine", scope, mechanism) == (client.client_id, client.scope, client.mechanism)


def test_microsoft_has_tenants_and_others_have_none(home: Path) -> None:
    add(home, "outlook.office365.com")

    client = client_of(home, client_id="mine", tenant="consumers")

    assert "https://login.microsoftonline.com/consumers/oauth2/v2.0/token" == client.token_endpoint
    assert "is no tenant" in refusal(home, client_id="mine", tenant="a/../b")
    assert "has no tenants" in refusal(home, client_id="mine", provider="google", tenant="a")


def test_what_is_not_said_and_not_known_is_asked_for(home: Path) -> None:
    add(home)

    assert "Say --client-id" in refusal(home)
    assert "Say --provider, or --token-endpoint and --scope." == refusal(home, client_id="mine")
    assert "Say --device-endpoint or --authorization-endpoint too." == refusal(
        home, client_id="mine", scope="mail", token_endpoint="https://there.example/token"
    )


def test_who_authorises_again_says_only_what_is_another(home: Path) -> None:
    add(home)
    before = Client("mine", "https://id.example.org/token", "mail", "OAUTHBEARER")
    with opened(Home(home)) as system:
        keep(system, before)

    assert "mine" == client_of(home).client_id
    assert "mail2" == client_of(home, scope="mail2").scope
    assert "https://id.example.org/token" == client_of(home, client_id="b").token_endpoint
    assert "XOAUTH2" == client_of(home).mechanism  # the remote's own


def test_the_secret_of_the_application_comes_from_one_place(home: Path, tmp_path: Path) -> None:
    add(home)
    path = tmp_path / "secret"
    path.write_text("canary\n")

    done = pillarbox(
        home,
        *("remote", "authorize", "work", "--client-secret-stdin"),
        *("--client-secret-file", str(path)),
    )

    assert 2 == done.exit_code
    assert "not both" in done.stderr


def test_a_code_is_shown_and_the_remote_answered_in_json(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home)
    show = authorize._show_device

    def agree_to(device: Device) -> None:
        there.decided[device.user_code] = True
        show(device)

    with authorizing(client=Registered("canary")) as there:
        monkeypatch.setattr(authorize, "_show_device", agree_to)
        done = pillarbox(
            home,
            *("remote", "authorize", "work", "--client-id", CLIENT_ID, "--scope", SCOPE),
            *("--token-endpoint", f"{there.url}/token", "--device-endpoint", f"{there.url}/device"),
            *("--client-secret-stdin", "--json"),
            said=b"canary\n",
        )

    assert 0 == done.exit_code, done.stderr
    assert f"Go to {there.url}/activate with any browser, and type this code:" in done.stderr
    assert "oauth" == json.loads(done.stdout)["secret_kind"]
    assert "canary" not in done.output
    assert "canary" in there.asked[0][1].values()
    with opened(Home(home)) as system:
        grant = read_grant(system.remotes.password(system.remotes.show("work")))
    assert grant is not None
    assert Secret(b"canary") == grant.client.client_secret


def agree(url: str) -> None:
    """Be a browser, and the person before it."""
    for _ in range(2):
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        connection.request("GET", f"{parts.path}?{parts.query}")
        url = connection.getresponse().getheader("Location") or ""
        connection.close()


def through_browser(home: Path, there: State, browser: Browser) -> list[str]:
    """Authorise through the browser; return the addresses that were shown."""
    shown: list[str] = []
    wanted = Wanted(
        client_id=CLIENT_ID,
        scope=SCOPE,
        token_endpoint=f"{there.url}/token",
        authorization_endpoint=f"{there.url}/authorize",
    )

    def show(url: str) -> None:
        shown.append(url)
        agree(url)

    with opened(Home(home)) as system:
        Authoriser(system, system.remotes.show("work"), wanted).by_browser(browser, show)
    return shown


def test_the_browser_comes_back_under_the_name_that_is_registered(home: Path) -> None:
    add(home)

    with authorizing() as there:
        shown = through_browser(home, there, Browser(text="done", host="localhost"))

    [redirect] = parse_qs(urlsplit(shown[0]).query)["redirect_uri"]
    assert redirect.startswith("http://localhost:")
    with opened(Home(home)) as system:
        assert password_of(system, system.remotes.show("work")).reveal()


def test_what_was_agreed_to_for_one_server_is_not_kept_for_another(home: Path) -> None:
    add(home)

    with authorizing() as there, opened(Home(home)) as system:
        wanted = Wanted(
            client_id=CLIENT_ID,
            scope=SCOPE,
            token_endpoint=f"{there.url}/token",
            device_endpoint=f"{there.url}/device",
        )

        def agree_late(device: Device) -> None:
            pillarbox(home, "remote", "edit", "work", "--server", "elsewhere.example.org")
            there.decided[device.user_code] = True

        with pytest.raises(ChangedFault):
            Authoriser(system, system.remotes.show("work"), wanted).by_device(agree_late)

        assert NOT_YET == system.remotes.password(system.remotes.show("work"))


def test_the_browser_is_opened_only_when_that_is_asked_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home)
    opened_urls: list[str] = []
    monkeypatch.setattr("pillarbox.cli.remote.authorize.click.launch", opened_urls.append)
    monkeypatch.setattr("pillarbox.accounts.oauth.flows.BROWSER_SECONDS", 0)
    words = (
        *("remote", "authorize", "work", "--client-id", "mine", "--provider", "google"),
        *("--by", "browser"),
    )

    shown = pillarbox(home, *words)
    pillarbox(home, *words, "--open")

    assert "Nobody came back from the browser" in shown.stderr
    assert "https://accounts.google.com/o/oauth2/v2/auth?" in shown.stderr
    assert ["accounts.google.com"] == [urlsplit(url).hostname for url in opened_urls]


def test_what_is_said_of_the_browser_asks_for_it_where_there_are_codes_too(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home)
    monkeypatch.setattr("pillarbox.accounts.oauth.flows.BROWSER_SECONDS", 0)
    words = ("remote", "authorize", "work", "--client-id", "mine", "--provider", "microsoft")

    shown = pillarbox(home, *words, "--redirect-host", "localhost")

    assert "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?" in shown.stderr
