"""`pillarbox up`, `init` and `serve`."""

import asyncio

import click

from pillarbox.app.build import System, opened
from pillarbox.app.config import load
from pillarbox.app.first_run import FirstAccount, add_first_account, make_home
from pillarbox.app.home import Home
from pillarbox.app.service import Service
from pillarbox.app.settings import Configuration
from pillarbox.cli.welcome import welcome
from pillarbox.cli.words import _

hostname = click.option(
    "--hostname", default="localhost", show_default=True, help=_("The name that clients use.")
)


@click.command(help=_("Make a home where there is none, serve it, and say how to connect."))
@hostname
@click.pass_obj
def up(home: Home, hostname: str) -> None:
    """Do everything that a first look needs."""
    is_new = not home.configuration.exists()
    if is_new:
        make_home(home, hostname, _)
    with opened(home) as system:
        first = _first_account(system)
        _serve(system, load(home), first, is_talkative=True)


@click.command(help=_("Make a home: configuration, test CA, certificate; nothing is started."))
@hostname
@click.pass_obj
def init(home: Home, hostname: str) -> None:
    """Make a home."""
    make_home(home, hostname, _)
    with opened(home):
        pass  # the database, so that it is there to be backed up
    click.echo(_("A home is ready in {folder}.").format(folder=home.folder), err=True)


@click.command(help=_("Serve in the foreground. SIGHUP takes a new certificate, SIGTERM ends it."))
@click.pass_obj
def serve(home: Home) -> None:
    """Serve."""
    config = load(home)
    with opened(home) as system:
        _serve(system, config, None, is_talkative=False)


def _first_account(system: System) -> FirstAccount | None:
    return None if system.accounts.list() else add_first_account(system)


def _serve(
    system: System, config: Configuration, first: FirstAccount | None, *, is_talkative: bool
) -> None:
    system.database.check()
    system.blobs.sweep()

    def ready() -> None:
        if is_talkative:
            click.echo(welcome(system, config, first))

    asyncio.run(Service(system, config).run(ready))
