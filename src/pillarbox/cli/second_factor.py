"""`pillarbox account second-factor`: codes of an authenticator app, beside the password."""

import io
import sys
from collections.abc import Iterator, Sequence

import click
import segno

from pillarbox.accounts.second_factor.second_factor import (
    Verdict,
    WrongCodeFault,
    generate_secret,
)
from pillarbox.accounts.second_factor.totp import typed, uri
from pillarbox.app.build import System, opened
from pillarbox.app.config import load
from pillarbox.app.home import Home
from pillarbox.base.secret import Secret
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.words import _, said

NOT_RIGHT = 1

QUIET_ZONE = 2  # modules: half of what ISO/IEC 18004 wants, and what scanners make do with
WHITE_ON_BLACK = "\x1b[97;40m"  # whatever the terminal's own colours are
OWN_COLOURS = "\x1b[0m"


@click.group(name="second-factor", help=_("Codes of an authenticator app, beside the password."))
def second_factor() -> None:
    """Hold the commands below."""


@second_factor.command(
    help=_("Show a QR code, and turn the second factor on once a code of it is entered.")
)
@click.argument("name")
@click.pass_obj
def add(home: Home, name: str) -> None:
    """Add a second factor."""
    secret = generate_secret()
    hostname = load(home).hostname
    with opened(home) as system:
        account = system.second_factors.require_none(name)
        _show_secret(secret, f"{account.name}@{hostname}")
        codes = _proven(system, name, secret)
    _show_codes(codes)


@second_factor.command(help=_("Turn the second factor off; its recovery codes end with it."))
@click.argument("name")
@click.pass_obj
def remove(home: Home, name: str) -> None:
    """Remove a second factor."""
    with opened(home) as system:
        system.second_factors.remove(name)


@second_factor.command(
    help=_("Read a code and use it up: the exit code is 0 where it is right, else 1.")
)
@click.argument("name")
@as_json
@click.pass_context
def check(ctx: click.Context, name: str, *, as_json: bool) -> None:
    """Check a code."""
    with opened(ctx.obj) as system:
        verdict = system.second_factors.check(name, _ask())
    if as_json:
        print_json({"account": name, "verdict": verdict.value})
    else:
        click.echo(verdict.value)
    ctx.exit(0 if verdict is Verdict.RIGHT else NOT_RIGHT)


@second_factor.command(
    name="recovery-codes", help=_("Print new recovery codes; the old ones are good no more.")
)
@click.argument("name")
@click.pass_obj
def recovery_codes(home: Home, name: str) -> None:
    """Make new recovery codes."""
    with opened(home) as system:
        codes = system.second_factors.make_recovery_codes(name)
    _show_codes(codes)


def _proven(system: System, name: str, secret: Secret) -> Sequence[Secret]:
    """Turn it on with the first right code; the secret that was scanned stays until then."""
    while True:
        try:
            return system.second_factors.add(name, secret, _ask())
        except WrongCodeFault as fault:
            click.echo(said(fault), err=True)


def _ask() -> str:
    """Return a code from a person, or from a line of stdin; ends the command where none is left."""
    text: str = click.prompt(_("Code"), err=True)
    return text


def _show_secret(secret: Secret, label: str) -> None:
    """Show the secret on stderr: stdout is for what is to be kept."""
    link = uri(secret, label).reveal().decode("ascii")
    click.echo(_("Scan this with an authenticator app, or type the secret into it:"), err=True)
    if is_terminal():
        for line in drawn(link):
            click.echo(line, err=True, color=True)
    click.echo(link, err=True)
    click.echo(typed(secret).reveal().decode("ascii"), err=True)


def is_terminal() -> bool:
    """Say whether a person looks at stderr."""
    return sys.stderr.isatty()


def drawn(text: str) -> Iterator[str]:
    """Yield the lines of a QR code, dark on light, two modules above each other a character."""
    out = io.StringIO()
    segno.make_qr(text, error="l").terminal(out, border=QUIET_ZONE, compact=True)
    for line in out.getvalue().splitlines():
        yield f"{WHITE_ON_BLACK}{line}{OWN_COLOURS}"


def _show_codes(codes: Sequence[Secret]) -> None:
    click.echo(_("The recovery codes are shown this once; each is good once:"), err=True)
    for code in codes:
        click.echo(code.reveal().decode("ascii"))
