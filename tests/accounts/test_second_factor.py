"""Second factors: on after a proof, a code good once, and few wrong ones at a time."""

import threading
from itertools import count
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.generate import ALPHABET
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.second_factor.recovery_codes import (
    CODES,
    RecoveryCodes,
    read_recovery_code,
)
from pillarbox.accounts.second_factor.second_factor import (
    WRONG_CODES,
    WRONG_SECONDS,
    SecondFactor,
    SecondFactors,
    Verdict,
    WrongCodeFault,
    purpose_of,
)
from pillarbox.accounts.second_factor.totp import STEP_SECONDS, code_at
from pillarbox.accounts.secret_store import MissingKeyFault, SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Row
from tests.accounts.fakes import Cut, CutDatabase, Knife

SECRET = Secret(b"12345678901234567890")
OTHER = Secret(b"09876543210987654321")
TABLES = ("second_factors", "recovery_codes", "wrong_codes")


@pytest.fixture
def factors(
    database: Database, clock: FakeClock, secret_store: SecretStore, keys: SiteKeys
) -> SecondFactors:
    return SecondFactors(database, clock, secret_store, keys)


@pytest.fixture
def mrose(accounts: Accounts) -> Account:
    return accounts.add("mrose")


@pytest.fixture
def codes(factors: SecondFactors, clock: FakeClock, mrose: Account) -> list[str]:
    """Turn mrose's second factor on, and give the next code a time step of its own."""
    made = factors.add(mrose.name, SECRET, code_at(SECRET, clock.now()))
    clock.advance(STEP_SECONDS)
    return [code.reveal().decode("ascii") for code in made]


def wrong(clock: FakeClock) -> str:
    """Return a code that is not right now."""
    near = {code_at(SECRET, clock.now() + steps * STEP_SECONDS) for steps in (-1, 0, 1)}
    return next(code for code in map("{:06}".format, count()) if code not in near)


def events(database: Database) -> list[tuple[str, int]]:
    with database.reading() as rows:
        found = rows.all("SELECT event, account_id FROM audit WHERE event LIKE 'second-%'")
        return [(event, account) for event, account in found]


def dump(database: Database) -> list[list[Row]]:
    with database.reading() as rows:
        return [rows.all(f"SELECT * FROM {table}") for table in (*TABLES, "secrets", "audit")]


# On


def test_a_right_code_turns_it_on(
    factors: SecondFactors, database: Database, clock: FakeClock, mrose: Account
) -> None:
    assert factors.find("mrose") is None

    factors.add("MRose", SECRET, code_at(SECRET, clock.now()))

    assert SecondFactor(int(clock.now()), CODES) == factors.find("mrose")
    assert [("second-factor.added", mrose.id)] == events(database)


@pytest.mark.usefixtures("mrose")
@pytest.mark.parametrize("code", ["", "hello", "12345", None])
def test_a_wrong_code_leaves_it_off(
    factors: SecondFactors, database: Database, clock: FakeClock, code: str | None
) -> None:
    with pytest.raises(WrongCodeFault, match="not right"):
        factors.add("mrose", SECRET, wrong(clock) if code is None else code)

    assert factors.find("mrose") is None
    assert [] == events(database)


@pytest.mark.usefixtures("codes")
def test_there_is_one_at_most(factors: SecondFactors, database: Database, clock: FakeClock) -> None:
    before = dump(database)

    with pytest.raises(OperatorFault, match="has a second factor already"):
        factors.require_none("mrose")
    with pytest.raises(OperatorFault, match="has a second factor already"):
        factors.add("mrose", OTHER, code_at(OTHER, clock.now()))

    assert before == dump(database)


def test_the_code_that_turned_it_on_is_used(
    factors: SecondFactors, clock: FakeClock, mrose: Account
) -> None:
    code = code_at(SECRET, clock.now())
    factors.add(mrose.name, SECRET, code)

    assert Verdict.WRONG == factors.check("mrose", code)


def test_the_secret_is_sealed_for_this_account_alone(
    database: Database, secret_store: SecretStore, codes: list[str], mrose: Account
) -> None:
    del codes

    assert SECRET == secret_store.find(purpose_of(mrose.id))
    assert SECRET.reveal() not in b"".join(
        cell for table in dump(database) for row in table for cell in row if isinstance(cell, bytes)
    )


# Codes


