"""`pillarbox remote`: the servers that mail is collected from."""

import click

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.remote.add import add
from pillarbox.cli.remote.authorize import authorize
from pillarbox.cli.remote.edit import edit, pause, resume
from pillarbox.cli.remote.import_state import import_state
from pillarbox.cli.remote.leased import leased
from pillarbox.cli.remote.shown import answer, fields_of, print_fields, print_remotes
from pillarbox.cli.remote.trial import trial
from pillarbox.cli.remote.why import why
from pillarbox.cli.words import _


@click.group(help=_("The servers that mail is collected from."))
def remote() -> None:
    """Hold the commands below."""


for command in (authorize, add, edit, pause, resume, trial, import_state, why):
    remote.add_command(command)


@remote.command(name="list", help=_("List the remotes."))
@as_json
@click.pass_obj
def list_(home: Home, *, as_json: bool) -> None:
    """List the remotes."""
    with opened(home) as system:
        found = [fields_of(system, each) for each in system.remotes.list()]
    if as_json:
        print_json(found)
    else:
        print_remotes(found)


@remote.command(help=_("Show one remote; never its password."))
@click.argument("name")
@as_json
@click.pass_obj
def show(home: Home, name: str, *, as_json: bool) -> None:
    """Show one remote."""
    with opened(home) as system:
        fields = fields_of(system, system.remotes.show(name))
    if as_json:
        print_json(fields)
    else:
        print_fields(fields)


@remote.command(help=_("Forget a remote and its password; what was collected stays."))
@click.argument("name")
@as_json
@click.pass_obj
def remove(home: Home, name: str, *, as_json: bool) -> None:
    """Forget a remote."""
    with opened(home) as system:
        found = system.remotes.show(name)
        with leased(home, found):
            system.remotes.remove(name)
        answer(system, found, as_json=as_json)
