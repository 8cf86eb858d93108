"""The options that set what holds for an account or for one device, and `account edit`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from pillarbox.accounts.policies import Settings, Value
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.clock import shown_time
from pillarbox.base.words import N_
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.words import _

F = TypeVar("F", bound=Callable[..., Any])

Option = tuple[str, str, str]  # setting, metavar, help
Given = str | tuple[str, ...] | None

SEVERAL = {"protocols", "networks"}
TIMES = {"window_since", "expires_at"}
YES_OR_NO = {"removes_what_all_have"}

RESTRICTIONS: dict[str, Option] = {
    "--network": ("networks", "CIDR", N_("Let it in from there alone; may be given again.")),
    "--hours": ("hours", "HH:MM-HH:MM", N_("Let it in then alone, by the server's clock.")),
    "--protocol": (
        "protocols",
        "pop3|pop2|pop1",
        N_("Let it in by this alone; may be given again."),
    ),
}
WINDOW: dict[str, Option] = {
    "--role": (
        "role",
        "master|reader",
        N_("Whose DELE removes a message from every device, or from its own view alone."),
    ),
    "--window-days": ("window_days", "DAYS", N_("Show what came in so many days ago at most.")),
    "--window-since": ("window_since", "DATE", N_("Show what came in then or later.")),
    "--session-octets": (
        "session_octets",
        "OCTETS",
        N_("Show in one session at most so much that it has not had."),
    ),
}
DEVICE: dict[str, Option] = {
    **WINDOW,
    **RESTRICTIONS,
    "--expires": ("expires_at", "DATE", N_("Let it in until then.")),
    "--retention-days": (
        "retention_days",
        "DAYS",
        N_("Show it no message that is older; announced as EXPIRE."),
    ),
}
ACCOUNT: dict[str, Option] = {
    **RESTRICTIONS,
    "--main-password": (
        "main_password",
        "allow|refuse",
        N_("Whether the main password opens the maildrop; else app passwords alone do."),
    ),
    "--login-delay": ("login_delay_seconds", "SECONDS", N_("The least time between two logins.")),
    "--retention-days": (
        "retention_days",
        "DAYS",
        N_("How long mail stays in the maildrop; 0 is for ever."),
    ),
    "--quota": ("quota_octets", "OCTETS", N_("What the maildrop may hold; 0 is without end.")),
    "--after-removal": (
        "after_removal",
        "keep|archive|delete",
        N_("What becomes of a message that has left every device."),
    ),
    "--remove": (
        "removal",
        "when-had|at-once",
        N_("When what one device removes leaves the others."),
    ),
    "--reach-days": (
        "reach_days",
        "DAYS",
        N_("Wait so long for a device that does not come."),
    ),
    "--remove-what-all-have": (
        "removes_what_all_have",
        "yes|no",
        N_("Whether a message leaves once every device has it, without any DELE."),
    ),
}


def takes(options: Mapping[str, Option]) -> Callable[[F], F]:
    """Give a command these options; each comes under its setting's name."""

    def wrap(command: F) -> F:
        for flag, (setting, metavar, text) in reversed(list(options.items())):
            several = setting in SEVERAL
            command = click.option(flag, setting, metavar=metavar, multiple=several, help=_(text))(
                command
            )
        return command

    return wrap


def edited(given: Mapping[str, Given]) -> dict[str, list[str]]:
    """Return what an edit is to set; raises click.UsageError where it is nothing."""
    words = written(given)
    if not words:
        raise click.UsageError(_("Say what to set. --help lists it."))
    return words


def written(given: Mapping[str, Given]) -> dict[str, list[str]]:
    """Return what was given as the accounts room reads it; "" stands, and takes back."""
    return {
        name: [words] if isinstance(words, str) else list(words)
        for name, words in given.items()
        if words is not None and words != ()
    }


@click.command(
    name="edit", help=_('Set what holds for an account; an empty value, as in --hours "", unsets.')
)
@click.argument("name")
@takes({**ACCOUNT, **WINDOW})
@as_json
@click.pass_obj
def edit_account(home: Home, /, name: str, *, as_json: bool, **given: Given) -> None:
    """Edit an account, and the view of its main password."""
    words = edited(given)
    view = {setting: words.pop(setting) for setting, _, _ in WINDOW.values() if setting in words}
    with opened(home) as system:
        system.accounts.edit(name, words, view)
        policy, default_view = system.accounts.settings(name)
    if as_json:
        print_json(account_fields(policy, default_view))


def account_fields(policy: Settings, default_view: Settings) -> dict[str, object]:
    """Return what is set of an account and of the main password's view, for programs."""
    return {"policy": fields_of(policy), "default_view": fields_of(default_view)}


def fields_of(settings: Settings) -> dict[str, object]:
    """Return settings for programs; None: not set."""
    return {name: _field(name, value) for name, value in settings.items()}


def line_of(settings: Settings) -> str:
    """Return what is set, for people, in one line."""
    shown = {name: _field(name, value) for name, value in settings.items()}
    return " ".join(f"{name}={_word(value)}" for name, value in shown.items() if value is not None)


def _field(name: str, value: Value) -> object:
    if value is None:
        return None
    if name in SEVERAL:
        return str(value).split()
    if name in TIMES:
        return shown_time(int(value))
    return bool(value) if name in YES_OR_NO else value


def _word(value: object) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value).replace(" ", "-")
