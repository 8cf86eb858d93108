"""What a remote's settings become by what was said, and what is refused of it."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click

from pillarbox.accounts.remote_settings import (
    LeavePolicy,
    Protocol,
    RemoteSettings,
    Schedule,
    SecretKind,
    Tls,
)
from pillarbox.app.password_command import split_command
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.cli.options import read_password
from pillarbox.cli.remote.options import Given
from pillarbox.cli.words import _
from pillarbox.collector.schedule import require_cron
from pillarbox.net.contexts import client_context
from pillarbox.net.listener import split_address
from pillarbox.sasl.facts import FACTS, PLAIN, Facts, Shows

T = TypeVar("T")

PORTS = {
    (Protocol.POP3, Tls.IMPLICIT): 995,
    (Protocol.POP3, Tls.STLS): 110,
    (Protocol.POP3, Tls.NONE): 110,
    (Protocol.IMAP, Tls.IMPLICIT): 993,
    (Protocol.IMAP, Tls.STLS): 143,
    (Protocol.IMAP, Tls.NONE): 143,
}


def altered(before: RemoteSettings, given: Given) -> RemoteSettings:
    """Return the settings as they are to be; the account is the caller's to find.

    Raises OperatorFault for what is too dangerous, cannot be sent, or is of no use.
    """
    tls, protocol = given.tls or before.tls, given.protocol or before.protocol
    host, port = _where(before, given, PORTS[protocol, tls])
    after = replace(
        before,
        host=host,
        port=port,
        user=before.user if given.user is None else given.user,
        tls=tls,
        ca_file=_text(given.ca, before.ca_file),
        timeout_seconds=_number(given.timeout, before.timeout_seconds),
        deadline_seconds=_number(given.deadline, before.deadline_seconds),
        mechanism=_text(given.auth, before.mechanism),
        protocol=protocol,
        folders=tuple(filter(None, given.folder)) if given.folder else before.folders,
        role=given.role or before.role,
        into_maildrop=_known(given.into_maildrop, before.into_maildrop),
        leave=_leave(before.leave, given),
        schedule=_schedule(before.schedule, given),
    )
    _require_useful(after)
    if given.ca:
        client_context(Path(given.ca))  # better now than at night, from cron
    is_agreed = is_dangerous(before) and (before.host, before.port) == (after.host, after.port)
    if is_dangerous(after) and not (is_agreed or given.allow_password_without_tls):
        raise OperatorFault(
            "Without TLS the password crosses the network for anyone to read. Use --tls implicit"
            " or --tls stls, or say --allow-password-without-tls."
        )
    return after


def is_dangerous(settings: RemoteSettings) -> bool:
    """Say whether a password may cross the network for anyone to read."""
    return settings.tls is Tls.NONE and _way(settings).needs_tls


def secret_of(given: Given) -> tuple[SecretKind, Secret] | None:
    """Return where the password comes from, None where nothing is said of it.

    Raises OperatorFault for a command that cannot be read, click.UsageError for several sources.
    """
    said = (given.password_stdin, given.password_command, given.password_keyring)
    if sum(map(bool, said)) > 1:
        raise click.UsageError(_("The password comes from one place: say one of them."))
    if given.password_command is not None:
        split_command(given.password_command)
        return SecretKind.COMMAND, Secret(given.password_command.encode("utf-8"))
    if given.password_keyring is not None:
        return SecretKind.KEYRING, Secret(given.password_keyring.encode("utf-8"))
    if given.password_stdin:
        return SecretKind.SEALED, _not_empty(read_password(from_stdin=True, prompt=""))
    return None


def _not_empty(password: Secret) -> Secret:
    if not password.reveal():
        raise OperatorFault("The password is empty: nothing came on stdin.")
    return password


def warn(settings: RemoteSettings) -> None:
    """Say what nobody keeps private without TLS: RFC 8314, section 5.2."""
    if settings.tls is not Tls.NONE:
        return
    if _way(settings).shows in {Shows.PASSWORD, Shows.TOKEN}:
        text = _("Warning: without TLS anyone on the way can read the password and all messages.")
    else:
        text = _(
            "Warning: without TLS anyone on the way can read all messages, and can try to guess"
            " the password from what they see."
        )
    click.echo(text, err=True)


def _way(settings: RemoteSettings) -> Facts:
    return FACTS[settings.mechanism or PLAIN]  # where it is not said, any may be taken


def _where(before: RemoteSettings, given: Given, usual: int) -> tuple[str, int]:
    """Return host and port of HOST, HOST:PORT, [V6] or [V6]:PORT; a usual port stays usual."""
    if given.server is None:
        was_usual = before.port == PORTS[before.protocol, before.tls]
        return before.host, usual if was_usual else before.port
    is_host_alone = ":" not in given.server or given.server.endswith("]")
    host, port = split_address(f"{given.server}:{usual}" if is_host_alone else given.server)
    if not port:
        raise OperatorFault("{address} is not host:port.", address=given.server)
    return host, port


def _leave(before: LeavePolicy, given: Given) -> LeavePolicy:
    return LeavePolicy(
        _number(given.delete_after_days, before.delete_after_days),
        _number(given.keep_newest, before.keep_newest),
        when_archived=_known(given.delete_when_archived, before.when_archived),
        after_backups=_number(given.delete_after_backups, before.after_backups),
    )


def _schedule(before: Schedule, given: Given) -> Schedule:
    if given.every and given.cron:
        raise click.UsageError(_("Say --every or --cron, not both."))
    if given.every:
        return Schedule(interval_seconds=_number(given.every, None))
    if given.cron:
        return Schedule(cron=require_cron(given.cron, time.time()))
    return Schedule(_number(given.every, before.interval_seconds), _text(given.cron, before.cron))


def _require_useful(settings: RemoteSettings) -> None:
    if not settings.user.isprintable() or not settings.user:
        raise OperatorFault("--user is empty, or has characters that cannot be sent.")
    if not all(map(str.isprintable, settings.folders)):
        raise OperatorFault("--folder has characters that cannot be sent.")
    if settings.folders and settings.protocol is not Protocol.IMAP:
        raise OperatorFault("POP3 has no folders: --folder is for --protocol imap.")


def _number(given: int | str | None, before: int | None) -> int | None:
    if given is None:
        return before
    return None if isinstance(given, str) else given


def _text(given: str | None, before: str | None) -> str | None:
    return before if given is None else given or None


def _known(given: T | None, before: T) -> T:
    return before if given is None else given
