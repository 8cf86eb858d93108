"""`pillarbox audit`: what happened to whose account, and whether the record is whole."""

import re
import sys
from collections.abc import Iterable

import click

from pillarbox.accounts.name import read_name
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.cli.options import as_json, of_account_since, print_json, print_json_each
from pillarbox.cli.times import read_time
from pillarbox.cli.words import _
from pillarbox.journal.audit import FIRST_HASH, LOWEST, Audit, Line, Verified, read_facts
from pillarbox.journal.facts import facts_in_words, time_in_words
from pillarbox.journal.journal import shown

HASH = re.compile(r"[0-9a-f]{64}")  # SHA-256
COLUMNS = "{:20}  {:16}  {:22}  {}"  # on a terminal; wider ones push the rest to the right


@click.group(help=_("What happened to whose account."))
def audit() -> None:
    """Hold the commands below."""


@audit.command(name="list", help=_("List what happened, the newest last."))
@of_account_since
@click.pass_obj
def list_(home: Home, account: str | None, since: str | None, *, as_json: bool) -> None:
    """List the audit, line by line: it may be longer than memory."""
    with opened(home) as system:
        start = LOWEST if since is None else read_time(since, system.clock.now())
        kept = Audit(system.database)
        name = None if account is None else _known(kept, account)
        lines = kept.lines(name, start)
        if as_json:
            print_json_each(_fields(line, whose) for line, whose in lines)
        else:
            _print(lines)


@audit.command(help=_("Walk the chain of hashes, and say whether every line is as it was written."))
@click.option("--expect", metavar="HASH", help=_("A head that was noted earlier."))
@as_json
@click.pass_context
def verify(ctx: click.Context, expect: str | None, *, as_json: bool) -> None:
    """Verify the audit."""
    expected = FIRST_HASH if expect is None else _hash(expect)
    with opened(ctx.obj) as system:
        found = Audit(system.database).verify(expected)
    if as_json:
        print_json(_verdict(found))
        ctx.exit(0 if found.is_whole and found.has_expected else 1)
    _refuse_damage(found)
    click.echo(
        _("{lines} lines, each as it was written. Head: {head}").format(
            lines=found.lines, head=found.head.hex()
        )
    )


def _known(kept: Audit, account: str) -> str:
    name = read_name(account)
    if name is None or not kept.has_known(name):
        raise OperatorFault("There has never been an account {name!r}.", name=account)
    return name


def _hash(text: str) -> bytes:
    digits = "".join(text.split()).lower()
    if not HASH.fullmatch(digits):
        raise OperatorFault(
            '--expect takes the 64 digits that "pillarbox audit verify" showed as the head.'
        )
    return bytes.fromhex(digits)


def _refuse_damage(found: Verified) -> None:
    """Raise StoreFault, which says what is wrong, and up to where all is well."""
    if not found.is_whole:
        raise StoreFault(
            "The audit is damaged. The last whole line is {line}, of {time}; what follows was"
            " changed, taken out, moved or put in. Head up to there: {head}",
            line=found.lines,
            time="-" if found.at is None else shown_time(found.at),
            head=found.head.hex(),
        )
    if not found.has_expected:
        raise StoreFault(
            "The audit has {lines} lines, and none of them has the hash that is expected: it was"
            " cut at its end, or made anew. Head: {head}",
            lines=found.lines,
            head=found.head.hex(),
        )


def _verdict(found: Verified) -> dict[str, object]:
    return {
        "whole": found.is_whole,
        "expected": found.has_expected,
        "lines": found.lines,
        "last_at": None if found.at is None else shown_time(found.at),
        "head": found.head.hex(),
    }


def _fields(line: Line, whose: str | None) -> dict[str, object]:
    return {
        "number": line.number,
        "at": time_in_words(line.at),
        "account": whose,
        "event": line.event,
        "facts": read_facts(line.facts),
    }


def _print(lines: Iterable[tuple[Line, str | None]]) -> None:
    form = COLUMNS if sys.stdout.isatty() else "{}\t{}\t{}\t{}"
    for line, whose in lines:
        name = "-" if whose is None else shown(whose)
        facts = facts_in_words(read_facts(line.facts), _)
        click.echo(form.format(time_in_words(line.at), name, shown(line.event), facts))
