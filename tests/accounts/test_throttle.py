"""The throttle: attempts let through, refused, given back; strangers, known pairs and locks."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.accounts.throttle import rows as kept
from pillarbox.accounts.throttle import tickets
from pillarbox.accounts.throttle.buckets import BUCKETS, Kind
from pillarbox.accounts.throttle.names import ThrottledNames
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.names import SessionId, SignIn
from pillarbox.db.sqlite import Database, Rows

HERE, THERE = "192.0.2.1", "198.51.100.1"
DAY = 86_400
SESSIONS = map(str, itertools.count())
PAIR = BUCKETS[Kind.PAIR].capacity
SOURCE = BUCKETS[Kind.SOURCE].capacity
ACCOUNT = BUCKETS[Kind.ACCOUNT].capacity
KNOWN = BUCKETS[Kind.KNOWN].capacity


def sign_in(source: str = HERE) -> SignIn:
    return SignIn(SessionId(next(SESSIONS)), source, "pop3", None)


@pytest.fixture
def throttle(database: Database, clock: FakeClock, keys: SiteKeys) -> Throttle:
    return Throttle(database, clock, ThrottledNames(keys))


@pytest.fixture
def other_process(tmp_path: Path, clock: FakeClock, key_file: KeyFile) -> Iterator[Throttle]:
    database = Database(tmp_path / "pillarbox.db")
    secrets = SecretStore(database, key_file, clock)
    yield Throttle(database, clock, ThrottledNames(SiteKeys(secrets)))
    database.close()


def fail(throttle: Throttle, name: str = "mrose", source: str = HERE) -> float | None:
    """Try a wrong password; return what `delay` said of it."""
    attempt = sign_in(source)
    seconds = throttle.delay(name, attempt)
    if seconds is not None:
        throttle.refused(name, attempt)
    return seconds


def succeed(throttle: Throttle, name: str = "mrose", source: str = HERE) -> float | None:
    """Try the right password; return what `delay` said of it."""
    attempt = sign_in(source)
    seconds = throttle.delay(name, attempt)
    if seconds is not None:
        throttle.give_back(attempt)
        throttle.let_in(name, attempt)
    return seconds


def tried(outcomes: list[float | None]) -> int:
    return sum(seconds is not None for seconds in outcomes)


def count(database: Database, table: str) -> int:
    with database.reading() as rows:
        found = rows.one(f"SELECT count(*) FROM {table}")
    assert found
    return int(found[0])


# Strangers


def test_a_stranger_waits_longer_and_longer_and_is_then_refused(throttle: Throttle) -> None:
    outcomes = [fail(throttle) for _ in range(PAIR + 2)]

    assert [0, 0, 0.5, 1, 2, 4, 8, 8, None, None] == outcomes


@pytest.mark.parametrize("name", ["nobody", "x" * 200, "MROSE", "mrose+phone", "パス"])
def test_a_name_that_nobody_has_costs_what_any_costs(
    throttle: Throttle, accounts: Accounts, name: str
) -> None:
    accounts.add("mrose")

    outcomes = [fail(throttle, name) for _ in range(PAIR + 1)]

    assert [0, 0, 0.5, 1, 2, 4, 8, 8, None] == outcomes


def test_every_spelling_of_a_name_and_each_of_its_devices_is_one_name(throttle: Throttle) -> None:
    names = ["mrose", "MRose", "mrose+phone", "ｍｒｏｓｅ"] * 3

    assert PAIR == tried([fail(throttle, name) for name in names])


def test_a_thousand_guesses_from_one_source_are_twenty_a_minute(
    throttle: Throttle, clock: FakeClock
) -> None:
    times = []
    for guess in range(1_000):
        clock.advance(0.3)
        if fail(throttle, f"name{guess % 50}") is not None:
            times.append(clock.now())

    busiest = max(sum(start <= time < start + 60 for time in times) for start in times)
    assert SOURCE <= busiest <= 20


def test_a_hundred_sources_with_five_guesses_are_fifty_an_hour(
    throttle: Throttle, clock: FakeClock
) -> None:
    succeed(throttle, source=THERE)
    outcomes, owner = [], []
    for guess in range(500):
        outcomes.append(fail(throttle, source=f"203.0.113.{guess % 100}"))
        clock.advance(7)
        if guess % 10 == 0:
            owner.append(succeed(throttle, source=THERE))

    assert ACCOUNT <= tried(outcomes) <= 50
    assert [0] * 50 == owner


def test_an_ipv6_customer_is_one_source_however_many_addresses_it_has(throttle: Throttle) -> None:
    outcomes = [fail(throttle, f"n{host}", f"2001:db8:1:2::{host:x}") for host in range(50)]

    assert SOURCE == tried(outcomes)


def test_many_64s_of_one_48_are_held_to_less_than_as_many_sources(throttle: Throttle) -> None:
    outcomes = [fail(throttle, f"n{net}", f"2001:db8:1:{net:x}::1") for net in range(100)]

    assert BUCKETS[Kind.WIDE].capacity == tried(outcomes)


def test_what_is_right_is_given_back(throttle: Throttle) -> None:
    names = [f"name{number}" for number in range(10 * SOURCE)]

    assert len(names) == tried([succeed(throttle, name) for name in names])


def test_a_token_that_names_nobody_counts_for_its_source_alone(throttle: Throttle) -> None:
    assert SOURCE == tried([fail(throttle, "") for _ in range(2 * SOURCE)])
    assert 0 == fail(throttle, "", THERE)
    assert 0 == succeed(throttle, "", THERE)


def test_who_is_refused_writes_nothing(
    throttle: Throttle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(PAIR):
        fail(throttle)
    monkeypatch.setattr(database, "write", lambda _: pytest.fail("that is a transaction"))

    assert fail(throttle) is None


def test_of_threads_and_processes_that_come_together_no_more_are_let_through(
    throttle: Throttle, other_process: Throttle
) -> None:
    fail(throttle, "before")  # the key of names is made once
    turns = [throttle, other_process] * 20

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda each: each.delay("mrose", sign_in(THERE)), turns))

    assert PAIR == tried(outcomes)


# Known pairs


def test_a_known_pair_is_let_in_whatever_strangers_do(throttle: Throttle) -> None:
    succeed(throttle)
    for number in range(200):
        fail(throttle, source=f"203.0.113.{number}")
    for number in range(200):
        fail(throttle, f"other{number}", HERE)  # from the same address, at other names

    assert fail(throttle, source="203.0.113.250") is None
    assert [0] * 20 == [succeed(throttle) for _ in range(20)]


def test_a_pair_is_known_for_thirty_days_after_its_last_login(
    throttle: Throttle, clock: FakeClock
) -> None:
    succeed(throttle)
    clock.advance(29 * DAY)
    succeed(throttle)
    clock.advance(29 * DAY)
    for number in range(100):
        fail(throttle, source=f"203.0.113.{number}")

    assert 0 == succeed(throttle)
    clock.advance(30 * DAY + 1)
    for number in range(100):
        fail(throttle, source=f"203.0.113.{number}")
    assert succeed(throttle) is None


def test_a_known_pair_that_logs_in_as_every_day_writes_nothing(
    throttle: Throttle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed(throttle)
    monkeypatch.setattr(database, "write", lambda _: pytest.fail("that is a transaction"))

    assert [0] * 5 == [succeed(throttle) for _ in range(5)]


def test_a_known_pairs_own_failures_count(throttle: Throttle, clock: FakeClock) -> None:
    succeed(throttle)

    outcomes = [fail(throttle) for _ in range(KNOWN + 5)]

    assert KNOWN == tried(outcomes)
    assert 2 == max(filter(None, outcomes))
    clock.advance(60)
    assert succeed(throttle) is not None


def test_a_mail_program_with_an_old_password_shuts_out_no_other_beside_it(
    throttle: Throttle, clock: FakeClock
) -> None:
    succeed(throttle)
    outcomes = []
    for _ in range(200):
        clock.advance(60)
        outcomes += [fail(throttle), succeed(throttle)]

    assert {0} == set(outcomes)
    assert throttle.locked_until("mrose") is None


def test_a_known_pairs_failures_count_before_they_are_known_where_there_are_many(
    throttle: Throttle,
) -> None:
    succeed(throttle)

    outcomes = [throttle.delay("mrose", sign_in()) for _ in range(50)]

    assert tried(outcomes) <= 20


def test_whoever_has_an_account_here_empties_no_bucket_by_logging_in_to_it(
    throttle: Throttle, clock: FakeClock
) -> None:
    succeed(throttle, "intruder")
    for _ in range(4):  # exchanges that are left open: further ones are counted before
        throttle.delay("intruder", sign_in())
    outcomes = [fail(throttle, f"name{number}") for number in range(SOURCE)]

    for number in range(100):
        clock.advance(0.1)
        succeed(throttle, "intruder")
        outcomes.append(fail(throttle, f"more{number}"))

    assert tried(outcomes) <= SOURCE + 1


def test_an_attempt_that_nobody_answers_before_the_next_is_a_failure(throttle: Throttle) -> None:
    succeed(throttle)
    session = sign_in()

    outcomes = [throttle.delay("mrose", session) for _ in range(50)]

    assert KNOWN == tried(outcomes)


def test_an_attempt_that_nobody_answers_is_forgotten_in_time(
    throttle: Throttle, clock: FakeClock
) -> None:
    succeed(throttle)
    for _ in range(50):
        throttle.delay("mrose", sign_in())
    clock.advance(3_600)

    assert 0 == succeed(throttle)


def test_known_pairs_are_forgotten_when_told(throttle: Throttle, database: Database) -> None:
    succeed(throttle)

    database.write(throttle.forgetting("mrose"))

    assert 0 == count(database, "known_pairs")


def test_a_name_is_known_from_so_many_sources_only(
    throttle: Throttle, clock: FakeClock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_KNOWN", 3)
    for number in range(5):
        clock.advance(60)
        succeed(throttle, source=f"203.0.113.{number}")

    with database.reading() as rows:
        found = {source for (source,) in rows.all("SELECT source FROM known_pairs")}
    assert {"203.0.113.2", "203.0.113.3", "203.0.113.4"} == found


# The lock


def attack(throttle: Throttle, name: str = "mrose") -> None:
    for number in range(ACCOUNT):
        fail(throttle, name, f"203.0.113.{number}")


def lines(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as rows:
        return rows.all("SELECT event, account_id FROM audit WHERE event LIKE 'account.%lock%'")


def test_a_full_bucket_locks_the_account_for_strangers_and_tells_once_a_day(
    throttle: Throttle, accounts: Accounts, clock: FakeClock, database: Database
) -> None:
    account = accounts.add("mrose").id
    for _ in range(3):
        attack(throttle)
        assert int(clock.now()) + kept.LOCK_SECONDS == throttle.locked_until("MRose")
        assert fail(throttle, source=THERE) is None
        clock.advance(kept.LOCK_SECONDS + 1)
        assert throttle.locked_until("mrose") is None

    assert [("account.locked", account)] * 3 == lines(database)
    assert 1 == count(database, "alerts")
    clock.advance(DAY)
    attack(throttle)
    assert 2 == count(database, "alerts")


def test_a_name_that_nobody_has_is_locked_alike_and_nobody_is_told(
    throttle: Throttle, database: Database
) -> None:
    attack(throttle, "nobody")

    assert throttle.locked_until("nobody") is not None
    assert fail(throttle, "nobody", THERE) is None
    assert [0, 0] == [count(database, "alerts"), len(lines(database))]


def test_two_that_fill_the_bucket_together_lock_once(
    throttle: Throttle, accounts: Accounts, database: Database
) -> None:
    accounts.add("mrose")
    attempts = [sign_in(f"203.0.113.{number}") for number in range(ACCOUNT)]
    for attempt in attempts:
        throttle.delay("mrose", attempt)

    for attempt in attempts:
        throttle.refused("mrose", attempt)

    assert 1 == len(lines(database))


def test_unlocking_lets_strangers_try_again(
    throttle: Throttle, accounts: Accounts, database: Database
) -> None:
    account = accounts.add("mrose").id
    attack(throttle)

    throttle.unlock("mrose")

    assert 0 == fail(throttle, source=THERE)
    assert ("account.unlocked", account) == lines(database)[-1]
    with pytest.raises(OperatorFault, match="no account 'nobody'"):
        throttle.unlock("nobody")


# What is kept


def test_no_name_is_in_the_database(throttle: Throttle, database: Database, tmp_path: Path) -> None:
    fail(throttle, "a-password-by-mistake")
    attack(throttle, "another-mistake")
    succeed(throttle, "third-mistake")

    with database.reading() as rows:
        rows.one("PRAGMA wal_checkpoint(TRUNCATE)")
    octets = b"".join(path.read_bytes() for path in tmp_path.glob("pillarbox.db*"))
    assert b"mistake" not in octets


def test_without_the_master_key_names_are_counted_all_the_same(
    throttle: Throttle, database: Database, clock: FakeClock, key_file: KeyFile
) -> None:
    fail(throttle)
    key_file.path.unlink()
    secrets = SecretStore(database, key_file, clock)
    bereft = Throttle(database, clock, ThrottledNames(SiteKeys(secrets)))

    assert PAIR == tried([fail(bereft, source=THERE) for _ in range(PAIR + 1)])


def test_what_says_nothing_any_more_is_swept(
    throttle: Throttle, database: Database, clock: FakeClock
) -> None:
    succeed(throttle)
    attack(throttle)
    tables = ("throttle", "throttle_locks", "known_pairs")
    assert 0 not in [count(database, table) for table in tables]

    clock.advance(31 * DAY)
    throttle.sweep()

    assert [0, 0, 0] == [count(database, table) for table in tables]


def test_of_too_many_buckets_the_fullest_are_kept(
    throttle: Throttle, database: Database, clock: FakeClock
) -> None:
    for _ in range(PAIR):
        fail(throttle)
    for number in range(500):
        fail(throttle, f"name{number}", f"2001:db8:{number:x}::1")

    def sweep(rows: Rows) -> int:
        return kept.sweep(rows, clock.now(), 10)

    assert database.write(sweep) > 1_900
    assert 0 < count(database, "throttle") <= 10
    assert fail(throttle, "mrose", HERE) is None


def test_of_too_many_attempts_at_a_time_the_oldest_stay_failures(
    throttle: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "MOST", 2)
    attempts = [sign_in() for _ in range(4)]
    for number, attempt in enumerate(attempts):
        throttle.delay(f"name{number}", attempt)

    for attempt in attempts:
        throttle.give_back(attempt)

    left = [fail(throttle, f"other{number}") for number in range(SOURCE)]
    assert SOURCE - 2 == tried(left)


def test_an_answer_to_what_was_never_asked_changes_nothing(
    throttle: Throttle, database: Database
) -> None:
    throttle.refused("mrose", sign_in())

    assert 0 == count(database, "throttle")


# A disk that takes nothing


@pytest.fixture
def on_full_disk(
    database: Database, throttle: Throttle, monkeypatch: pytest.MonkeyPatch
) -> Throttle:
    succeed(throttle)  # HERE is known

    def refuse(work: object) -> None:
        raise StoreFault("database or disk is full")

    monkeypatch.setattr(database, "write", refuse)
    return throttle


def test_on_a_full_disk_a_known_pair_comes_in_as_often_as_it_likes(on_full_disk: Throttle) -> None:
    assert [0.0] * 20 == [succeed(on_full_disk) for _ in range(20)]


def test_on_a_full_disk_strangers_are_not_tried(on_full_disk: Throttle) -> None:
    with pytest.raises(StoreFault):
        fail(on_full_disk, source=THERE)


def test_on_a_full_disk_a_known_pair_may_fail_a_few_times_and_no_more(
    on_full_disk: Throttle, clock: FakeClock
) -> None:
    few = [fail(on_full_disk) for _ in range(4)]
    with pytest.raises(StoreFault):
        fail(on_full_disk)
    clock.advance(121)

    assert 4 == tried(few)
    assert 0.0 == succeed(on_full_disk)


def test_a_session_that_fails_again_and_again_on_a_full_disk_is_counted_each_time(
    on_full_disk: Throttle,
) -> None:
    attempt = sign_in()
    for _ in range(4):
        on_full_disk.delay("mrose", attempt)  # and nobody says what came of it

    with pytest.raises(StoreFault):
        on_full_disk.delay("mrose", attempt)


def test_a_disk_that_fills_up_meanwhile_lets_whoever_was_right_in(
    throttle: Throttle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = sign_in()
    throttle.delay("mrose", attempt)

    def refuse(work: object) -> None:
        raise StoreFault("database or disk is full")

    monkeypatch.setattr(database, "write", refuse)
    throttle.give_back(attempt)

    assert 0 < count(database, "throttle")
