"""`pillarbox remote edit`, `pause` and `resume`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click
import msgspec

from pillarbox.accounts.remote_settings import RemoteSettings, may_be_another_maildrop
from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.options import as_json
from pillarbox.cli.remote.altered import altered, secret_of, warn
from pillarbox.cli.remote.options import Given, settings
from pillarbox.cli.remote.shown import answer
from pillarbox.cli.words import _
from pillarbox.collector.collect import take_remote


@click.command(help=_('Set what holds for a remote; an empty value, as in --timeout "", unsets.'))
@click.argument("name")
@settings
@as_json
@click.pass_obj
def edit(home: Home, /, name: str, *, as_json: bool, **options: object) -> None:
    """Edit a remote, its password too, all of it or nothing."""
    given = msgspec.convert(options, Given)
    if given.is_nothing:
        raise click.UsageError(_("Say what to set. --help lists it."))
    source = secret_of(given)
    with opened(home) as system:
        account = system.accounts.show(given.account).id if given.account else None

        def alter(before: RemoteSettings) -> RemoteSettings:
            after = altered(before, given)
            after = after if account is None else replace(after, account=account)
            return after if source is None else replace(after, secret_kind=source[0])

        before = system.remotes.show(name)
        with _alone(home, before, alter(before.settings)):
            edited = system.remotes.edit(name, alter, source[1] if source else None)
        if given.tls is not None or given.auth is not None:
            warn(edited.settings)
        answer(system, edited, as_json=as_json)


@contextmanager
def _alone(home: Home, before: Remote, after: RemoteSettings) -> Iterator[None]:
    """See to it that nobody collects from a maildrop that is another inside."""
    if not may_be_another_maildrop(before.settings, after):
        yield
        return
    lease = take_remote(home.remote_leases, before.id)
    if lease is None:
        raise OperatorFault(
            "The remote {name!r} is being collected from. Say where it is when that has ended.",
            name=before.name,
        )
    try:
        yield
    finally:
        lease.release()


@click.command(help=_("Collect nothing from a remote until it is resumed."))
@click.argument("name")
@as_json
@click.pass_obj
def pause(home: Home, name: str, *, as_json: bool) -> None:
    """Let a remote rest."""
    with opened(home) as system:
        system.remotes.pause(name)
        answer(system, system.remotes.show(name), as_json=as_json)


@click.command(help=_("Collect from a remote again."))
@click.argument("name")
@as_json
@click.pass_obj
def resume(home: Home, name: str, *, as_json: bool) -> None:
    """Let a remote go on."""
    with opened(home) as system:
        system.remotes.resume(name)
        answer(system, system.remotes.show(name), as_json=as_json)
