"""The journal tells in good time that a certificate runs out."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pillarbox.app.certificates import SERVER_DAYS, make_certificates
from pillarbox.app.expiry import ExpiryWatch
from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.journal.journal import Journal
from pillarbox.net.certificates import Certificates, Pair


class Watched:
    """A certificate that was made now, and all that the journal was told of it."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.pair = Pair(folder / "certificate.pem", folder / "key.pem")
        self.renew()
        self.certificates = Certificates([self.pair])
        self.journal = io.StringIO()
        self.watch = ExpiryWatch(self.certificates, Journal(self.journal, self.clock), self.clock)

    def renew(self) -> None:
        made = make_certificates("localhost", datetime.fromtimestamp(self.clock.now(), UTC))
        self.pair.certificate.write_bytes(made.certificate)
        self.pair.key.write_bytes(made.key)

    def wait(self, days: float) -> None:
        self.clock.advance(days * DAY_SECONDS)

    def told(self) -> list[str]:
        """Look, and return what is told now: each event's name, and the days where it has any."""
        before = len(self.journal.getvalue())
        self.watch.look()
        lines = self.journal.getvalue()[before:].splitlines()
        return [_short(line) for line in lines]


def _short(line: str) -> str:
    _, event, *fields = line.split(" ")
    return " ".join([event, *(field for field in fields if field.startswith("days="))])


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_each_threshold_is_told_once(watched: Watched) -> None:
    told = {}
    for day in range(SERVER_DAYS):
        for event in watched.told():
            told[day] = event
        watched.wait(days=1)

    assert {
        SERVER_DAYS - left: f"certificate.expires days={left}" for left in (30, 14, 7, 1)
    } == told


def test_after_a_late_start_the_passed_thresholds_are_told_as_one(watched: Watched) -> None:
    watched.wait(SERVER_DAYS - 5.5)

    assert ["certificate.expires days=6"] == watched.told()
    assert [] == watched.told()


def test_a_certificate_that_has_run_out_is_told_at_every_look(watched: Watched) -> None:
    watched.wait(SERVER_DAYS)

    assert ["certificate.expired"] == watched.told()
    assert ["certificate.expired"] == watched.told()


def test_a_renewed_certificate_is_told_anew(watched: Watched) -> None:
    watched.wait(SERVER_DAYS - 20)
    assert ["certificate.expires days=20"] == watched.told()
    watched.renew()
    watched.certificates.reload()

    assert [] == watched.told()

    watched.wait(SERVER_DAYS - 20)

    assert ["certificate.expires days=20"] == watched.told()


def test_the_event_says_which_file_and_when(watched: Watched) -> None:
    watched.wait(SERVER_DAYS)
    watched.told()

    line = watched.journal.getvalue()
    expires = datetime.fromtimestamp(watched.clock.now(), UTC).isoformat()
    assert line.endswith(f" certificate.expired file={watched.pair.certificate} at={expires}\n")
