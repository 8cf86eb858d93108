"""`pillarbox key`: the master key that seals remote passwords."""

import click

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.cli.words import _


@click.group(help=_("The master key that seals what must be given back as it was."))
def key() -> None:
    """Hold the commands below."""


@key.command(help=_("Make a new master key, seal everything anew, and forget the old key."))
@click.pass_obj
def rotate(home: Home) -> None:
    """Rotate the master key."""
    with opened(home) as system:
        system.secrets.rotate()


@key.command(help=_("Seal everything anew under the first key of a systemd credential."))
@click.pass_obj
def reseal(home: Home) -> None:
    """Seal everything anew."""
    with opened(home) as system:
        system.secrets.reseal()
