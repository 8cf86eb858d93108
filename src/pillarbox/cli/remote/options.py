"""The options that set what holds for a remote: the same for `add` and for `edit`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from pillarbox.accounts.remote_settings import Protocol, Role, Tls
from pillarbox.cli.options import password_stdin
from pillarbox.cli.words import _
from pillarbox.sasl.client import CLIENTS
from pillarbox.sasl.facts import APOP, USER

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 2**31 - 1  # seconds, days or messages; beyond any use, and within every clock


class OrNothing(click.ParamType[object]):
    """What another type takes, or "", which takes a setting back."""

    def __init__(self, inner: click.ParamType[Any]) -> None:
        self.name = inner.name
        self._inner = inner

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return what the other type makes of it; "" stays."""
        return value if value == "" else self._inner.convert(value, param, ctx)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was said: None is nothing, and "" takes a setting back."""

    server: str | None = None
    user: str | None = None
    account: str | None = None
    protocol: Protocol | None = None
    folder: tuple[str, ...] = ()
    tls: Tls | None = None
    ca: str | None = None
    auth: str | None = None
    timeout: int | str | None = None
    deadline: int | str | None = None
    role: Role | None = None
    into_maildrop: bool | None = None
    delete_after_days: int | str | None = None
    keep_newest: int | str | None = None
    delete_when_archived: bool | None = None
    delete_after_backups: int | str | None = None
    every: int | str | None = None
    cron: str | None = None
    allow_password_without_tls: bool = False
    password_stdin: bool = False
    password_command: str | None = None
    password_keyring: str | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is to be set."""
        return self == Given(allow_password_without_tls=self.allow_password_without_tls)


def settings(command: F) -> F:
    """Give a command these options; each comes under its name in Given."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def _number(flag: str, metavar: str, text: str, least: int = 0) -> Callable[[F], F]:
    kind = OrNothing(click.IntRange(least, LONGEST))
    return click.option(flag, type=kind, metavar=metavar, help=text)


OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--server", metavar="HOST[:PORT]", help=_("Where the mail is.")),
    click.option("--user", help=_("Who we are there.")),
    click.option("--account", help=_("Whose archive the mail goes into.")),
    click.option(
        "--protocol",
        type=click.Choice([protocol.value for protocol in Protocol]),
        help=_("What the server speaks; without this, POP3."),
    ),
    click.option(
        "--folder",
        multiple=True,
        metavar="FOLDER",
        help=_("With IMAP, collect from this folder; may be given again. Without this, INBOX."),
    ),
    click.option(
        "--tls",
        type=click.Choice([tls.value for tls in Tls]),
        help=_("How the connection is secured; without this, implicit."),
    ),
    click.option(
        "--ca",
        type=OrNothing(click.Path(exists=True, dir_okay=False, resolve_path=True)),
        metavar="FILE",
        help=_("Trust the certificate authorities of this file, and no others."),
    ),
    click.option(
        "--auth",
        type=OrNothing(click.Choice([*CLIENTS, APOP, USER], case_sensitive=False)),
        metavar="MECH",
        help=_(
            "Log in by this mechanism only; without this, by the strongest that both sides have."
        ),
    ),
    _number("--timeout", "SECONDS", _("The longest single wait."), 1),
    _number(
        "--deadline",
        "SECONDS",
        _("The longest session; without this, as long as what is listed may take."),
        1,
    ),
    click.option(
        "--role",
        type=click.Choice([role.value for role in Role]),
        help=_("Of several machines that collect from there, let the master alone remove mail."),
    ),
    click.option(
        "--into-maildrop/--no-into-maildrop",
        default=None,
        help=_("Serve what is collected over POP3 too; else it goes into the archive alone."),
    ),
    _number(
        "--delete-after-days",
        "N",
        _("Remove mail there N days after it was collected; without any condition, leave it."),
    ),
    _number(
        "--keep-newest",
        "N",
        _("Remove mail there that is not among the newest N; what else is said must hold too."),
        1,
    ),
    click.option(
        "--delete-when-archived/--no-delete-when-archived",
        default=None,
        help=_("Remove mail there once what is kept here was read back and compared."),
    ),
    _number(
        "--delete-after-backups",
        "K",
        _("Remove mail there once K verified backups have it."),
        1,
    ),
    _number("--every", "SECONDS", _("Collect so often, where something keeps watch."), 1),
    click.option("--cron", metavar="EXPR", help=_("Collect then: five fields, as in cron.")),
    click.option(
        "--allow-password-without-tls",
        is_flag=True,
        help=_("Dangerous: with --tls none, send the password for anyone to read."),
    ),
    password_stdin,
    click.option(
        "--password-command",
        metavar="COMMAND",
        help=_("Run this each time; its first line is the password. No shell reads it."),
    ),
    click.option(
        "--password-keyring",
        metavar="SERVICE",
        help=_("Take the password of this service from the operating system's keyring."),
    ),
)
