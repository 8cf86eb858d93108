"""The cache of main passwords: whose, which edition, how long; and what it spares."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.auth_cache import MOST_SECONDS, AuthCache, Credential, covered
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.throttle.names import ThrottledNames
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId, Identity, SessionId, SignIn
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from tests.accounts.fakes import CountedScheme

RIGHT, WRONG = Secret(b"correct horse"), Secret(b"incorrect horse")
CREDENTIAL = Credential(AccountId(1), "PLAIN", 1)
CREDENTIALS = st.builds(
    Credential,
    st.integers(1, 2**63 - 1).map(AccountId),
    st.sampled_from(["argon2id", "PLAIN", "LOGIN", "USER", "X"]),
    st.integers(0, 2**63 - 1),
)
PASSWORDS = st.binary(max_size=64) | st.sampled_from([b"1\0PLAIN\x002\0x", b"\0", b""])


@given(CREDENTIALS, PASSWORDS, CREDENTIALS, PASSWORDS)
def test_no_two_credentials_share_a_key_whatever_their_passwords(
    one: Credential, password: bytes, other: Credential, other_password: bytes
) -> None:
    assume((one, password) != (other, other_password))

    assert covered(one) + password != covered(other) + other_password


@given(CREDENTIALS, CREDENTIALS, PASSWORDS)
def test_what_is_held_for_one_counts_for_no_other(
    one: Credential, other: Credential, password: bytes
) -> None:
    assume(one != other)
    cache = AuthCache(FakeClock(), MOST_SECONDS)

    cache.hold(one, Secret(password))

    assert not cache.is_right(other, Secret(password))


def test_the_right_password_is_held_for_its_time_and_no_wrong_one_is() -> None:
    clock = FakeClock()
    cache = AuthCache(clock, 60)
    cache.hold(CREDENTIAL, RIGHT)

    assert cache.is_right(CREDENTIAL, RIGHT)
    assert not cache.is_right(CREDENTIAL, WRONG)
    clock.advance(59)
    assert cache.is_right(CREDENTIAL, RIGHT)
    clock.advance(1)
    assert not cache.is_right(CREDENTIAL, RIGHT)


def test_it_is_held_for_five_minutes_at_most_and_not_beyond_a_clock_set_back() -> None:
    clock = FakeClock()
    cache = AuthCache(clock, 86_400)

    cache.hold(CREDENTIAL, RIGHT)
    clock.advance(MOST_SECONDS)
    assert not cache.is_right(CREDENTIAL, RIGHT)
    cache.hold(CREDENTIAL, RIGHT)
    clock.advance(-1)
    assert not cache.is_right(CREDENTIAL, RIGHT)


def test_zero_seconds_hold_nothing() -> None:
    cache = AuthCache(FakeClock(), 0)

    cache.hold(CREDENTIAL, RIGHT)

    assert {} == cache._held


def test_what_is_of_another_edition_is_forgotten_at_once() -> None:
    cache = AuthCache(FakeClock(), 60)
    cache.hold(CREDENTIAL, RIGHT)

    assert not cache.is_right(Credential(AccountId(1), "PLAIN", 2), RIGHT)
    assert {} == cache._held


def test_there_is_room_for_so_many_and_the_oldest_goes() -> None:
    cache = AuthCache(FakeClock(), 60, most=2)
    credentials = [Credential(AccountId(number), "PLAIN", 1) for number in (1, 2, 3)]

    for credential in credentials:
        cache.hold(credential, RIGHT)

    assert [False, True, True] == [cache.is_right(each, RIGHT) for each in credentials]


def test_what_is_old_goes_without_being_asked_for() -> None:
    clock = FakeClock()
    cache = AuthCache(clock, 60)
    cache.hold(CREDENTIAL, RIGHT)
    clock.advance(60)

    cache.drop_old()

    assert {} == cache._held


def test_neither_a_password_nor_its_mark_shows() -> None:
    cache = AuthCache(FakeClock(), 60)
    cache.hold(CREDENTIAL, RIGHT)

    assert "mark" not in repr(cache._held)
    assert "horse" not in repr(cache._held)


def test_two_processes_have_two_keys() -> None:
    first, second = (AuthCache(FakeClock(), 60) for _ in range(2))

    assert first._mark(CREDENTIAL, RIGHT) != second._mark(CREDENTIAL, RIGHT)


# In the tries


@pytest.fixture
def mrose(accounts: Accounts, passwords: Passwords) -> Account:
    passwords.remember(MOST_SECONDS)
    return accounts.add("mrose", passwords.verifiers("mrose", RIGHT))


def test_what_was_right_a_moment_ago_is_told_without_slow_work(
    passwords: Passwords, mrose: Account, scheme: CountedScheme
) -> None:
    before = passwords.recall("mrose", RIGHT)
    passwords.try_password("mrose", RIGHT)
    scheme.calls.clear()

    tries = [("mrose", RIGHT), ("mrose", WRONG), ("nobody", RIGHT), ("mrose", Secret(b"\0"))]
    recalled = [passwords.recall(name, password) for name, password in tries]

    assert (None, [Identity(mrose.id), False, None, None]) == (before, recalled)
    assert [] == scheme.calls


def test_the_slow_work_is_done_once_for_what_is_right_and_always_for_what_is_not(
    passwords: Passwords, mrose: Account, scheme: CountedScheme
) -> None:
    scheme.calls.clear()
    tries = [RIGHT, RIGHT, WRONG, RIGHT, WRONG]

    answers = [passwords.try_password("mrose", each) for each in tries]

    identity = Identity(mrose.id)
    assert [identity, identity, None, identity, None] == answers
    assert 3 == len(scheme.calls)


def test_an_unprepared_spelling_that_was_wrong_stays_wrong(
    passwords: Passwords, mrose: Account
) -> None:
    passwords.set_password(mrose.name, Secret("ﬁsh".encode()))  # which is kept as fish
    ligature, letters = Secret("ﬁsh".encode()), Secret(b"fish")

    answers = [passwords.try_password("mrose", each) for each in (ligature, letters, ligature)]

    assert [Identity(mrose.id)] * 3 == answers
    assert passwords.try_password("mrose", Secret(b"fis")) is None


def test_a_change_a_disabling_and_a_removal_count_at_once(
    passwords: Passwords, accounts: Accounts, mrose: Account
) -> None:
    assert Identity(mrose.id) == passwords.try_password("mrose", RIGHT)

    passwords.set_password("mrose", WRONG)
    assert passwords.try_password("mrose", RIGHT) is None
    assert Identity(mrose.id) == passwords.try_password("mrose", WRONG)
    accounts.disable("mrose")
    assert passwords.try_password("mrose", WRONG) is None
    accounts.remove("mrose")
    assert passwords.try_password("mrose", WRONG) is None


def test_who_is_enabled_again_does_the_slow_work_once_more(
    passwords: Passwords, accounts: Accounts, mrose: Account, scheme: CountedScheme
) -> None:
    passwords.try_password("mrose", RIGHT)
    accounts.disable("mrose")
    accounts.enable("mrose")
    scheme.calls.clear()

    assert Identity(mrose.id) == passwords.try_password("mrose", RIGHT)
    assert 1 == len(scheme.calls)


def test_a_lock_drops_what_was_held(
    passwords: Passwords,
    mrose: Account,
    scheme: CountedScheme,
    database: Database,
    clock: FakeClock,
) -> None:
    throttle = Throttle(database, clock, ThrottledNames(passwords._app_passwords._keys))
    passwords.try_password("mrose", RIGHT)
    for number in range(20):
        sign_in = SignIn(SessionId(str(number)), f"192.0.2.{number}", "pop3", None)
        throttle.delay("mrose", sign_in)
        throttle.refused("mrose", sign_in)
    scheme.calls.clear()

    assert Identity(mrose.id) == passwords.try_password("mrose", RIGHT)
    assert 1 == len(scheme.calls)


def test_an_account_that_takes_anothers_name_takes_nothing_else(
    passwords: Passwords, accounts: Accounts, mrose: Account
) -> None:
    passwords.try_password("mrose", RIGHT)
    accounts.remove(mrose.name)
    accounts.add("mrose", passwords.verifiers("mrose", WRONG))

    assert passwords.try_password("mrose", RIGHT) is None
