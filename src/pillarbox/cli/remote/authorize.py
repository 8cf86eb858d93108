"""`pillarbox remote authorize`: tokens instead of a password, by OAuth 2."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click
import msgspec

from pillarbox.accounts.oauth.messages import Device
from pillarbox.accounts.oauth.providers import providers
from pillarbox.accounts.remotes import Remote
from pillarbox.accounts.tokens.introspection import read_client_secret
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.app.remote_oauth import Authoriser, Browser, Wanted
from pillarbox.base.secret import Secret
from pillarbox.cli.options import as_json, read_password
from pillarbox.cli.remote.shown import answer
from pillarbox.cli.words import _, printable
from pillarbox.sasl.facts import TOKENS


class By(StrEnum):
    """How somebody agrees."""

    DEVICE = "device"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What was said; None: nothing."""

    provider: str | None
    tenant: str | None
    client_id: str | None
    client_secret_stdin: bool
    client_secret_file: Path | None
    by: By | None
    open_browser: bool
    port: int
    redirect_host: str | None
    scope: str | None
    auth: str | None
    authorization_endpoint: str | None
    device_endpoint: str | None
    token_endpoint: str | None

    @property
    def is_of_browser(self) -> bool:
        """Whether something was said that is of use with a browser alone."""
        return bool(self.open_browser or self.port or self.redirect_host)


@click.command(help=_("Get tokens for a remote by OAuth 2, in place of its password."))
@click.argument("name")
@click.option(
    "--provider",
    type=click.Choice(list(providers())),
    help=_("Whose authorization server; without this, that of the remote's host."),
)
@click.option("--tenant", help=_("Microsoft's directory: common, consumers, a domain or a GUID."))
@click.option("--client-id", metavar="ID", help=_("The application that is registered there."))
@click.option(
    "--client-secret-stdin",
    is_flag=True,
    help=_("Read the application's secret from the first line of stdin."),
)
@click.option(
    "--client-secret-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=_("Read the application's secret from this file."),
)
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    help=_("By a code that is typed elsewhere, or by the browser of this machine."),
)
@click.option("--open", "open_browser", is_flag=True, help=_("Open the browser."))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help=_("Where the browser comes back to on this machine; without this, any free port."),
)
@click.option(
    "--redirect-host",
    type=click.Choice(["127.0.0.1", "localhost"]),
    help=_("How the registered redirect address calls this machine."),
)
@click.option("--scope", help=_("What to ask for, in place of what the provider has."))
@click.option(
    "--auth",
    type=click.Choice(TOKENS, case_sensitive=False),
    metavar="MECH",
    help=_("The mechanism that carries the token: OAUTHBEARER or XOAUTH2."),
)
@click.option("--authorization-endpoint", metavar="URL", help=_("Where the browser goes."))
@click.option("--device-endpoint", metavar="URL", help=_("Where device codes are given."))
@click.option("--token-endpoint", metavar="URL", help=_("Where tokens are given."))
@as_json
@click.pass_obj
def authorize(home: Home, /, name: str, *, as_json: bool, **options: object) -> None:
    """Authorise a remote."""
    given = msgspec.convert(options, _Options)
    if given.client_secret_stdin and given.client_secret_file:
        raise click.UsageError(_("Say --client-secret-stdin or --client-secret-file, not both."))
    if given.by is By.DEVICE and given.is_of_browser:
        raise click.UsageError(_("--open, --port and --redirect-host are for --by browser."))
    wanted = _wanted(given)
    with opened(home) as system:
        remote = _authorised(Authoriser(system, system.remotes.show(name), wanted), given)
        answer(system, remote, as_json=as_json)
    click.echo(_("Authorised."), err=True)


def _authorised(authoriser: Authoriser, given: _Options) -> Remote:
    if _way(authoriser, given) is By.DEVICE:
        return authoriser.by_device(_show_device)
    text = _("Pillarbox has what it needs. This page can be closed.")
    browser = Browser(text=text + "\n", port=given.port, host=given.redirect_host)
    return authoriser.by_browser(browser, _open_url if given.open_browser else _show_url)


def _way(authoriser: Authoriser, given: _Options) -> By:
    """Return what is asked for: by what was said of the browser too."""
    if given.by is not None:
        return given.by
    is_by_browser = given.is_of_browser or not authoriser.client().device_endpoint
    return By.BROWSER if is_by_browser else By.DEVICE


def _wanted(given: _Options) -> Wanted:
    return Wanted(
        provider=given.provider,
        tenant=given.tenant,
        client_id=given.client_id,
        client_secret=_client_secret(given),
        scope=given.scope,
        mechanism=given.auth,
        authorization_endpoint=given.authorization_endpoint,
        device_endpoint=given.device_endpoint,
        token_endpoint=given.token_endpoint,
    )


def _client_secret(given: _Options) -> Secret | None:
    """Return the application's secret; never from an argument, which every process can read."""
    if given.client_secret_file is not None:
        return read_client_secret(given.client_secret_file)
    if given.client_secret_stdin:
        return read_password(from_stdin=True, prompt="")
    return None


def _show_device(device: Device) -> None:
    text = _("Go to {place} with any browser, and type this code:")
    click.echo(text.format(place=printable(device.verification_uri)), err=True)
    click.echo(printable(device.user_code), err=True)


def _show_url(url: str) -> None:
    click.echo(_("Go there with a browser of this machine:"), err=True)
    click.echo(printable(url), err=True)


def _open_url(url: str) -> None:
    _show_url(url)
    click.launch(url)
