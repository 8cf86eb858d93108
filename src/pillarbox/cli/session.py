"""`pillarbox session`: what happened when a client came."""

from collections.abc import Iterator

import click

from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.app.servers import living
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.options import as_json, of_account_since, print_json, print_table
from pillarbox.cli.session_words import ENDS, NOTES, STAGES
from pillarbox.cli.times import read_time
from pillarbox.cli.words import _
from pillarbox.journal.journal import shown
from pillarbox.journal.session_record import FIRST_STEPS, Step, Told, count
from pillarbox.journal.sessions import Session

MOST = 10_000  # sessions in a list; --since asks for less
KILO = 1000
UNITS = ("octets", "kB", "MB", "GB", "TB")


@click.group(help=_("What happened when a client came."))
def session() -> None:
    """Hold the commands below."""


@session.command(name="list", help=_("List sessions, the newest last."))
@of_account_since
@click.pass_obj
def list_(home: Home, account: str | None, since: str | None, *, as_json: bool) -> None:
    """List sessions."""
    with opened(home) as system:
        start = 0 if since is None else read_time(since, system.clock.now())
        whose = None if account is None else system.accounts.show(account).id
        found = system.sessions.list(whose, start, MOST)
        servers = living(home.servers)
    if as_json:
        print_json([fields(each, servers) for each in found])
        return
    headings = (
        *(_("Session"), _("Began"), _("Who"), _("Source"), _("TLS"), _("End")),
        *(_("Messages read"), _("Octets"), _("Messages removed")),
    )
    print_table(headings, [_row(each, servers) for each in found])


@session.command(help=_("Show one session step by step."))
@click.argument("id_", metavar="ID")
@as_json
@click.pass_obj
def show(home: Home, id_: str, *, as_json: bool) -> None:
    """Show one session."""
    with opened(home) as system:
        found, told = _require(system, id_)
        servers = living(home.servers)
    if as_json:
        print_json({**fields(found, servers), **_told_fields(told)})
        return
    for line in (*_head(found, servers), *_body(found, told)):
        click.echo(line)


def _require(system: System, id_: str) -> tuple[Session, Told]:
    found = system.sessions.show(id_)
    if found is None:
        raise OperatorFault(
            'There is no session {id!r}. "pillarbox session list" names them.', id=id_
        )
    return found


def end_of(session: Session, servers: frozenset[str]) -> str:
    """Return how a session ended, or that it lives, as a word for programs."""
    if session.ended_at is None:
        return "live" if session.server in servers else "cut short"
    return session.how or ""


def who(session: Session) -> str:
    """Return whose session it was, `account+device`; in brackets who was tried in vain."""
    if session.account_name is None:
        return f"({session.tried_name})" if session.tried_name else "-"
    device = session.device_name
    return session.account_name if device is None else f"{session.account_name}+{device}"


def fields(session: Session, servers: frozenset[str]) -> dict[str, object]:
    """Return a session for programs."""
    return {
        "id": session.id,
        "account": session.account_name,
        "device": session.device_name,
        "tried": session.tried_name,
        "began_at": shown_time(session.began_at),
        "ended_at": None if session.ended_at is None else shown_time(session.ended_at),
        "end": end_of(session, servers),
        "from": session.source,
        "protocol": session.protocol,
        "tls": session.tls,
        "mechanism": session.mechanism,
        "octets": session.octets,
        "read": count(session.read),
        "seen_in_part": count(session.seen),
        "removed": count(session.removed),
    }


def _row(session: Session, servers: frozenset[str]) -> tuple[object, ...]:
    end = end_of(session, servers)
    return (
        session.id,
        shown_time(session.began_at),
        who(session),
        f"{shown(session.source)} {session.protocol}",
        (session.tls or "-").partition(" ")[0],
        _(ENDS[end]) if end in ENDS else shown(end),
        count(session.read),
        session.octets,
        count(session.removed),
    )


def _head(session: Session, servers: frozenset[str]) -> Iterator[str]:
    end = end_of(session, servers)
    ended = "" if session.ended_at is None else shown_time(session.ended_at)
    yield _("Session {id}").format(id=session.id)
    for label, text in (
        (_("Who"), who(session)),
        (_("Source"), f"{shown(session.source)}, {session.protocol}"),
        (_("TLS"), session.tls or _("none")),
        (_("Logged in by"), session.mechanism or "-"),
        (_("Began"), shown_time(session.began_at)),
        (_("End"), f"{ended} {_(ENDS[end]) if end in ENDS else shown(end)}".strip()),
        (_("Messages read"), f"{count(session.read)} ({_octets(session.octets)})"),
        (_("Messages removed"), str(count(session.removed))),
    ):
        yield f"  {label}: {text}"


def _body(session: Session, told: Told) -> Iterator[str]:
    stage = ""
    for number, step in enumerate(told.steps, start=1):
        if step.stage != stage:
            stage = step.stage
            yield ""
            yield _(STAGES[stage])
        yield from _step(session, step)
        if told.left_out and number == FIRST_STEPS:
            yield "  " + _("… {count} steps are left out …").format(count=told.left_out)
    if not told.steps:
        yield ""
        yield _("What happened in it is known when it is over.")


def _step(session: Session, step: Step) -> Iterator[str]:
    words = f"{step.what} {_arguments(session, step)}".strip()
    if step.count > 1:
        words += f" x {step.count:,}, {_octets(step.octets)}"
    reply = f"  {_printable(step.reply)}" if step.reply else ""
    yield f"  {step.at_ms / KILO:9.3f} s  {words}{reply}"
    for note in step.notes:
        yield f"  {'':11}  ! {_(NOTES[note]) if note in NOTES else shown(note)}"


def _arguments(session: Session, step: Step) -> str:
    if step.what == "USER" and session.account_name is not None:
        return session.account_name
    return step.first if step.first == step.last else f"{step.first} … {step.last}"


def _printable(text: str) -> str:
    """Return our own words as they are, but never a control character."""
    return text if text.isprintable() else shown(text)


def _octets(octets: int) -> str:
    value, unit = float(octets), 0
    while value >= KILO and unit < len(UNITS) - 1:
        value, unit = value / KILO, unit + 1
    return f"{value:,.0f} {UNITS[unit]}"


def _told_fields(told: Told) -> dict[str, object]:
    return {
        "left_out": told.left_out,
        "counts": dict(told.counts),
        "steps": [
            {
                "at": step.at_ms / KILO,
                "stage": step.stage,
                "what": step.what,
                "first": step.first,
                "last": step.last,
                "count": step.count,
                "reply": step.reply,
                "octets": step.octets,
                "notes": list(step.notes),
            }
            for step in told.steps
        ],
    }
