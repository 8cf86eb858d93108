"""`pillarbox incident`: an account was broken into; shut it, and tell what happened."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from pillarbox.accounts.incident import Declared
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.app.incident_report import Report, Touched, report, wait_until_ended
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.options import as_json, since
from pillarbox.cli.session import end_of, fields, who
from pillarbox.cli.session_words import ENDS
from pillarbox.cli.times import read_time
from pillarbox.cli.words import _
from pillarbox.journal.audit import Line, read_facts
from pillarbox.journal.facts import facts_in_words, time_in_words
from pillarbox.journal.journal import shown
from pillarbox.journal.session_record import count

DEFAULT_SINCE = "30d"
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
PRIVATE = 0o600  # it tells who reads what


@click.command(
    help=_("Shut an account that was broken into, and report what was read and removed.")
)
@click.argument("account")
@since(DEFAULT_SINCE)
@click.option(
    "--report",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=_("Write the report into a new file instead of stdout."),
)
@as_json
@click.pass_obj
def incident(home: Home, account: str, since: str, file: Path | None, *, as_json: bool) -> None:
    """Declare an incident."""
    with opened(home) as system:
        start = read_time(since, system.clock.now())
        if file is not None:
            _refuse_file(file)
        declared = system.incidents.declare(account)
        click.echo(
            _("Nobody can log in to {account} any more; its mail goes on arriving.").format(
                account=declared.account.name
            ),
            err=True,
        )
        wait_until_ended(system, declared.account.id)
        found = report(system, declared.account.id, declared.account.name, start)
    text = _as_json(declared, found) if as_json else "\n".join(_as_markdown(declared, found))
    if file is None:
        click.echo(text)
    else:
        _write(file, text)


def _refuse_file(file: Path) -> None:
    """Raise OperatorFault before anything is done for nothing."""
    if file.exists() or not file.parent.is_dir():
        raise OperatorFault(
            "{path} cannot be written: it is there, or its folder is not.", path=file
        )


def _write(file: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(file, CREATE, PRIVATE), "w", encoding="utf-8") as out:
            out.write(text + "\n")
    except OSError as error:
        raise OperatorFault("{path}: {why}.", path=file, why=error.strerror) from error


def _as_json(declared: Declared, found: Report) -> str:
    value = {
        "account": declared.account.name,
        "declared_at": shown_time(declared.at),
        "since": shown_time(found.since),
        "revoked_devices": list(declared.devices),
        "live_sessions": [each.id for each in found.live],
        "sessions": [fields(each, found.servers) for each in found.sessions],
        "read": [_touched(each) for each in found.read],
        "seen_in_part": [_touched(each) for each in found.seen],
        "removed": [_touched(each) for each in found.removed],
        "undoable": [
            {
                "unique_id": each.unique_id,
                "removed_at": shown_time(each.removed_at),
                "session": each.session,
                "why": each.why,
            }
            for each in found.undoable
        ],
        "refused": [_line(each) for each in found.refused],
        "changes": [_line(each) for each in found.changes],
    }
    return json.dumps(value, ensure_ascii=True, indent=2).replace("\x7f", "\\u007f")


def _touched(message: Touched) -> dict[str, object]:
    return {
        "unique_id": message.unique_id,
        "arrived_at": shown_time(message.arrived_at),
        "state": message.state,
    }


def _line(line: Line) -> dict[str, object]:
    return {"at": shown_time(line.at), "event": line.event, "facts": read_facts(line.facts)}


def _as_markdown(declared: Declared, found: Report) -> Iterator[str]:
    name = declared.account.name
    yield "# " + _("Incident: {account}").format(account=name)
    yield ""
    yield _("Declared {at}. What is known since {since}, in UTC.").format(
        at=shown_time(declared.at), since=shown_time(found.since)
    )
    yield from _section(_("What was done"), _done(declared, found))
    yield from _section(_("What to do next"), _next(name, found))
    yield from _section(_("Sessions"), _sessions(found))
    yield from _section(_("Messages read whole"), _messages(found.read))
    yield from _section(_("Messages read in part"), _messages(found.seen))
    yield from _section(_("Messages removed in these sessions"), _messages(found.removed))
    yield from _section(_("Sign-ins refused"), map(_told, found.refused))
    yield from _section(_("Changes to the account"), map(_told, found.changes))


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"## {heading}"
    yield ""
    some = False
    for line in lines:
        some = True
        yield f"- {line}"
    if not some:
        yield _("None.")


def _done(declared: Declared, found: Report) -> Iterator[str]:
    yield _("The main password is worth nothing any more.")
    if declared.devices:
        yield _("Devices revoked: {devices}.").format(devices=", ".join(declared.devices))
    yield _("Live sessions were ended. The mail is untouched and goes on arriving.")
    for session in found.live:
        yield _("Session {id} has not ended yet: look again.").format(id=session.id)


def _next(name: str, found: Report) -> Iterator[str]:
    yield _("A new password: {command}").format(command=f"`pillarbox account password {name}`")
    yield _("A new app password for each device: {command}").format(
        command=f"`pillarbox device add {name} NAME`"
    )
    sessions = dict.fromkeys(each.session for each in found.undoable)
    for session in filter(None, sessions):
        count_ = sum(each.session == session for each in found.undoable)
        yield _("{count} messages that a session removed can be brought back: {command}").format(
            count=count_, command=f"`pillarbox maildrop undo {name} --session {session}`"
        )
    if None in sessions:
        yield _("What policies removed can be brought back too: {command}").format(
            command=f"`pillarbox maildrop undo {name}`"
        )
    yield _("Where tokens are taken: revoke the account's at the authorization server.")


def _sessions(found: Report) -> Iterator[str]:
    for each in found.sessions:
        end = end_of(each, found.servers)
        yield _(
            "{at} {who} from {source} by {protocol}, {tls}: {read} read, {seen} in part,"
            " {removed} removed; {end} ({id})"
        ).format(
            at=shown_time(each.began_at),
            who=who(each),
            source=shown(each.source),
            protocol=each.protocol,
            tls=each.tls or _("without TLS"),
            read=count(each.read),
            seen=count(each.seen),
            removed=count(each.removed),
            end=_(ENDS[end]) if end in ENDS else shown(end),
            id=each.id,
        )


def _messages(messages: Sequence[Touched]) -> Iterator[str]:
    for each in messages:
        yield _("{unique_id}, arrived {at}, now: {state}").format(
            unique_id=each.unique_id, at=shown_time(each.arrived_at), state=each.state
        )


def _told(line: Line) -> str:
    facts = facts_in_words(read_facts(line.facts), _)
    return f"{time_in_words(line.at)} {shown(line.event)}{': ' if facts else ''}{facts}"
