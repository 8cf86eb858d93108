"""`pillarbox remote add`."""

from dataclasses import dataclass, replace

import click
import msgspec

from pillarbox.accounts.oauth.grant import NOT_YET
from pillarbox.accounts.providers import PROVIDERS
from pillarbox.accounts.remote_settings import RemoteSettings, SecretKind
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.secret import Secret
from pillarbox.cli.options import as_json, read_password
from pillarbox.cli.remote.altered import altered, secret_of, warn
from pillarbox.cli.remote.chosen import Asked, settings_of
from pillarbox.cli.remote.options import Given, settings
from pillarbox.cli.remote.shown import answer
from pillarbox.cli.words import _
from pillarbox.sasl.facts import TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where(Given):
    """What is said of where the mail is, beside the settings."""

    provider: str | None = None
    address: str | None = None
    yes: bool = False


@click.command(help=_("Remember a server, and seal its password."))
@click.argument("name")
@click.option(
    "--provider",
    type=click.Choice(list(PROVIDERS)),
    help=_("Take the server of this provider."),
)
@click.option(
    "--address",
    metavar="USER@DOMAIN",
    help=_("Ask this address's domain where its mail is, unless --server or --provider says it."),
)
@click.option("--yes", is_flag=True, help=_("Agree to what the domain says."))
@settings
@as_json
@click.pass_obj
def add(home: Home, /, name: str, *, as_json: bool, **options: object) -> None:
    """Remember a remote."""
    given = msgspec.convert(options, _Where)
    account_name = _required(given.account, "--account")
    if not (given.server or given.provider or given.address):
        raise click.UsageError(_("Say where the mail is: --server, --provider or --address."))
    begun = settings_of(
        Asked(
            given.provider,
            given.address,
            given.protocol,
            has_server=given.server is not None,
            is_agreed=given.yes,
            is_stdin_taken=given.password_stdin,
        )
    )
    _required(given.user or begun.user, "--user")
    wanted = altered(begun, given)
    warn(wanted)
    kind, secret = secret_of(given) or _unsaid(name, wanted)
    with opened(home) as system:
        account = system.accounts.show(account_name).id
        wanted = replace(wanted, account=account, secret_kind=kind)
        answer(system, system.remotes.add(name, wanted, secret), as_json=as_json)


def _unsaid(name: str, wanted: RemoteSettings) -> tuple[SecretKind, Secret]:
    """Return what stands where nothing is said: a password, or that there are no tokens yet."""
    if wanted.mechanism not in TOKENS:
        return SecretKind.SEALED, read_password(from_stdin=False, prompt=_("Password"))
    text = _('Now "pillarbox remote authorize {name}" gets the tokens.')
    click.echo(text.format(name=name), err=True)
    return SecretKind.OAUTH, NOT_YET


def _required(given: str | None, option: str) -> str:
    if not given:
        raise click.MissingParameter(param_hint=option, param_type="option")
    return given
