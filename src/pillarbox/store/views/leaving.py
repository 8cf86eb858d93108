"""When a message leaves the maildrop: no device that counts is shown it any more. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.store.views.policy import AccountPolicy, AfterRemoval, ViewId, ViewPolicy
from pillarbox.store.views.visibility import LONG_AGO, Facts, Rule, is_shown, rule_of

USE_SECONDS = 3600  # the last use is on record to the hour


class Why(StrEnum):
    """Why a message left; names in the database."""

    DELE = "dele"
    REACH = "reach"
    ALL_HAVE = "all-have"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class View:
    """One view of an account, with what says whether it is waited for."""

    id: ViewId
    policy: ViewPolicy
    is_default: bool  # the main password's
    may_be_used: bool  # neither revoked nor expired, nor a main password that is refused
    used_at: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a message, and by which view; who is not among these knows nothing."""

    arrived_at: int
    wanted_at: int | None
    had_at: Mapping[ViewId, int]
    hidden_at: Mapping[ViewId, int]

    def facts(self, view: ViewId) -> Facts:
        """Return what one view goes by."""
        return Facts(
            self.arrived_at, self.wanted_at, self.had_at.get(view), self.hidden_at.get(view)
        )


class Audience:
    """The views of one account at one moment, and what is decided for all of them together.

    Active is a view that was used within the reach; a device that was never used counts from its
    making, a main password that was never used counts where no device is active.
    """

    def __init__(self, account: AccountPolicy, views: Sequence[View], now: int) -> None:
        self.account = account
        self._now = now
        usable = [view for view in views if view.may_be_used]
        recent = [view for view in usable if self._is_recent(view)]
        has_device = any(not view.is_default for view in recent)
        self._active = self._rules(recent, has_device=has_device)
        self._living = self._rules(usable, has_device=has_device)
        self._retentions = [view.policy.retention_days for view in usable]

    @property
    def unbounded(self) -> list[ViewId]:
        """The active views that show whatever is not removed, however old it is."""
        return [view for view, rule in self._active.items() if rule.after == LONG_AGO]

    def reason_to_leave(self, message: Known) -> Why | None:
        """Return why a message leaves the maildrop now, None where it stays."""
        account = self.account
        if _is_over(message, account.retention_days, self._now):
            return Why.RETENTION
        if account.removes_what_all_have and self._all_have(message):
            return Why.ALL_HAVE
        if self.is_done_with(message):
            return Why.REACH
        if account.after_removal is AfterRemoval.KEEP or self._is_shown(message):
            return None
        # A window alone removes nothing: it may be opened again.
        is_over = any(_is_over(message, days, self._now) for days in self._retentions)
        return Why.RETENTION if is_over else None

    def is_done_with(self, message: Known) -> bool:
        """Return whether somebody's DELE takes a message out: nobody is shown it any more."""
        is_removed = message.wanted_at is not None or bool(message.hidden_at)
        is_kept = self.account.after_removal is AfterRemoval.KEEP
        return is_removed and not is_kept and not self._is_shown(message)

    def _is_recent(self, view: View) -> bool:
        last = view.created_at if view.used_at is None else view.used_at + USE_SECONDS
        return last > self._now - self.account.reach_days * DAY_SECONDS

    def _rules(self, views: Sequence[View], *, has_device: bool) -> dict[ViewId, Rule]:
        """Return what each shows; a main password that nobody uses beside devices shows nobody."""
        return {
            view.id: rule_of(self.account, view.policy, self._now)
            for view in views
            if not (view.is_default and view.used_at is None and has_device)
        }

    def _is_shown(self, message: Known) -> bool:
        # A master's DELE waits for the devices that are about. A reader's counts for itself alone:
        # to one that was away for months the message is shown whenever it comes back. Where none is
        # about, as when all were revoked after an incident, those that are to come are waited for.
        if message.wanted_at is not None and not self._active:
            return message.wanted_at > self._now - self.account.waiting_seconds
        views = self._living if message.wanted_at is None else self._active
        return any(is_shown(message.facts(view), rule) for view, rule in views.items())

    def _all_have(self, message: Known) -> bool:
        has = [view in message.had_at for view in self._active]
        shows = [is_shown(message.facts(view), rule) for view, rule in self._active.items()]
        is_kept = self.account.after_removal is AfterRemoval.KEEP and message.wanted_at is not None
        is_waited_for = any(shown and not had for had, shown in zip(has, shows, strict=True))
        return any(has) and not is_waited_for and not is_kept


def _is_over(message: Known, days: int | None, now: int) -> bool:
    return bool(days) and message.arrived_at <= now - (days or 0) * DAY_SECONDS
