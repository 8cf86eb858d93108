"""Sealed secrets: given back as they were, bound to their rows, and never lost to a rotation."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillarbox.accounts.key_ring import Key, KeyRing
from pillarbox.accounts.master_key import CredentialFile, KeyFile
from pillarbox.accounts.secret_store import MissingKeyFault, SecretId, SecretStore
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Rows
from pillarbox.store.disk import Disk
from tests.accounts.fakes import Cut, CutDatabase, CutDisk, Knife, LateDisk

PURPOSE = "remote work"
CANARY = Secret(b"canary in a coal mine")


def key_ids(key_file: KeyFile) -> list[str]:
    ring = key_file.read()
    assert ring is not None
    return [key.id for key in ring.keys]


def keys_of_rows(database: Database) -> set[str]:
    with database.reading() as rows:
        return {key_id for (key_id,) in rows.all("SELECT key_id FROM secrets")}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.binary(), st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_secret_is_given_back_as_it_was(
    secret_store: SecretStore, octets: bytes, purpose: str
) -> None:
    secret_id = secret_store.put(purpose, Secret(octets))

    assert Secret(octets) == secret_store.get(secret_id, purpose)


def test_a_secret_is_given_only_for_its_purpose(secret_store: SecretStore) -> None:
    secret_id = secret_store.put(PURPOSE, CANARY)

    with pytest.raises(StoreFault, match="no secret 1"):
        secret_store.get(secret_id, "remote home")


def test_a_replaced_secret_is_the_new_one(secret_store: SecretStore) -> None:
    secret_id = secret_store.put(PURPOSE, CANARY)

    secret_store.replace(secret_id, PURPOSE, Secret(b"new"))

    assert Secret(b"new") == secret_store.get(secret_id, PURPOSE)


def test_nothing_is_put_where_there_is_nothing_to_replace(secret_store: SecretStore) -> None:
    secret_id = secret_store.put(PURPOSE, CANARY)

    for missing, purpose in ((SecretId(9), PURPOSE), (secret_id, "other")):
        with pytest.raises(StoreFault, match="no secret"):
            secret_store.replace(missing, purpose, Secret(b"new"))

    assert CANARY == secret_store.get(secret_id, PURPOSE)


def test_a_dropped_secret_is_gone_and_its_number_is_not_given_again(
    secret_store: SecretStore,
) -> None:
    first = secret_store.put(PURPOSE, CANARY)
    secret_store.drop(first)
    secret_store.drop(first)

    assert first != secret_store.put(PURPOSE, CANARY)
    with pytest.raises(StoreFault):
        secret_store.get(first, PURPOSE)


def test_the_same_secret_twice_looks_different_each_time(
    secret_store: SecretStore, database: Database
) -> None:
    for _ in range(2):
        secret_store.put(PURPOSE, CANARY)

    with database.reading() as rows:
        assert 2 == len(set(rows.all("SELECT sealed FROM secrets")))


SWAPS = [
    "UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE id = 2) WHERE id = 1",
    "UPDATE secrets SET purpose = 'remote work', id = 3 WHERE id = 2; ",
    "UPDATE secrets SET sealed = x'' WHERE id = 1",
]


@pytest.mark.parametrize("swap", SWAPS)
def test_a_row_that_was_tampered_with_does_not_open(
    secret_store: SecretStore, database: Database, swap: str
) -> None:
    secret_store.put(PURPOSE, CANARY)
    secret_store.put("remote home", CANARY)
    database.write(lambda rows: rows.run(swap))

    with pytest.raises(StoreFault, match="does not open") as caught:
        secret_store.get(SecretId(3 if "id = 3" in swap else 1), PURPOSE)

    assert "canary" not in f"{caught.value!r} {caught.value}"


# A secret that only one purpose has


def test_the_secret_of_a_purpose_is_found_once_it_is_there(secret_store: SecretStore) -> None:
    before = secret_store.find("site")

    put = secret_store.find_or_put("site", CANARY)

    assert (None, CANARY) == (before, put)
    assert CANARY == secret_store.find("site")
    assert CANARY == secret_store.find_or_put("site", Secret(b"another"))


def test_processes_that_look_for_it_together_get_the_same_one(
    tmp_path: Path, clock: FakeClock
) -> None:
    databases = [Database(tmp_path / "pillarbox.db") for _ in range(4)]
    stores = [SecretStore(one, KeyFile(tmp_path / "keys", Disk()), clock) for one in databases]

    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(
                lambda number: stores[number].find_or_put("site", Secret(b"%d" % number)), range(4)
            )
        )

    assert 1 == len({secret.reveal() for secret in found})
    for database in databases:
        database.close()


class LateStore(SecretStore):
    """Does not see yet what another process has put."""

    seen: Secret | None = None

    def find(self, purpose: str) -> Secret | None:
        del purpose
        return self.seen


def test_one_that_another_process_put_meanwhile_is_taken(
    database: Database, key_file: KeyFile, secret_store: SecretStore, clock: FakeClock
) -> None:
    secret_store.put("site", CANARY)

    assert CANARY == LateStore(database, key_file, clock).find_or_put("site", Secret(b"another"))


# The key


def test_reading_makes_no_key(secret_store: SecretStore, key_file: KeyFile) -> None:
    with pytest.raises(StoreFault):
        secret_store.get(SecretId(1), PURPOSE)

    assert key_file.read() is None


def test_processes_that_start_together_make_one_key_together(
    tmp_path: Path, clock: FakeClock
) -> None:
    databases = [Database(tmp_path / "pillarbox.db") for _ in range(4)]
    stores = [SecretStore(one, KeyFile(tmp_path / "keys", Disk()), clock) for one in databases]

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda store: store.put(PURPOSE, CANARY), stores))

    assert [CANARY] * 4 == [stores[0].get(one, PURPOSE) for one in ids]
    assert 1 == len(keys_of_rows(databases[0]))
    for database in databases:
        database.close()


def calls_that_need_the_key(store: SecretStore) -> list[Callable[[], object]]:
    return [
        lambda: store.get(SecretId(1), PURPOSE),
        lambda: store.put(PURPOSE, CANARY),
        lambda: store.replace(SecretId(1), PURPOSE, CANARY),
        store.reseal,
        store.rotate,
    ]


@pytest.mark.parametrize("call", range(5))
def test_a_lost_key_file_is_missed_and_no_new_one_is_invented(
    secret_store: SecretStore, key_file: KeyFile, database: Database, call: int
) -> None:
    secret_store.put(PURPOSE, CANARY)
    before = keys_of_rows(database)
    key_file.path.unlink()

    with pytest.raises(MissingKeyFault, match="Restore that file from a backup"):
        calls_that_need_the_key(secret_store)[call]()

    assert key_file.read() is None
    assert before == keys_of_rows(database)


@pytest.mark.parametrize("call", [0, 3, 4])
def test_another_key_does_not_open_and_the_missing_one_is_named(
    secret_store: SecretStore, key_file: KeyFile, database: Database, call: int
) -> None:
    secret_store.put(PURPOSE, CANARY)
    (missing,) = keys_of_rows(database)
    other = KeyRing((Key("other", Secret(b"o" * 32)),))
    key_file.write(other)

    with pytest.raises(MissingKeyFault, match=missing):
        calls_that_need_the_key(secret_store)[call]()

    assert other == key_file.read()


def test_once_what_it_sealed_is_dropped_a_lost_key_is_missed_no_more(
    secret_store: SecretStore, key_file: KeyFile
) -> None:
    first = secret_store.put(PURPOSE, CANARY)
    key_file.path.unlink()

    secret_store.drop(first)

    assert CANARY == secret_store.get(secret_store.put(PURPOSE, CANARY), PURPOSE)


def test_nothing_is_sealed_under_a_key_whose_name_may_not_be_on_the_disk(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    knife = Knife(at=0)
    store = SecretStore(database, KeyFile(tmp_path / "keys", CutDisk(knife)), clock)
    store.put(PURPOSE, CANARY)
    knife.passed.clear()

    store.put(PURPOSE, CANARY)

    assert ["before sync_folder", "sync_folder"] == knife.passed


# Rotation


def test_a_rotation_seals_everything_anew_and_leaves_one_key(
    secret_store: SecretStore, key_file: KeyFile, database: Database
) -> None:
    ids = [secret_store.put(PURPOSE, Secret(b"%d" % number)) for number in range(3)]
    before = key_ids(key_file)

    secret_store.rotate()

    after = key_ids(key_file)
    assert 1 == len(after)
    assert before != after
    assert set(after) == keys_of_rows(database)
    assert [b"0", b"1", b"2"] == [secret_store.get(one, PURPOSE).reveal() for one in ids]


def test_a_rotation_without_secrets_makes_one_key(
    secret_store: SecretStore, key_file: KeyFile
) -> None:
    secret_store.rotate()

    assert 1 == len(key_ids(key_file))


def test_a_damaged_row_stops_a_rotation_before_any_key_is_thrown_away(
    secret_store: SecretStore, key_file: KeyFile, database: Database
) -> None:
    good, bad = secret_store.put(PURPOSE, CANARY), secret_store.put(PURPOSE, CANARY)
    database.write(lambda rows: rows.run("UPDATE secrets SET sealed = x'' WHERE id = ?", bad))

    with pytest.raises(StoreFault, match="does not open"):
        secret_store.rotate()

    assert 2 == len(key_ids(key_file))
    assert CANARY == secret_store.get(good, PURPOSE)


def test_with_a_systemd_credential_the_operator_adds_the_key_and_we_seal_anew(
    database: Database, tmp_path: Path, clock: FakeClock, key_file: KeyFile
) -> None:
    old, new = Key("old", Secret(b"o" * 32)), Key("new", Secret(b"n" * 32))
    key_file.write(KeyRing((old,)))
    store = SecretStore(database, CredentialFile(key_file.path), clock)
    secret_id = store.put(PURPOSE, CANARY)

    with pytest.raises(OperatorFault, match="systemd credential"):
        store.rotate()
    key_file.write(KeyRing((new, old)))
    store.reseal()
    key_file.write(KeyRing((new,)))

    assert {"new"} == keys_of_rows(database)
    assert CANARY == store.get(secret_id, PURPOSE)


class Home:
    """A home with three secrets, whose rotation is cut at one point."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        with self.opened() as store:
            self.ids = [store.put(PURPOSE, Secret(b"%d" % number)) for number in range(3)]

    def opened(self) -> "Opened":
        return Opened(Database(self._folder / "pillarbox.db"), self._keys(Disk()))

    def cut(self, at: int, disk: type[CutDisk], store: type[SecretStore]) -> Knife:
        knife = Knife(at)
        database = CutDatabase(self._folder / "pillarbox.db", knife)
        try:
            store(database, self._keys(disk(knife)), FakeClock()).rotate()
        finally:
            database.close()
        return knife

    def is_readable(self) -> bool:
        with self.opened() as store:
            try:
                read = [store.get(one, PURPOSE).reveal() for one in self.ids]
            except MissingKeyFault:
                return False
        return read == [b"0", b"1", b"2"]

    def _keys(self, disk: Disk) -> KeyFile:
        return KeyFile(self._folder / "keys", disk)


