"""`pillarbox account review`: what to look at in accounts and devices, and what mends it."""

from dataclasses import asdict

import click

from pillarbox.accounts.review import Finding, Kind
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.words import N_
from pillarbox.cli.options import as_json, print_json, print_table
from pillarbox.cli.words import _

WORDS = {
    Kind.DISABLED_COLLECTS: N_("disabled, and the remote {remote} still collects into it"),
    Kind.ACCOUNT_STALE: N_("nobody has come in for {days} days"),
    Kind.NO_SECOND_FACTOR: N_("no second factor"),
    Kind.FEW_RECOVERY_CODES: N_("unused recovery codes: {left}"),
    Kind.MAIN_IS_OPEN: N_("POP3 takes the main password, though there are devices"),
    Kind.OLD_HASH: N_("the password's hash is weaker than today's until the next login with it"),
    Kind.SCRAM_OUTDATED: N_("SCRAM has an outdated count until the next password login"),
    Kind.SCRAM_MISSING: N_("SCRAM is not possible until the next password login"),
    Kind.DEVICE_EXPIRED: N_("expired"),
    Kind.DEVICE_NEVER_USED: N_("never used in {days} days"),
    Kind.DEVICE_UNUSED: N_("not used for {days} days"),
    Kind.LEGACY_DIGEST: N_("its password is kept so that it can be read back"),
}


@click.command(help=_("Say what to look at in accounts and devices, with commands that mend it."))
@click.argument("name", required=False)
@as_json
@click.pass_obj
def review(home: Home, name: str | None, *, as_json: bool) -> None:
    """Review accounts; it ends with 0 whatever it finds."""
    with opened(home) as system:
        found = system.reviewed.findings(name)
    if as_json:
        print_json([_fields(each) for each in found])
    else:
        rows = [(each.account, each.device or "", _said(each), each.command) for each in found]
        print_table((_("Account"), _("Device"), _("Finding"), _("What mends it")), rows)


def _fields(finding: Finding) -> dict[str, object]:
    return {**asdict(finding), "command": finding.command}


def _said(finding: Finding) -> str:
    return _(WORDS[finding.kind]).format(**asdict(finding))
