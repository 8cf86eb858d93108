"""`pillarbox remote add`."""

from dataclasses import replace

import click
import msgspec

from pillarbox.accounts.remotes import RemoteSettings, SecretKind
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.cli.options import as_json, read_password
from pillarbox.cli.remote.altered import altered, secret_of, warn
from pillarbox.cli.remote.options import Given, settings
from pillarbox.cli.remote.shown import answer
from pillarbox.cli.words import _

NOBODY = RemoteSettings(AccountId(0), "", 0, "")  # what stands where nothing is said


@click.command(help=_("Remember a server, and seal its password."))
@click.argument("name")
@settings
@as_json
@click.pass_obj
def add(home: Home, /, name: str, *, as_json: bool, **options: object) -> None:
    """Remember a remote."""
    given = msgspec.convert(options, Given)
    account_name = _required(given.account, "--account")
    _required(given.server, "--server")
    _required(given.user, "--user")
    wanted = altered(NOBODY, given)
    warn(wanted)
    kind, secret = secret_of(given) or (SecretKind.SEALED, _asked())
    with opened(home) as system:
        account = system.accounts.show(account_name).id
        wanted = replace(wanted, account=account, secret_kind=kind)
        answer(system, system.remotes.add(name, wanted, secret), as_json=as_json)


def _asked() -> Secret:
    return read_password(from_stdin=False, prompt=_("Password"))


def _required(given: str | None, option: str) -> str:
    if not given:
        raise click.MissingParameter(param_hint=option, param_type="option")
    return given
