"""`pillarbox device`: app passwords, one for each mail program of an account."""

import click

from pillarbox.accounts.devices import Device
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.clock import shown_time
from pillarbox.base.secret import Secret
from pillarbox.cli.options import as_json, print_json, print_table, show_password
from pillarbox.cli.policy import DEVICE, Given, edited, fields_of, line_of, takes, written
from pillarbox.cli.words import _


@click.group(help=_("App passwords: one for each mail program of an account."))
def device() -> None:
    """Hold the commands below."""


@device.command(help=_("Add a device; its app password is printed on stdout."))
@click.argument("account")
@click.argument("name")
@click.option(
    "--legacy-digest",
    is_flag=True,
    help=_("Keep the app password so that it can be read back, for CRAM-MD5 and APOP."),
)
@takes(DEVICE)
@as_json
@click.pass_obj
def add(
    home: Home, /, account: str, name: str, *, legacy_digest: bool, as_json: bool, **given: Given
) -> None:
    """Add a device."""
    words = written(given)
    with opened(home) as system:
        password = system.devices.add(account, name, legacy_digest=legacy_digest, written=words)
        _show(system.devices.show(account, name), password, as_json=as_json)


@device.command(
    help=_("Give a device another app password, printed on stdout; what it is shown stays.")
)
@click.argument("account")
@click.argument("name")
@click.option(
    "--legacy-digest",
    is_flag=True,
    help=_("Keep the app password so that it can be read back, for CRAM-MD5 and APOP."),
)
@as_json
@click.pass_obj
def password(home: Home, account: str, name: str, *, legacy_digest: bool, as_json: bool) -> None:
    """Give a device another app password."""
    with opened(home) as system:
        renewed = system.devices.renew(account, name, legacy_digest=legacy_digest)
        _show(system.devices.show(account, name), renewed, as_json=as_json)


@device.command(help=_('Set what holds for a device; an empty value, as in --hours "", unsets.'))
@click.argument("account")
@click.argument("name")
@takes(DEVICE)
@as_json
@click.pass_obj
def edit(home: Home, /, account: str, name: str, *, as_json: bool, **given: Given) -> None:
    """Edit a device."""
    words = edited(given)
    with opened(home) as system:
        system.devices.edit(account, name, words)
        _tell(system.devices.show(account, name), as_json=as_json)


@device.command(name="list", help=_("List an account's devices."))
@click.argument("account")
@as_json
@click.pass_obj
def list_(home: Home, account: str, *, as_json: bool) -> None:
    """List an account's devices."""
    with opened(home) as system:
        found = system.devices.list(account)
    if as_json:
        print_json([_fields(each) for each in found])
    else:
        headings = (
            _("Name"),
            _("CRAM-MD5 and APOP"),
            _("Settings"),
            _("Last use"),
            _("From"),
            _("Since"),
        )
        print_table(headings, [_row(each) for each in found])


@device.command(help=_("Let a device log in no more; the others go on."))
@click.argument("account")
@click.argument("name")
@as_json
@click.pass_obj
def revoke(home: Home, account: str, name: str, *, as_json: bool) -> None:
    """Revoke a device."""
    with opened(home) as system:
        revoked = system.devices.show(account, name)
        system.devices.revoke(account, name)
    _tell(revoked, as_json=as_json)


@device.command(help=_("Call a device otherwise; its app password stays."))
@click.argument("account")
@click.argument("name")
@click.argument("new_name", metavar="NEW")
@as_json
@click.pass_obj
def rename(home: Home, account: str, name: str, new_name: str, *, as_json: bool) -> None:
    """Rename a device."""
    with opened(home) as system:
        system.devices.rename(account, name, new_name)
        _tell(system.devices.show(account, new_name), as_json=as_json)


def _show(device: Device, password: Secret, *, as_json: bool) -> None:
    """Print an app password, for a program with its device."""
    if as_json:
        print_json({**_fields(device), "app_password": password.reveal().decode("ascii")})
    else:
        show_password(password)


def _tell(device: Device, *, as_json: bool) -> None:
    """Print a device for programs; people have heard nothing, so all is well."""
    if as_json:
        print_json(_fields(device))


def _row(device: Device) -> tuple[str, ...]:
    return (
        device.name,
        _("no") if device.digest_secret is None else _("yes"),
        line_of(device.settings),
        _last_use(device) or _("never"),
        device.last_used_from or "",
        shown_time(device.created_at),
    )


def _fields(device: Device) -> dict[str, object]:
    return {
        "name": device.name,
        "number": device.id,  # as the journal calls it
        "legacy_digest": device.digest_secret is not None,
        **fields_of(device.settings),
        "last_used_at": _last_use(device),
        "last_used_from": device.last_used_from,
        "created_at": shown_time(device.created_at),
    }


def _last_use(device: Device) -> str | None:
    return None if device.last_used_at is None else shown_time(device.last_used_at)