class Opened:
    """A store as the next process finds it."""

    def __init__(self, database: Database, key_file: KeyFile) -> None:
        self._database = database
        self._key_file = key_file

    def __enter__(self) -> SecretStore:
        return SecretStore(self._database, self._key_file, FakeClock())

    def __exit__(self, *_: object) -> None:
        self._database.close()


def cut_homes(
    folder: Path, disk: type[CutDisk], store: type[SecretStore]
) -> Iterator[tuple[str, Home]]:
    """Yield a home for each point of a rotation at which it can be cut."""
    for at in count(1):
        home = Home(folder / str(at))
        try:
            home.cut(at, disk, store)
        except Cut as cut:
            yield f"{at}: {cut}", home
        else:
            return


@pytest.mark.slow
@pytest.mark.parametrize("disk", [CutDisk, LateDisk])
def test_a_rotation_killed_at_any_point_loses_nothing_and_can_be_run_again(
    tmp_path: Path, disk: type[CutDisk]
) -> None:
    points = []
    for point, home in cut_homes(tmp_path, disk, SecretStore):
        points.append(point)
        assert home.is_readable(), point
        with home.opened() as store:
            store.rotate()
        assert home.is_readable(), point

    assert 28 <= len(points)


class HastyStore(SecretStore):
    """Throws old keys away before the rows under the new one are committed."""

    def reseal(self) -> None:
        def work(rows: Rows) -> None:
            self._seal_all(rows)
            self._throw_old_keys_away(rows)

        self._database.write(work)


