"""`pillarbox device`: app passwords, one for each mail program of an account."""

import click

from pillarbox.accounts.devices import Device
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.cli.options import as_json, print_json, print_table, show_password
from pillarbox.cli.times import shown_time
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
@click.pass_obj
def add(home: Home, account: str, name: str, *, legacy_digest: bool) -> None:
    """Add a device."""
    with opened(home) as system:
        password = system.devices.add(account, name, legacy_digest=legacy_digest)
    show_password(password)


@device.command(name="list", help=_("List an account's devices."))
@click.argument("account")
@as_json
@click.pass_obj
def list_(home: Home, account: str, *, as_json: bool) -> None:
    """List an account's devices."""
    with opened(home) as system:
        found = [_fields(each) for each in system.devices.list(account)]
    if as_json:
        print_json(found)
    else:
        rows = [
            (each["name"], _("yes") if each["legacy_digest"] else _("no"), each["created_at"])
            for each in found
        ]
        print_table((_("Name"), _("CRAM-MD5 and APOP"), _("Since")), rows)


@device.command(help=_("Let a device log in no more; the others go on."))
@click.argument("account")
@click.argument("name")
@click.pass_obj
def revoke(home: Home, account: str, name: str) -> None:
    """Revoke a device."""
    with opened(home) as system:
        system.devices.revoke(account, name)


@device.command(help=_("Call a device otherwise; its app password stays."))
@click.argument("account")
@click.argument("name")
@click.argument("new_name", metavar="NEW")
@click.pass_obj
def rename(home: Home, account: str, name: str, new_name: str) -> None:
    """Rename a device."""
    with opened(home) as system:
        system.devices.rename(account, name, new_name)


def _fields(device: Device) -> dict[str, object]:
    return {
        "name": device.name,
        "number": device.id,  # as the journal calls it
        "legacy_digest": device.digest_secret is not None,
        "created_at": shown_time(device.created_at),
    }
