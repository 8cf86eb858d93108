"""`pillarbox remote why`: what is on a server still, and why; answered from the ledger."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import click

from pillarbox.accounts.remote_settings import Role
from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.archive.ledger import Known, LedgerEntry, State
from pillarbox.archive.not_kept import not_kept
from pillarbox.archive.troubles import Stuck
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.options import as_json, print_json, print_json_each, print_table
from pillarbox.cli.remote.shown import print_fields, word
from pillarbox.cli.remote.stuck import WORDS as WORDS_OF_STUCK
from pillarbox.cli.remote.stuck import stuck_fields
from pillarbox.cli.words import _
from pillarbox.collector.plan import Terms
from pillarbox.collector.why import WORDS, standing
from pillarbox.message.headers import read_headers
from pillarbox.store.store import MessageId

NUMBER = re.compile("[0-9]{1,18}")  # what a message of the archive may have
PAGE = 200  # lines of a table; the columns of the next page may have other widths


@click.command(
    help=_(
        "Say whether a message is on the server still, and why; without ID, list what is there and"
        " not stored whole. It asks no server."
    )
)
@click.argument("name")
@click.argument("message", metavar="[ID]", required=False)
@as_json
@click.pass_obj
def why(home: Home, name: str, message: str | None, *, as_json: bool) -> None:
    """Explain one message, known by its unique-id there or by its number in the archive; or all."""
    with _opened(home, name) as about:
        if message is None:
            _print_all(about.not_kept(), as_json=as_json)
            return
        found = about.named(message)
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
        print_fields({**fields, "why": _(str(fields["why"]))})


def _print_all(found: Iterator[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        print_json_each(found)
        return
    headings = (_("Unique-id"), _("Octets"), _("From"), _("Subject"), _("Why"))
    keys = ("unique_id", "octets", "from", "subject")
    while page := list(islice(found, PAGE)):
        rows = [(*(word(each.get(key)) for key in keys), _(str(each["why"]))) for each in page]
        print_table(headings, rows)


@contextmanager
def _opened(home: Home, name: str) -> Iterator["_About"]:
    with opened(home) as system:
        remote = system.remotes.show(name)
        stuck = system.ledger.troubles.stuck(remote.id)
        with system.ledger.reading(remote.id) as known:
            yield _About(system, remote, known, stuck)


@dataclass(frozen=True, slots=True)
class _About:
    """What is known of a remote's messages at one moment."""

    system: System
    remote: Remote
    known: Known
    stuck: Mapping[str, Stuck]

    def named(self, message: str) -> list[dict[str, object]]:
        """Return what is known of a message, by its unique-id or by its number in the archive."""
        names = [message]
        if message not in self.stuck and self.known.get(message) is None:
            is_number = NUMBER.fullmatch(message) is not None
            number = MessageId(int(message) if is_number else 0)
            names = self.system.ledger.names_of(self.remote.id, number)
        return [self._known(each) for each in names]

    def not_kept(self) -> Iterator[dict[str, object]]:
        """Yield what is known of each message that is there and is not stored whole."""
        names = not_kept(self.system.database, self.remote.id)
        # What has come to be known since that moment is for the next time.
        return filter(None, map(self._known, dict.fromkeys([*names, *self.stuck])))

    def _known(self, unique_id: str) -> dict[str, object]:
        entry, stuck = self.known.get(unique_id), self.stuck.get(unique_id)
        fields = {} if entry is None else self._fields(unique_id, entry)
        if stuck is None:
            return fields
        fields = fields or {"is_on_server": True, "reason": "stuck"}
        words = WORDS_OF_STUCK[stuck.why]
        return {**fields, **stuck_fields(stuck), "stuck": stuck.why.value, "why": words}

    def _fields(self, unique_id: str, entry: LedgerEntry) -> dict[str, object]:
        system, remote, settings = self.system, self.remote, self.remote.settings
        terms = Terms(remote.name, settings.leave, settings.role is Role.READER)
        # The listing's order is not known here; the order in which they came to be known is.
        newer = system.ledger.newer(remote.id, entry) if entry.state is State.KEPT else 0
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