@pytest.mark.slow
@pytest.mark.parametrize("disk", [CutDisk, LateDisk])
def test_a_rotation_in_the_wrong_order_is_caught_by_the_knife(
    tmp_path: Path, disk: type[CutDisk]
) -> None:
    homes = cut_homes(tmp_path, disk, HastyStore)

    assert not all(home.is_readable() for _, home in homes)


def test_a_cut_rotation_runs_to_its_end_where_nothing_cuts(tmp_path: Path) -> None:
    knife = Home(tmp_path / "home").cut(0, CutDisk, SecretStore)

    done = [point for point in knife.passed if not point.startswith("before")]
    written = ["sync_folder", "sync", "rename", "sync_folder"]
    assert [
        *["sync_folder", *written, "transaction"],
        *["sync_folder", "transaction"],
        *["sync_folder", *written, "transaction"],
    ] == done


class InterruptedKeyFile(KeyFile):
    """Lets another process do something before the next read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Disk())
        self.first: Callable[[], None] = lambda: None

    def read(self) -> KeyRing | None:
        first, self.first = self.first, lambda: None
        first()
        return super().read()


def test_a_secret_is_found_though_a_rotation_passes_between_row_and_key(
    tmp_path: Path, secret_store: SecretStore, clock: FakeClock
) -> None:
    database = Database(tmp_path / "pillarbox.db")
    interrupted = InterruptedKeyFile(tmp_path / "keys")
    secret_id = secret_store.put(PURPOSE, CANARY)

    interrupted.first = secret_store.rotate
    found = SecretStore(database, interrupted, clock).get(secret_id, PURPOSE)

    assert CANARY == found
    database.close()


class InterruptedStore(SecretStore):
    """Lets another process seal something between the steps of a rotation."""

    def __init__(
        self, database: Database, key_file: KeyFile, between: Callable[[], object]
    ) -> None:
        super().__init__(database, key_file, FakeClock())
        self._between = between

    def reseal(self) -> None:
        self._between()
        super().reseal()
        self._between()


def test_what_another_process_seals_during_a_rotation_stays_readable(
    tmp_path: Path, secret_store: SecretStore
) -> None:
    database = Database(tmp_path / "pillarbox.db")
    ids: list[SecretId] = []

    def put() -> None:
        ids.append(secret_store.put(PURPOSE, CANARY))

    put()
    InterruptedStore(database, KeyFile(tmp_path / "keys", Disk()), put).rotate()
    put()

    assert [CANARY] * 4 == [secret_store.get(one, PURPOSE) for one in ids]
    database.close()


def test_rotations_that_meet_leave_one_key_and_every_secret(
    tmp_path: Path, secret_store: SecretStore, key_file: KeyFile
) -> None:
    database = Database(tmp_path / "pillarbox.db")
    secret_id = secret_store.put(PURPOSE, CANARY)

    InterruptedStore(database, key_file, secret_store.rotate).rotate()

    assert 1 == len(key_ids(key_file))
    assert CANARY == secret_store.get(secret_id, PURPOSE)
    database.close()
