"""What somebody should know of a session of collecting besides its counts."""

from collections.abc import Iterator

from pillarbox.cli.remote.stuck import WORDS
from pillarbox.cli.words import _
from pillarbox.collector.outcome import Result


def remarks(result: Result, expires_days: int | None = None) -> Iterator[str]:
    """Yield a sentence for each thing that did not go as was wished, with how often.

    `expires_days` where a server is now known to remove mail sooner than was asked for.
    """
    if result.vanished:
        yield _(
            "Gone from the server, and not by us, most of what was there: {count}."
            " What was collected stays here."
        ).format(count=result.vanished)
    if expires_days is not None:
        yield _(
            "The server removes mail after {days} days (EXPIRE), sooner than is asked for."
        ).format(days=expires_days)
    if result.refused:
        yield _(
            "The server lists them and did not give them, so asked for again next time: {count}"
        ).format(count=result.refused)
    if result.over_quota:
        yield _("In the archive only, as the maildrop has no room: {count}").format(
            count=result.over_quota
        )
    if result.incomplete:
        yield _("Fewer octets came than the server lists, so left there: {count}").format(
            count=result.incomplete
        )
    if result.damaged:
        yield _("Stored octets are not what came, so fetched again next time: {count}").format(
            count=result.damaged
        )
    for stuck in result.stuck:
        yield _("{name!r} ({octets} octets) did not come whole, {times} times: {why}").format(
            name=stuck.name, octets=stuck.octets, times=stuck.times, why=_(WORDS[stuck.why])
        )
