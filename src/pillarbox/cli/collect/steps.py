"""What `collect --dry-run` prints: one step a message, and why."""

from collections.abc import Sequence

import click

from pillarbox.cli.options import print_table
from pillarbox.cli.words import _
from pillarbox.collector.plan import Fetch, Peek, Remove, Skip, Step
from pillarbox.collector.why import WORDS


def step_fields(step: Step) -> dict[str, object]:
    """Return a step as programs read it; `detail` names a rule, a limit or a unique-id."""
    listed = step.listed
    fields: dict[str, object] = {
        "step": type(step).__name__.lower(),
        "number": listed.number,
        "unique_id": listed.unique_id,
        "octets": listed.octets,
        "reason": step.reason.value,
        "detail": _detail(step),
    }
    if isinstance(step, Fetch):
        decision = step.decision
        fields["tags"] = list(decision.tags)
        fields["set_aside"] = decision.set_aside
        fields["account"] = decision.account
    return fields


def print_steps(remote: str, steps: Sequence[Step]) -> None:
    """Print the steps of one remote for people."""
    click.echo(_("{name}: nothing was fetched, written or removed.").format(name=remote))
    headings = (_("Number"), _("Octets"), _("Step"), _("Unique-id"), _("Why"))
    print_table(headings, [_cells(step) for step in steps])


def _cells(step: Step) -> tuple[object, ...]:
    detail = _detail(step)
    why = _(WORDS[step.reason]) + (f" ({detail})" if detail else "")
    return (
        step.listed.number,
        step.listed.octets,
        _word(step),
        step.listed.unique_id or "-",
        why,
    )


def _detail(step: Step) -> str | None:
    match step:
        case Skip(detail=detail):
            return detail
        case Fetch(decision=decision):
            return decision.rule
        case _:
            return None


def _word(step: Step) -> str:
    match step:
        case Skip():
            return _("leave")
        case Peek():
            return _("look")
        case Fetch():
            return _("fetch")
        case Remove():
            return _("remove")
