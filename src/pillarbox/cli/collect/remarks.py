"""What somebody should know of a session of collecting besides its counts."""

from collections.abc import Iterator

from pillarbox.cli.words import _
from pillarbox.collector.outcome import Result


def remarks(result: Result) -> Iterator[str]:
    """Yield a sentence for each thing that did not go as was wished, with how often."""
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
