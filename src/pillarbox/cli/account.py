"""`pillarbox account`: who has a maildrop here."""

import click

from pillarbox.accounts.accounts import Account
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.clock import shown_time
from pillarbox.base.words import N_
from pillarbox.cli.options import (
    as_json,
    new_password,
    password_stdin,
    print_json,
    print_table,
    show_password,
)
from pillarbox.cli.policy import account_fields, edit_account, line_of
from pillarbox.cli.review import review
from pillarbox.cli.second_factor import second_factor
from pillarbox.cli.words import _

# Whether SCRAM can prove the main password.
READY = N_("ready")
AFTER_LOGIN = N_("after the next password login")
NO_PASSWORD = N_("there is no main password")


@click.group(help=_("Who has a maildrop here."))
def account() -> None:
    """Hold the commands below."""


account.add_command(second_factor)
account.add_command(review)
account.add_command(edit_account)


@account.command(help=_("Add an account; a password that is made for it is printed on stdout."))
@click.argument("name")
@password_stdin
@click.pass_obj
def add(home: Home, name: str, *, password_stdin: bool) -> None:
    """Add an account."""
    password, is_made = new_password(from_stdin=password_stdin)
    with opened(home) as system:
        system.accounts.add(name, system.passwords.verifiers(name, password))
    if is_made:
        show_password(password)


@account.command(name="list", help=_("List the accounts."))
@as_json
@click.pass_obj
def list_(home: Home, *, as_json: bool) -> None:
    """List the accounts."""
    with opened(home) as system:
        accounts = system.accounts.list()
    if as_json:
        print_json([_fields(each) for each in accounts])
    else:
        rows = [(each.name, each.state.value, shown_time(each.created_at)) for each in accounts]
        print_table((_("Name"), _("State"), _("Since")), rows)


@account.command(help=_("Show one account."))
@click.argument("name")
@as_json
@click.pass_obj
def show(home: Home, name: str, *, as_json: bool) -> None:
    """Show one account."""
    with opened(home) as system:
        found = system.accounts.show(name)
        messages = system.store.view(found.id)
        use = system.quotas.use(found.id)
        has_password = system.passwords.is_set(found.id)
        is_scram_ready = not system.scram.missing(found.id)
        devices = [device.name for device in system.devices.list(name)]
        policy, default_view = system.accounts.settings(name)
        until = system.throttle.locked_until(name)
        factor = system.second_factors.find(name)
    fields = {
        **_fields(found),
        "messages": len(messages),
        "octets": sum(message.form.octets for message in messages),
        "used_octets": use.used_octets,  # as stored
        "quota_octets": use.quota_octets,
        "has_password": has_password,
        "scram": READY if is_scram_ready else AFTER_LOGIN if has_password else NO_PASSWORD,
        "second_factor": factor is not None,
        "locked_until": None if until is None else shown_time(until),  # for strangers
    }
    if as_json:
        print_json({**fields, "devices": devices, **account_fields(policy, default_view)})
    else:
        fields["locked_until"] = fields["locked_until"] or ""
        fields["has_password"] = _("yes") if has_password else _("no")
        fields["second_factor"] = _("no") if factor is None else _("yes")
        shown = {**fields, "scram": _(str(fields["scram"])), "devices": ", ".join(devices)}
        shown |= {"policy": line_of(policy), "default_view": line_of(default_view)}
        print_table((_("Field"), _("Value")), list(shown.items()))


@account.command(help=_("Set a password; one that is made here is printed on stdout."))
@click.argument("name")
@password_stdin
@click.pass_obj
def password(home: Home, name: str, *, password_stdin: bool) -> None:
    """Set a password."""
    secret, is_made = new_password(from_stdin=password_stdin)
    with opened(home) as system:
        system.passwords.set_password(name, secret)
    if is_made:
        show_password(secret)


@account.command(help=_("Let an account log in no more; its mail goes on arriving."))
@click.argument("name")
@click.pass_obj
def disable(home: Home, name: str) -> None:
    """Disable an account."""
    with opened(home) as system:
        system.accounts.disable(name)


@account.command(help=_("Let a disabled account log in again."))
@click.argument("name")
@click.pass_obj
def enable(home: Home, name: str) -> None:
    """Enable an account."""
    with opened(home) as system:
        system.accounts.enable(name)


@account.command(help=_("Forget wrong passwords, and let strangers try an account again."))
@click.argument("name")
@click.pass_obj
def unlock(home: Home, name: str) -> None:
    """Unlock an account."""
    with opened(home) as system:
        system.throttle.unlock(name)


@account.command(help=_("Remove an account; its mail stays on the disk, and nobody can read it."))
@click.argument("name")
@click.pass_obj
def remove(home: Home, name: str) -> None:
    """Remove an account."""
    with opened(home) as system:
        system.accounts.remove(name)


def _fields(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "number": account.id,  # as the journal calls it
        "state": account.state.value,
        "created_at": shown_time(account.created_at),
    }
