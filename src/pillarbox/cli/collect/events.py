"""What happens while collecting, for programs: one JSON object a line, as soon as it happens."""

import json
from dataclasses import dataclass, fields

import click

from pillarbox.accounts.remotes import Remote
from pillarbox.app.watcher import Ended
from pillarbox.archive.keep import Filed
from pillarbox.archive.remote_states import Stale
from pillarbox.base.clock import Clock, shown_time
from pillarbox.base.errors import Fault
from pillarbox.cli.remote.stuck import stuck_fields
from pillarbox.cli.words import said
from pillarbox.collector.outcome import Result
from pillarbox.collector.progress import Progress

COUNTS = [field.name for field in fields(Result) if field.name not in {"outcome", "stuck", "fault"}]


def fields_of(ended: Ended) -> dict[str, object]:
    """Return what came of one remote."""
    result = ended.result
    return {
        "remote": ended.remote.name,
        "outcome": result.outcome.name.lower(),
        **{name: getattr(result, name) for name in COUNTS},
        "stuck": [stuck_fields(stuck) for stuck in result.stuck],
        "fault": None if result.fault is None else said(result.fault),
    }


class Events:
    """Prints started, planned, kept, removed, failed, ended and stale."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def begins(self, remote: Remote) -> Progress:
        """Print that a session begins."""
        self.tell("started", remote=remote.name)
        return _Told(self, remote.name)

    def ended(self, ended: Ended) -> None:
        """Print what came of it."""
        result, name = ended.result, ended.remote.name
        if result.removed or result.perhaps_removed:
            self.tell(
                "removed",
                remote=name,
                removed=result.removed,
                perhaps_removed=result.perhaps_removed,
            )
        if result.fault is not None:
            self.tell("failed", remote=name, fault=said(result.fault))
        self.tell("ended", **fields_of(ended))

    def stale(self, stale: Stale) -> None:
        """Print that nothing has been collected for too long."""
        self.tell("stale", remote=stale.name, since=shown_time(stale.since))

    def failed(self, fault: Fault) -> None:
        """Print that the remotes cannot be read."""
        self.tell("failed", remote=None, fault=said(fault))

    def tell(self, event: str, **facts: object) -> None:
        """Print one event."""
        line = {"event": event, "at": shown_time(self._clock.now()), **facts}
        click.echo(json.dumps(line).replace("\x7f", "\\u007f"))


@dataclass(frozen=True, slots=True)
class _Told:
    events: Events
    name: str

    def planned(self, messages: int, octets: int) -> None:
        """Print how much there is to do."""
        self.events.tell("planned", remote=self.name, messages=messages, octets=octets)

    def received(self, octets: int) -> None:
        """Print nothing: there are too many of these."""

    def kept(self, filed: Filed) -> None:
        """Print that one more message is durable."""
        self.events.tell(
            "kept",
            remote=self.name,
            unique_id=filed.unique_id,
            octets=filed.octets,
            is_new=filed.is_new,
        )
