"""Passwords: admitted or refused, with equal work whoever is asked for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.app_passwords import AppPasswords
from pillarbox.accounts.argon2id import Argon2id, PasswordScheme
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.preparation import PASSWORD_OCTETS, is_usable
from pillarbox.accounts.scram import Scram
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from tests.accounts.fakes import CountedScheme

RIGHT = Secret(b"correct horse")
WRONG = Secret(b"incorrect horse")
UNUSABLE = [b"", b"a\0b", b"a\r\n", b"\x7f", b"\xff\xfe", b"x" * (PASSWORD_OCTETS + 1)]


@pytest.fixture
def mrose(accounts: Accounts, passwords: Passwords, scheme: CountedScheme) -> Account:
    account = accounts.add("mrose", passwords.verifiers("mrose", RIGHT))
    scheme.calls.clear()
    return account


WithScheme = Callable[[PasswordScheme], Passwords]


@pytest.fixture
def with_scheme(
    database: Database, clock: FakeClock, scram: Scram, app_passwords: AppPasswords
) -> WithScheme:
    return lambda scheme: Passwords(database, clock, scheme, scram, app_passwords)


def verifiers_in(database: Database, scheme: str = "argon2id") -> list[str]:
    sql = "SELECT verifier FROM credentials WHERE scheme = ?"
    with database.reading() as rows:
        return [verifier for (verifier,) in rows.all(sql, scheme)]


@pytest.mark.parametrize("name", ["mrose", "MRose"])
def test_the_right_password_is_admitted_with_the_accounts_one_spelling(
    passwords: Passwords, mrose: Account, name: str
) -> None:
    assert Identity(mrose.id) == passwords.try_password(name, RIGHT)


@pytest.mark.usefixtures("mrose")
def test_unknown_disabled_removed_and_wrong_get_one_answer_for_one_price(
    accounts: Accounts, passwords: Passwords, scheme: CountedScheme
) -> None:
    for name in ("disabled", "removed"):
        accounts.add(name, passwords.verifiers(name, RIGHT))
    accounts.add("without-password")
    accounts.disable("disabled")
    accounts.remove("removed")
    scheme.calls.clear()

    names = ("mrose", "unknown", "not a name", "disabled", "removed", "without-password")
    answers = [passwords.try_password(name, WRONG if name == "mrose" else RIGHT) for name in names]

    assert [None] * len(names) == answers
    assert ["is_right m=8,t=1,p=1"] * len(names) == scheme.calls


def test_a_decoy_is_made_once_and_tries_are_all_that_a_login_costs(
    passwords: Passwords, scheme: CountedScheme
) -> None:
    for _ in range(3):
        passwords.try_password("unknown", WRONG)

    assert ["is_right m=8,t=1,p=1"] * 3 == scheme.calls


@pytest.mark.usefixtures("mrose")
@pytest.mark.parametrize("octets", UNUSABLE)
def test_what_cannot_be_a_password_is_refused_for_every_name_without_hashing(
    passwords: Passwords, scheme: CountedScheme, octets: bytes
) -> None:
    for name in ("mrose", "unknown"):
        assert passwords.try_password(name, Secret(octets)) is None

    assert [] == scheme.calls


@pytest.mark.parametrize("octets", UNUSABLE)
def test_what_cannot_be_a_password_is_not_set_and_not_shown(
    passwords: Passwords, mrose: Account, octets: bytes
) -> None:
    with pytest.raises(OperatorFault, match="1 to 1024 octets"):
        passwords.set_password(mrose.name, Secret(octets))

    assert Identity(mrose.id) == passwords.try_password("mrose", RIGHT)


@pytest.mark.parametrize("octets", ["パスワード".encode(), b" ", b"x" * PASSWORD_OCTETS])
def test_every_other_password_can_be_set_and_used(
    passwords: Passwords, mrose: Account, octets: bytes
) -> None:
    passwords.set_password("mrose", Secret(octets))

    assert Identity(mrose.id) == passwords.try_password("mrose", Secret(octets))
    assert passwords.try_password("mrose", Secret(octets[:-1] + b"?")) is None


def test_a_new_password_ends_the_old_one(passwords: Passwords, mrose: Account) -> None:
    passwords.set_password("MRose", WRONG)

    assert passwords.try_password("mrose", RIGHT) is None
    assert Identity(mrose.id) == passwords.try_password("mrose", WRONG)


def test_an_unknown_account_gets_no_password(passwords: Passwords, database: Database) -> None:
    with pytest.raises(OperatorFault, match="There is no account 'nobody'"):
        passwords.set_password("nobody", RIGHT)

    assert [] == verifiers_in(database)


def test_a_verifier_of_another_scheme_is_left_alone(
    passwords: Passwords, mrose: Account, database: Database
) -> None:
    database.write(
        lambda rows: rows.run(
            "INSERT INTO credentials (account_id, scheme, verifier, created_at)"
            " VALUES (?, 'scram-sha-256', 'x', 0)",
            mrose.id,
        )
    )

    assert passwords.try_password("mrose", WRONG) is None
    assert Identity(mrose.id) == passwords.try_password("mrose", RIGHT)


# Stronger parameters


@pytest.mark.usefixtures("mrose")
def test_a_login_renews_a_verifier_of_old_parameters_once(
    database: Database, with_scheme: WithScheme
) -> None:
    stronger = CountedScheme(passes=2)
    passwords = with_scheme(stronger)

    for password in (WRONG, RIGHT, RIGHT):
        passwords.try_password("mrose", password)

    old, new = "is_right m=8,t=1,p=1", "is_right m=8,t=2,p=1"
    assert [old, old, "make", new] == stronger.calls
    assert 1 == len(verifiers_in(database))


class Meddler(CountedScheme):
    """Changes the password while the old one is hashed anew."""

    def __init__(self, passwords: Passwords) -> None:
        super().__init__(passes=2)
        self._passwords = passwords

    def make(self, password: bytes) -> str:
        self._passwords.set_password("mrose", WRONG)
        return super().make(password)


def test_renewing_does_not_bring_back_a_password_that_was_changed_meanwhile(
    with_scheme: WithScheme, passwords: Passwords, mrose: Account
) -> None:
    meddled = with_scheme(Meddler(passwords))

    meddled.try_password("mrose", RIGHT)

    assert passwords.try_password("mrose", RIGHT) is None
    assert Identity(mrose.id) == passwords.try_password("mrose", WRONG)


class Exhausted(CountedScheme):
    """Has no memory left for a new verifier."""

    def make(self, password: bytes) -> str:
        raise StoreFault("A password could not be hashed.")


def test_a_verifier_that_cannot_be_renewed_still_admits(
    with_scheme: WithScheme, mrose: Account
) -> None:
    passwords = with_scheme(Exhausted(passes=2))

    assert Identity(mrose.id) == passwords.try_password("mrose", RIGHT)


# At large


def test_many_threads_may_try_at_once(passwords: Passwords, mrose: Account) -> None:
    tries = [("mrose", RIGHT), ("mrose", WRONG), ("unknown", RIGHT)] * 20

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: passwords.try_password(*one), tries))

    assert [Identity(mrose.id), None, None] * 20 == answers


def test_the_scheme_of_real_life_admits_too(with_scheme: WithScheme, accounts: Accounts) -> None:
    passwords = with_scheme(Argon2id())
    account = accounts.add("real", passwords.verifiers("real", RIGHT))

    assert Identity(account.id) == passwords.try_password("real", RIGHT)


NAMES = st.text().filter(lambda text: text.lower() != "mrose")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, st.binary(max_size=PASSWORD_OCTETS + 1))
@example("' OR 1=1--", b"' OR 1=1--")
@example("{0}%s", b"correct horse")
def test_nobody_else_is_admitted_whatever_they_send(
    passwords: Passwords, name: str, octets: bytes
) -> None:
    assert passwords.try_password(name, Secret(octets)) is None


@given(st.text(min_size=1, max_size=PASSWORD_OCTETS // 4))
def test_any_text_but_ascii_controls_is_a_usable_password(text: str) -> None:
    has_controls = any(character < " " or character == "\x7f" for character in text)

    assert has_controls is not is_usable(text.encode())
