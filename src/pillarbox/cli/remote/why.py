"""`pillarbox remote why`: what is on a server still, and why; answered from the ledger."""

import re

import click

from pillarbox.accounts.remotes import Remote, Role
from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.archive.ledger import Known
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.remote.shown import print_fields
from pillarbox.cli.remote.stuck import WORDS as WORDS_OF_STUCK
from pillarbox.cli.remote.stuck import stuck_fields
from pillarbox.cli.words import _
from pillarbox.collector.plan import Terms
from pillarbox.collector.why import WORDS, standing
from pillarbox.message.headers import read_headers
from pillarbox.store.store import MessageId

NUMBER = re.compile("[0-9]{1,18}")  # what a message of the archive may have


@click.command(help=_("Say whether a message is on the server still, and why; asks no server."))
@click.argument("name")
@click.argument("message", metavar="ID")
@as_json
@click.pass_obj
def why(home: Home, name: str, message: str, *, as_json: bool) -> None:
    """Explain one message, known by its unique-id there or by its number in the archive."""
    with opened(home) as system:
        remote = system.remotes.show(name)
        with system.ledger.reading(remote.id) as known:
            names = [message] if known.get(message) else _names(system, remote, message)
            found = [_fields(system, remote, each, known) for each in names]
        stuck = system.ledger.troubles.stuck(remote.id).get(message)
    if stuck is not None:
        known_as = found[0] if found else {"is_on_server": True, "reason": "stuck"}
        found = [{**known_as, **stuck_fields(stuck), "stuck": stuck.why.value}]
        found[0]["why"] = WORDS_OF_STUCK[stuck.why]
    if not found:
        raise OperatorFault(
            "Nothing is known of {id!r} at {name!r}: no session has listed it.",
            id=message,
            name=name,
        )
    if as_json:
        print_json(found)
        return
    for fields in found:
        fields["why"] = _(str(fields["why"]))
        print_fields(fields)


def _names(system: System, remote: Remote, message: str) -> list[str]:
    is_number = NUMBER.fullmatch(message) is not None
    return system.ledger.names_of(remote.id, MessageId(int(message))) if is_number else []


def _fields(system: System, remote: Remote, unique_id: str, known: Known) -> dict[str, object]:
    entry = known.get(unique_id)
    if entry is None:
        return {}
    settings = remote.settings
    terms = Terms(remote.name, settings.leave, settings.role is Role.READER)
    # The listing's order is not known here; the order in which they came to be known is.
    newer = system.ledger.newer(remote.id, entry)
    found = standing(entry, terms, newer, system.clock.now())
    return {
        "unique_id": unique_id,
        "message": entry.message,
        "is_on_server": found.is_there,
        "reason": found.reason.value,
        "why": WORDS[found.reason],
        "state": entry.state.value,
        "rule": entry.rule,
        "octets": entry.octets,
        "missing_octets": entry.missing_octets,
        "collected_at": shown_time(entry.collected_at),
        "due_at": _time(found.due_at),
        "verified_at": _time(entry.verified_at),
        "vanished_at": _time(entry.vanished_at),
        **_header_fields(system.ledger.header(remote.id, unique_id)),
    }


def _header_fields(octets: bytes | None) -> dict[str, object]:
    """Return what the header says of a message that is not kept: whether it is worth the rest."""
    if octets is None:
        return {}
    headers = read_headers(octets)
    date = headers.date and shown_time(headers.date.timestamp())
    return {"from": headers.sender, "subject": headers.subject, "date": date}


def _time(at: int | None) -> str | None:
    return None if at is None else shown_time(at)
