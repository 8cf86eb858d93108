"""`pillarbox remote`: the servers that mail is collected from."""

from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from pillarbox.accounts.remotes import LeavePolicy, Remote, RemoteSettings, Tls
from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.import_state import import_state
from pillarbox.cli.options import as_json, password_stdin, print_json, print_table, read_password
from pillarbox.cli.words import _
from pillarbox.collector.collect import take_remote
from pillarbox.net.listener import split_address
from pillarbox.sasl.client import CLIENTS
from pillarbox.sasl.facts import APOP, FACTS, PLAIN, USER, Facts, Shows

LONGEST = 2**31 - 1  # seconds or days; beyond any use, and within every clock
PORTS = {Tls.IMPLICIT: 995, Tls.STLS: 110, Tls.NONE: 110}


@click.group(help=_("The servers that mail is collected from."))
def remote() -> None:
    """Hold the commands below."""


remote.add_command(import_state)


@remote.command(help=_("Remember a server, and seal its password."))
@click.argument("name")
@click.option("--server", required=True, metavar="HOST[:PORT]", help=_("Where the mail is."))
@click.option("--user", required=True, help=_("Who we are there."))
@click.option("--account", required=True, help=_("Whose archive the mail goes into."))
@click.option(
    "--tls",
    type=click.Choice([tls.value for tls in Tls]),
    default=Tls.IMPLICIT.value,
    show_default=True,
    help=_("How the connection is secured."),
)
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    help=_("Trust the certificate authorities of this file, and no others."),
)
@click.option(
    "--auth",
    type=click.Choice([*CLIENTS, APOP, USER], case_sensitive=False),
    metavar="MECH",
    help=_("Log in by this mechanism only; without this, by the strongest that both sides have."),
)
@click.option(
    "--timeout",
    type=click.IntRange(1, LONGEST),
    metavar="SECONDS",
    help=_("The longest single wait."),
)
@click.option(
    "--deadline", type=click.IntRange(1, LONGEST), metavar="SECONDS", help=_("The longest session.")
)
@click.option(
    "--delete-after-days",
    type=click.IntRange(0, LONGEST),
    metavar="N",
    help=_("Remove mail there N days after it was collected; without this, leave it."),
)
@click.option(
    "--allow-password-without-tls",
    is_flag=True,
    help=_("Dangerous: with --tls none, send the password for anyone to read."),
)
@password_stdin
@click.pass_obj
def add(home: Home, /, **options: object) -> None:
    """Remember a remote."""
    given = msgspec.convert(options, _Options)
    way = FACTS[given.auth or PLAIN]  # where it is not said, any may be taken
    _require_sendable(given, way)
    host, port = _server(given.server, given.tls)
    if given.tls is Tls.NONE:
        _warn(is_shown=way.shows in {Shows.PASSWORD, Shows.TOKEN})
    password = read_password(from_stdin=given.password_stdin, prompt=_("Password"))
    with opened(home) as system:
        settings = RemoteSettings(
            account=system.accounts.show(given.account).id,
            host=host,
            port=port,
            user=given.user,
            tls=given.tls,
            ca_file=str(given.ca) if given.ca else None,
            timeout_seconds=given.timeout,
            deadline_seconds=given.deadline,
            leave=LeavePolicy(given.delete_after_days),
            mechanism=given.auth,
        )
        system.remotes.add(given.name, settings, password)


@dataclass(frozen=True, slots=True)
class _Options:
    """What `add` is given: as many as the table has columns, and how to take the password."""

    name: str
    server: str
    user: str
    account: str
    tls: Tls
    ca: Path | None
    auth: str | None
    timeout: int | None
    deadline: int | None
    delete_after_days: int | None
    allow_password_without_tls: bool
    password_stdin: bool


def _require_sendable(given: _Options, way: Facts) -> None:
    """Raise OperatorFault for what is too dangerous to send, or cannot be sent."""
    if given.tls is Tls.NONE and way.needs_tls and not given.allow_password_without_tls:
        raise OperatorFault(
            "Without TLS the password crosses the network for anyone to read. Use --tls implicit"
            " or --tls stls, or say --allow-password-without-tls."
        )
    if not given.user.isprintable() or not given.user:
        raise OperatorFault("--user is empty, or has characters that cannot be sent.")


@remote.command(name="list", help=_("List the remotes."))
@as_json
@click.pass_obj
def list_(home: Home, *, as_json: bool) -> None:
    """List the remotes."""
    with opened(home) as system:
        found = [_fields(system, each) for each in system.remotes.list()]
    if as_json:
        print_json(found)
    else:
        keys = ("name", "server", "tls", "user", "account")
        headings = (_("Name"), _("Server"), _("TLS"), _("User"), _("Account"))
        print_table(headings, [[fields[key] for key in keys] for fields in found])


@remote.command(help=_("Show one remote; never its password."))
@click.argument("name")
@as_json
@click.pass_obj
def show(home: Home, name: str, *, as_json: bool) -> None:
    """Show one remote."""
    with opened(home) as system:
        fields = _fields(system, system.remotes.show(name))
    if as_json:
        print_json(fields)
    else:
        print_table((_("Field"), _("Value")), list(fields.items()))


@remote.command(help=_("Forget a remote and its password; what was collected stays."))
@click.argument("name")
@click.pass_obj
def remove(home: Home, name: str) -> None:
    """Forget a remote."""
    with opened(home) as system:
        lease = take_remote(home.remote_leases, system.remotes.show(name).id)
        if lease is None:
            raise OperatorFault(
                "The remote {name!r} is being collected from. Remove it when that has ended.",
                name=name,
            )
        try:
            system.remotes.remove(name)
        finally:
            lease.release()


def _warn(*, is_shown: bool) -> None:
    """Say what nobody keeps private without TLS: RFC 8314, section 5.2."""
    if is_shown:
        text = _("Warning: without TLS anyone on the way can read the password and all messages.")
    else:
        text = _(
            "Warning: without TLS anyone on the way can read all messages, and can try to guess"
            " the password from what they see."
        )
    click.echo(text, err=True)


def _server(text: str, tls: Tls) -> tuple[str, int]:
    """Return host and port of HOST, HOST:PORT, [V6] or [V6]:PORT."""
    is_host_alone = ":" not in text or text.endswith("]")
    host, port = split_address(f"{text}:{PORTS[tls]}" if is_host_alone else text)
    if not port:
        raise OperatorFault("{address} is not host:port.", address=text)
    return host, port


def _fields(system: System, remote: Remote) -> dict[str, object]:
    settings = remote.settings
    names = {account.id: account.name for account in system.accounts.list()}
    # RFC 3986, section 3.2.2.
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "name": remote.name,
        "server": f"{host}:{settings.port}",
        "tls": settings.tls.value,
        "ca": settings.ca_file,
        "user": settings.user,
        "auth": settings.mechanism,
        "account": names.get(settings.account),
        "timeout": settings.timeout_seconds,
        "deadline": settings.deadline_seconds,
        "delete_after_days": settings.leave.delete_after_days,
        "created_at": shown_time(remote.created_at),
    }
