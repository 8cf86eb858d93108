"""What the sessions of one run say together, and whether another one is worth it."""

from contextlib import suppress
from dataclasses import replace

from pillarbox.base.clock import Clock
from pillarbox.base.errors import Fault
from pillarbox.client.faults import PipeliningFault
from pillarbox.collector.deadline import Deadline
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.manners import RESUME_SECONDS, RESUMES, Learned, resumes_after
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.collector.progress import Progress
from pillarbox.collector.source import Source
from pillarbox.collector.troubled import Troubled


class Run:
    """The sessions of one run, one after the other: `resumes` more than one at most."""

    def __init__(
        self,
        source: Source,
        progress: Progress,
        deadline: Deadline,
        learned: Learned,
        resumes: int = RESUMES,
    ) -> None:
        self.source = source
        self.progress = progress
        self.deadline = deadline
        self.learned = learned
        self.result = Result(Outcome.NONE)
        self.leaves = resumes > 0  # what is stuck, until a session has done all the rest
        self._resumes = resumes
        self._is_rest_done = False  # all but what is stuck
        self._tries = self._idle = 0

    def note(self, last: Result, troubled: Troubled) -> float | None:
        """Take what came of a session; return the seconds before the next one, None for none."""
        has_gained = bool(last.collected or last.known or last.removed or troubled.has_found)
        is_at_message = troubled.broken_at is not None
        self._tries += 1
        self._idle = 0 if has_gained else self._idle + 1
        is_at_stuck = self._is_rest_done and is_at_message
        self._add(_remarked(last) if is_at_stuck else last)
        lies = isinstance(last.fault, PipeliningFault) and self.source.server.pipelining
        if lies:
            self._pipeline_no_more()
        if self._tries > self._resumes or (is_at_stuck and not has_gained):
            return None
        if lies:
            return RESUME_SECONDS[0]
        if last.fault is None and troubled.has_left:
            self.leaves, self._is_rest_done = False, True
            return max(RESUME_SECONDS[0], self.learned.login_delay_seconds or 0)
        return self._rest_after(last.fault, is_at_message=is_at_message)

    def _add(self, last: Result) -> None:
        self.result = together(self.result, last) if self._tries > 1 else last

    def _pipeline_no_more(self) -> None:
        self.source = replace(self.source, server=replace(self.source.server, pipelining=False))
        self.learned = replace(self.learned, has_failed_pipelining=True)

    def _rest_after(self, fault: Fault | None, *, is_at_message: bool) -> float | None:
        delay = self.learned.login_delay_seconds
        rest = resumes_after(fault, self._tries, self._idle, delay, is_at_message=is_at_message)
        if rest is not None:
            self.learned = replace(self.learned, resumed=self.learned.resumed + 1)
        return rest

    def planned(self, clock: Clock, listed: int, messages: int, octets: int) -> None:
        """Hear that we were let in, how many are listed, and how much of it there is to do."""
        self.learned = replace(self.learned, logged_in_at=clock.now())
        self.deadline.found(listed, octets)
        self.progress.planned(messages, octets)

    async def learn(self, server: Mailbox) -> None:
        """Take what the server has announced, which costs nothing once it has been listed."""
        if self.learned.logged_in_at is None:
            return
        with suppress(Fault):
            facts = await server.facts()
            self.learned = replace(
                self.learned,
                login_delay_seconds=facts.login_delay_seconds,
                expire_days=facts.expire_days,
            )


def _remarked(last: Result) -> Result:
    """Return a session as it counts where all the rest went well: what cannot be had is told."""
    return replace(last, fault=None, outcome=Outcome.SERVER)


SUMMED = (
    "collected",
    "known",
    "octets",
    "removed",
    "elsewhere",
    "moved",
    "over_quota",
    "incomplete",
    "vanished",
)


def together(before: Result, last: Result) -> Result:
    """Return what two sessions of one run say together."""
    sums = {name: getattr(before, name) + getattr(last, name) for name in SUMMED}
    outcome = last.outcome
    if outcome is Outcome.NONE and before.collected:
        outcome = Outcome.MAIL
    stuck = last.stuck if last.listed else before.stuck
    listed = max(before.listed, last.listed)
    return replace(last, outcome=outcome, listed=listed, stuck=stuck, **sums)
