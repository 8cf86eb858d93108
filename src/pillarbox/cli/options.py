"""What several commands take and print the same way."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, TypeVar

import click

from pillarbox.accounts.generate import generate_password
from pillarbox.base.secret import Secret
from pillarbox.cli.words import _, is_harmless, printable

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
password_stdin = click.option(
    "--password-stdin", is_flag=True, help=_("Read the password from the first line of stdin.")
)


def since(default: str | None = None) -> Callable[[F], F]:
    """Give a command `--since`, which times.read_time reads."""
    return click.option(
        "--since",
        metavar="WHEN",
        default=default,
        show_default=default is not None,
        help=_("From a date or a time on, in UTC, or the last 7d, 24h, 30m."),
    )


def of_account_since(command: F) -> F:
    """Give a listing what it goes by: an account, `--since`, and `--json`."""
    return click.argument("account", required=False)(since()(as_json(command)))


def print_json(value: object) -> None:
    """Print an answer for programs, which reads the same where a person looks at it."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo("".join(each if each == "\n" or is_harmless(each) else _json(each) for each in text))


def print_json_each(values: Iterable[object]) -> None:
    """Print a list for programs, one value a line: it may be longer than memory."""
    before = "["
    for value in values:
        # What comes from outside may hold controls; DEL is the one that JSON leaves as it is.
        text = json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")
        click.echo(f"{before}\n  {text}", nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print an answer for people; columns, or tab-separated lines where nobody looks."""
    shown = [[printable(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        import_module("pillarbox.cli.display").print_columns(headings, shown)
        return
    for row in shown:
        click.echo("\t".join(row))


def _json(character: str) -> str:
    """Return a character as JSON escapes it; it would leave DEL as it is."""
    return json.dumps(character)[1:-1].replace("\x7f", "\\u007f")


def read_password(*, from_stdin: bool, prompt: str) -> Secret:
    """Return a password from stdin, or from a person who types it."""
    if from_stdin:
        line = sys.stdin.buffer.readline()
        return Secret(line.rstrip(b"\r\n"))
    return Secret(click.prompt(prompt, hide_input=True, err=True).encode("utf-8"))


def new_password(*, from_stdin: bool) -> tuple[Secret, bool]:
    """Return a password for an account, and whether it was made here and must be shown."""
    if from_stdin:
        return read_password(from_stdin=True, prompt=""), False
    return generate_password(), True


def show_password(password: Secret) -> None:
    """Print a password that was made here: alone on stdout, so that programs can take it."""
    click.echo(_("The password is shown this once:"), err=True)
    click.echo(password.reveal().decode("ascii"))
