"""`pillarbox`: the commands, each imported only when it is asked for."""

import importlib
import sys
from pathlib import Path

import click

from pillarbox import __version__
from pillarbox.app.home import Home
from pillarbox.base.errors import Fault
from pillarbox.cli.words import _, said

FAILED = 1

# Command: where it is.
COMMANDS = {
    "up": "pillarbox.cli.serve",
    "init": "pillarbox.cli.serve",
    "serve": "pillarbox.cli.serve",
    "account": "pillarbox.cli.account",
    "device": "pillarbox.cli.device",
    "deliver": "pillarbox.cli.deliver",
    "maildrop": "pillarbox.cli.maildrop",
    "remote": "pillarbox.cli.remote.group",
    "collect": "pillarbox.cli.collect.command",
    "archive": "pillarbox.cli.archive",
    "key": "pillarbox.cli.key",
    "session": "pillarbox.cli.session",
    "incident": "pillarbox.cli.incident",
    "audit": "pillarbox.cli.audit",
    "alert": "pillarbox.cli.alert",
}


class Commands(click.Group):
    """Finds commands in COMMANDS; says faults as people read them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a day with Pillarbox."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a fault is one line on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except Fault as fault:
            click.echo(f"pillarbox: {said(fault)}", err=True)
            ctx.exit(FAILED)


@click.group(cls=Commands, help=_("A POP3 post office of your own."))
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PILLARBOX_HOME",
    default=Path("~/pillarbox"),
    show_default=True,
    help=_("Everything lies below this folder (PILLARBOX_HOME)."),
)
@click.version_option(__version__, prog_name="pillarbox")
@click.pass_context
def cli(ctx: click.Context, home: Path) -> None:
    """Take the home that every command works on."""
    ctx.obj = Home(home.expanduser().resolve())


def main() -> None:
    """Run the command line."""
    sys.exit(cli.main(prog_name="pillarbox", standalone_mode=True))