def test_a_right_code_is_taken_once(
    factors: SecondFactors, clock: FakeClock, codes: list[str]
) -> None:
    del codes
    code = code_at(SECRET, clock.now())

    verdicts = [factors.check("mrose", code) for _ in range(2)]

    assert [Verdict.RIGHT, Verdict.WRONG] == verdicts


def test_an_earlier_code_is_not_taken_after_a_later_one(
    factors: SecondFactors, clock: FakeClock, codes: list[str]
) -> None:
    del codes
    now = clock.now()
    clock.advance(STEP_SECONDS)

    verdicts = [factors.check("mrose", code_at(SECRET, at)) for at in (clock.now(), now)]

    assert [Verdict.RIGHT, Verdict.WRONG] == verdicts


@pytest.mark.usefixtures("codes")
def test_of_many_who_come_together_with_one_code_one_is_let_in(
    tmp_path: Path, key_file: KeyFile, clock: FakeClock
) -> None:
    code = code_at(SECRET, clock.now())
    verdicts: list[Verdict] = []

    def check() -> None:
        database = Database(tmp_path / "pillarbox.db")  # as another process has it
        verdicts.append(rooms(database, key_file, clock).check("mrose", code))
        database.close()

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [Verdict.RIGHT, *[Verdict.WRONG] * 3] == sorted(verdicts)


@pytest.mark.usefixtures("codes")
def test_after_a_few_wrong_codes_none_is_tried_for_a_while(
    factors: SecondFactors, database: Database, clock: FakeClock
) -> None:
    tried = [factors.check("mrose", wrong(clock)) for _ in range(WRONG_CODES + 1)]
    meanwhile = factors.check("mrose", code_at(SECRET, clock.now()))
    clock.advance(WRONG_SECONDS)
    afterwards = factors.check("mrose", code_at(SECRET, clock.now()))

    assert [*[Verdict.WRONG] * WRONG_CODES, Verdict.WAIT] == tried
    assert (Verdict.WAIT, Verdict.RIGHT) == (meanwhile, afterwards)
    assert WRONG_CODES == [event for event, _ in events(database)].count("second-factor.refused")


@pytest.mark.usefixtures("codes")
def test_wrong_codes_of_any_five_minutes_are_counted_together(
    factors: SecondFactors, clock: FakeClock
) -> None:
    tried = []
    for _ in range(2 * WRONG_CODES):
        tried.append(factors.check("mrose", wrong(clock)))
        clock.advance(WRONG_SECONDS / WRONG_CODES - 1)

    assert Verdict.WAIT == tried[WRONG_CODES]
    assert tried.count(Verdict.WRONG) < 2 * WRONG_CODES


@pytest.mark.usefixtures("codes")
def test_what_can_be_no_code_is_no_guess(factors: SecondFactors, clock: FakeClock) -> None:
    tried = {factors.check("mrose", "letmein") for _ in range(2 * WRONG_CODES)}

    assert {Verdict.WRONG} == tried
    assert Verdict.RIGHT == factors.check("mrose", code_at(SECRET, clock.now()))


@pytest.mark.usefixtures("codes")
def test_another_account_waits_for_nobody(
    factors: SecondFactors, accounts: Accounts, clock: FakeClock
) -> None:
    accounts.add("other")
    factors.add("other", OTHER, code_at(OTHER, clock.now()))
    clock.advance(STEP_SECONDS)
    for _ in range(WRONG_CODES):
        factors.check("mrose", wrong(clock))

    assert Verdict.WRONG == factors.check("other", code_at(SECRET, clock.now()))
    assert Verdict.RIGHT == factors.check("other", code_at(OTHER, clock.now()))


@pytest.mark.usefixtures("codes")
def test_it_outlives_a_restart_and_a_rotation_of_the_master_key(
    database: Database, key_file: KeyFile, secret_store: SecretStore, clock: FakeClock
) -> None:
    secret_store.rotate()

    verdict = rooms(database, key_file, clock).check("mrose", code_at(SECRET, clock.now()))

    assert Verdict.RIGHT == verdict


@pytest.mark.usefixtures("codes")
def test_without_the_master_key_no_code_is_taken(
    database: Database, key_file: KeyFile, clock: FakeClock
) -> None:
    key_file.path.unlink()

    with pytest.raises(MissingKeyFault):
        rooms(database, key_file, clock).check("mrose", code_at(SECRET, clock.now()))


