"""Telling in good time that a certificate runs out."""

import math
from datetime import datetime
from pathlib import Path

from pillarbox.base.clock import DAY_SECONDS, Clock
from pillarbox.journal.journal import Journal
from pillarbox.net.certificates import Certificates, Shown

DAYS_BEFORE = (30, 14, 7, 1)


class ExpiryWatch:
    """Tells each threshold of each certificate once; of one that has run out, at every look."""

    def __init__(self, certificates: Certificates, journal: Journal, clock: Clock) -> None:
        self._certificates = certificates
        self._journal = journal
        self._clock = clock
        self._told: set[tuple[Path, datetime, int]] = set()

    def look(self) -> None:
        """Tell what is to be told now; to be called at the start and every day."""
        for shown in self._certificates.shown:
            self._look_at(shown)

    def _look_at(self, shown: Shown) -> None:
        days = (shown.expires.timestamp() - self._clock.now()) / DAY_SECONDS
        fields = {"file": shown.file, "at": shown.expires.isoformat()}
        if days <= 0:
            self._journal.note("certificate.expired", **fields)
            return
        passed = {(shown.file, shown.expires, limit) for limit in DAYS_BEFORE if days <= limit}
        if passed - self._told:
            self._journal.note("certificate.expires", **fields, days=math.ceil(days))
            self._told |= passed
