"""A maildrop holds what its quota lets in; what is used is counted however a message moves."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.files import FULL, NEVER_FITS, Delivered, FileDelivery
from pillarbox.store.mail_files import Refused
from pillarbox.store.quota import MaildropFullError, NeverFitsError, Quotas, Use
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.views.policy import AccountPolicy

MROSE, OTHER = AccountId(1), AccountId(2)


class Place:
    """A store whose site gives every maildrop 100 octets."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "pillarbox.db")
        self.database.write(
            lambda rows: rows.run_each(
                "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)",
                [("mrose",), ("other",)],
            )
        )
        self.store = SqliteStore(
            self.database,
            MemoryBlobs(),
            folder / "leases",
            FakeClock(),
            AccountPolicy(quota_octets=100),
        )
        self.quotas = Quotas(self.database, 100)

    def deliver(self, octets: int, account: AccountId = MROSE) -> str:
        with self.store.incoming() as incoming:
            incoming.write(b"x" * (octets - 2) + b"\r\n")
            return self.store.deliver(incoming.keep(), account)

    def run(self, sql: str, *values: object) -> int:
        return self.database.write(lambda rows: rows.run(sql, *values))

    def alerts(self) -> list[tuple[object, ...]]:
        with self.database.reading() as rows:
            return rows.all("SELECT kind, account_id, facts FROM alerts")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    with closing(made.database):
        yield made


def test_a_maildrop_takes_all_that_fits_and_not_one_octet_more(place: Place) -> None:
    place.deliver(60)
    place.deliver(40)

    with pytest.raises(MaildropFullError, match="holds 100 octets of 100"):
        place.deliver(3)
    assert Use(100, 100) == place.quotas.use(MROSE)
    assert place.quotas.use(MROSE).is_full
    assert not place.quotas.use(OTHER).is_full


def test_what_is_bigger_than_the_whole_maildrop_never_fits(place: Place) -> None:
    with pytest.raises(NeverFitsError, match="101 octets"):
        place.deliver(101)

    assert Use(0, 100) == place.quotas.use(MROSE)


@pytest.mark.parametrize(("quota", "is_refused"), [(None, True), (0, False), (1000, False)])
def test_an_account_s_own_quota_goes_before_the_site_s(
    place: Place, quota: int | None, is_refused: bool
) -> None:
    place.run("UPDATE accounts SET quota_octets = ? WHERE id = 1", quota)

    if is_refused:
        with pytest.raises(NeverFitsError):
            place.deliver(200)
    else:
        place.deliver(200)
    assert (0 if is_refused else 200) == place.quotas.use(MROSE).used_octets


def test_what_is_used_follows_a_message_out_of_the_maildrop_and_back(place: Place) -> None:
    unique_id = place.deliver(30)
    place.deliver(30)
    place.deliver(20, OTHER)
    used = []
    for state in ("removed", "archive", "maildrop", "maildrop"):
        place.run("UPDATE messages SET state = ? WHERE unique_id = ?", state, unique_id)
        used.append(place.quotas.use(MROSE).used_octets)
    place.run("DELETE FROM messages WHERE unique_id = ?", unique_id)

    assert [30, 30, 60, 60] == used
    assert [30, 20] == [place.quotas.use(each).used_octets for each in (MROSE, OTHER)]


def test_somebody_is_told_once_each_time_that_80_percent_are_passed(place: Place) -> None:
    place.deliver(79)
    assert [] == place.alerts()
    last = place.deliver(3)
    place.deliver(3)
    facts = '{"quota_octets":100,"used_octets":82}'
    assert [("quota", MROSE, facts)] == place.alerts()

    place.run("UPDATE messages SET state = 'removed' WHERE unique_id <> ?", last)
    place.deliver(80)

    assert 2 == len(place.alerts())


def test_somebody_is_told_of_a_quota_that_was_set_below_what_lies_there(place: Place) -> None:
    place.deliver(50)
    place.run("UPDATE accounts SET quota_octets = 60 WHERE id = 1")
    for _ in range(2):
        place.quotas.look(1)
    assert [("quota", MROSE, '{"quota_octets":60,"used_octets":50}')] == place.alerts()

    place.run("UPDATE accounts SET quota_octets = 600 WHERE id = 1")
    place.quotas.look(1)
    place.run("UPDATE accounts SET quota_octets = 60 WHERE id = 1")
    place.quotas.look(1)

    assert 2 == len(place.alerts())


def test_a_delivery_that_is_refused_tells_nobody(place: Place) -> None:
    place.deliver(70)
    with pytest.raises(MaildropFullError):
        place.deliver(40)

    assert [] == place.alerts()


def test_an_account_that_nobody_has_uses_nothing(place: Place) -> None:
    assert Use(0, 0) == place.quotas.use(AccountId(99))


def test_files_that_do_not_fit_are_refused_and_the_others_are_delivered(
    place: Place, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{number}.eml" for number in range(4)]
    for path, octets in zip(paths, (60, 101, 50, 30), strict=True):
        path.write_bytes(b"x" * (octets - 2) + b"\r\n")

    assert [
        Delivered(paths[0], 60),
        Refused(paths[1], NEVER_FITS),
        Refused(paths[2], FULL),
        Delivered(paths[3], 30),
    ] == list(FileDelivery(place.store, MROSE, paths).run())