# Recovery codes


def test_recovery_codes_are_long_different_and_easy_to_read(codes: list[str]) -> None:
    assert CODES == len(set(codes))
    for code in codes:
        assert [4, 4, 4, 4] == [len(group) for group in code.split("-")]
        assert set(code) <= set(ALPHABET) | {"-"}


def test_a_recovery_code_is_taken_once_however_it_is_typed(
    factors: SecondFactors, database: Database, codes: list[str]
) -> None:
    typed = codes[0].upper().replace("-", " ") + "\n"

    verdicts = [factors.check("mrose", code) for code in (typed, codes[0], codes[1])]

    found = factors.find("mrose")
    assert [Verdict.RIGHT, Verdict.WRONG, Verdict.RIGHT] == verdicts
    assert found is not None
    assert CODES - 2 == found.recovery_codes
    with database.reading() as rows:
        noted = rows.all("SELECT facts FROM audit WHERE event = 'recovery-code.used'")
    assert [('{"left":9}',), ('{"left":8}',)] == noted


def test_a_recovery_code_is_tried_after_many_wrong_codes_too(
    factors: SecondFactors, clock: FakeClock, codes: list[str]
) -> None:
    for _ in range(WRONG_CODES):
        factors.check("mrose", wrong(clock))

    assert Verdict.RIGHT == factors.check("mrose", codes[0])


def test_no_other_account_takes_a_recovery_code(
    factors: SecondFactors, accounts: Accounts, clock: FakeClock, codes: list[str]
) -> None:
    accounts.add("other")
    factors.add("other", OTHER, code_at(OTHER, clock.now()))

    assert Verdict.WRONG == factors.check("other", codes[0])
    assert Verdict.RIGHT == factors.check("mrose", codes[0])


def test_new_recovery_codes_end_the_old_ones(
    factors: SecondFactors, database: Database, codes: list[str]
) -> None:
    factors.check("mrose", codes[0])

    new = [code.reveal().decode("ascii") for code in factors.make_recovery_codes("mrose")]

    assert Verdict.WRONG == factors.check("mrose", codes[1])
    assert Verdict.RIGHT == factors.check("mrose", new[0])
    with database.reading() as rows:
        assert rows.one("SELECT 1 FROM audit WHERE event = 'recovery-codes.made'")


def test_no_recovery_code_is_in_the_database(database: Database, codes: list[str]) -> None:
    kept = repr(dump(database))

    for code in codes:
        assert code not in kept
        assert code.replace("-", "") not in kept


@pytest.mark.parametrize("text", ["", "abcd", "1" * 16, "abcd-efgh-ijkl-mno", "é" * 16])
def test_what_is_no_recovery_code_is_none(text: str) -> None:
    assert read_recovery_code(text) is None


# Off


def test_once_it_is_off_nothing_of_it_is_left(
    factors: SecondFactors, database: Database, clock: FakeClock, codes: list[str]
) -> None:
    del codes
    factors.check("mrose", wrong(clock))

    factors.remove("mrose")

    assert factors.find("mrose") is None
    assert [[], [], []] == dump(database)[: len(TABLES)]
    with database.reading() as rows:
        assert [] == rows.all("SELECT 1 FROM secrets WHERE purpose LIKE 'second factor%'")
    assert "second-factor.removed" == events(database)[-1][0]


@pytest.mark.usefixtures("codes")
def test_a_removed_account_leaves_nothing_of_it(accounts: Accounts, database: Database) -> None:
    accounts.remove("mrose")

    assert [[], [], []] == dump(database)[: len(TABLES)]
    with database.reading() as rows:
        assert [] == rows.all("SELECT 1 FROM secrets WHERE purpose LIKE 'second factor%'")


@pytest.mark.usefixtures("mrose")
def test_where_there_is_none_one_is_told_so(factors: SecondFactors) -> None:
    for call in (factors.remove, factors.make_recovery_codes, lambda name: factors.check(name, "")):
        with pytest.raises(OperatorFault, match="has no second factor"):
            call("mrose")


def test_an_unknown_account_is_named(factors: SecondFactors) -> None:
    with pytest.raises(OperatorFault, match="There is no account 'nobody'"):
        factors.find("nobody")


def test_one_that_is_turned_off_between_reading_and_trying_is_wrong(
    factors: SecondFactors, database: Database, clock: FakeClock, codes: list[str]
) -> None:
    known = factors._known("mrose")
    factors.remove("mrose")

    by_app = database.write(lambda rows: factors._try(rows, known, code_at(SECRET, clock.now())))
    by_recovery = database.write(lambda rows: factors._try(rows, known, codes[0]))

    assert (Verdict.WRONG, Verdict.WRONG) == (by_app, by_recovery)


# For those who are not at this machine


def test_where_none_is_on_nothing_is_asked(factors: SecondFactors, mrose: Account) -> None:
    factors.require(mrose.name, "")


def test_where_one_is_on_only_a_right_code_lets_pass(
    factors: SecondFactors, clock: FakeClock, codes: list[str]
) -> None:
    code = code_at(SECRET, clock.now())

    factors.require("mrose", code)
    factors.require("mrose", codes[0])

    for used in (code, codes[0], "", "hello"):
        with pytest.raises(WrongCodeFault, match="not right"):
            factors.require("mrose", used)


@pytest.mark.usefixtures("codes")
def test_wrong_codes_count_though_a_fault_is_raised(
    factors: SecondFactors, clock: FakeClock
) -> None:
    for _ in range(WRONG_CODES):
        with pytest.raises(WrongCodeFault, match="not right"):
            factors.require("mrose", wrong(clock))

    with pytest.raises(WrongCodeFault, match="Wait 5 minutes"):
        factors.require("mrose", code_at(SECRET, clock.now()))


# Cut short


def rooms(database: Database, key_file: KeyFile, clock: FakeClock) -> SecondFactors:
    secret_store = SecretStore(database, key_file, clock)
    return SecondFactors(database, clock, secret_store, SiteKeys(secret_store))


ACTS = ("add", "remove", "check", "recovery-codes")


@pytest.mark.slow
@pytest.mark.parametrize("act", ACTS)
def test_whatever_is_killed_anywhere_leaves_the_old_state_or_the_new(
    tmp_path: Path,
    key_file: KeyFile,
    clock: FakeClock,
    accounts: Accounts,
    act: str,
) -> None:
    states = []
    make_key(tmp_path, key_file, clock)  # which is neither state
    for at in count(1):
        name = f"account{at}"
        accounts.add(name)
        knife = Knife(at)
        whole = Database(tmp_path / "pillarbox.db")
        if act != "add":
            rooms(whole, key_file, clock).add(name, SECRET, code_at(SECRET, clock.now()))
            clock.advance(STEP_SECONDS)
        cut = CutDatabase(tmp_path / "pillarbox.db", knife)
        factors = rooms(cut, key_file, clock)
        before = state_of(whole, name)
        try:
            perform(factors, act, name, clock)
        except Cut:
            states.append(before != state_of(whole, name))
        finally:
            cut.close()
            whole.close()
        if len(knife.passed) < at:
            break

    assert {False, True} == set(states)


def make_key(folder: Path, key_file: KeyFile, clock: FakeClock) -> None:
    database = Database(folder / "pillarbox.db")
    RecoveryCodes(SiteKeys(SecretStore(database, key_file, clock))).make_key()
    database.close()


def perform(factors: SecondFactors, act: str, name: str, clock: FakeClock) -> None:
    code = code_at(SECRET, clock.now())
    match act:
        case "add":
            factors.add(name, SECRET, code)
        case "remove":
            factors.remove(name)
        case "check":
            factors.check(name, code)
        case _:
            factors.make_recovery_codes(name)


def state_of(database: Database, name: str) -> object:
    """Return what is kept; raises AssertionError where it is between two states."""
    with database.reading() as rows:
        found = rows.one("SELECT id FROM accounts WHERE name = ?", name)
        assert found is not None
        factor = rows.one(
            "SELECT secret_id, last_step FROM second_factors WHERE account_id = ?", found[0]
        )
        sealed = rows.all("SELECT id FROM secrets WHERE purpose = ?", purpose_of(found[0]))
        codes = rows.all("SELECT hash FROM recovery_codes WHERE account_id = ?", found[0])
        audit = rows.all("SELECT event FROM audit WHERE account_id = ?", found[0])
    is_on = factor is not None

    assert [(factor[0],)] == sealed if factor else [] == sealed
    assert (CODES if is_on else 0) == len(codes)
    added = audit.count(("second-factor.added",)) - audit.count(("second-factor.removed",))
    assert int(is_on) == added

    return factor, codes
