"""Names and passwords that look the same are the same; those kept as they came go on working."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.credentials import Verifier
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.login_name import LoginName, read_login_name
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.preparation import is_usable, prepared, spellings
from pillarbox.accounts.scram import Scram
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from pillarbox.sasl.exchange import ScramHash
from pillarbox.sasl.scram_keys import derive
from tests.accounts.fakes import CountedScheme

ONE = "is_right m=8,t=1,p=1"
SAME = [
    ("ﾊﾟｽﾜｰﾄﾞ", "パスワード"),  # half-width
    ("パスワード", "パスワード"),  # decomposed, as macOS types it
    ("ｐａｓｓ", "pass"),  # full-width
    ("a\N{NO-BREAK SPACE}b", "a b"),
    ("I\N{SOFT HYPHEN}X", "IX"),  # RFC 4013, section 3
]
FORBIDDEN = ["\N{SOFT HYPHEN}", "\u0627\u0031", "\u200e", "\ue000", "🐴"]


def secret(text: str) -> Secret:
    return Secret(text.encode())


def add_old(accounts: Accounts, scheme: CountedScheme, password: str) -> Account:
    """Add an account whose password was kept as it came."""
    return accounts.add("old", [Verifier("argon2id", scheme.make(password.encode()))])


@pytest.mark.parametrize(("one", "other"), [*SAME, *(pair[::-1] for pair in SAME)])
def test_spellings_that_look_the_same_are_one_password(
    accounts: Accounts, passwords: Passwords, one: str, other: str
) -> None:
    account = accounts.add("mrose", passwords.verifiers("mrose", secret(one)))

    assert Identity(account.id) == passwords.try_password("mrose", secret(other))
    assert Identity(account.id) == passwords.try_password("mrose", secret(one))


def test_scram_proves_the_prepared_password(
    accounts: Accounts, passwords: Passwords, scram: Scram
) -> None:
    accounts.add("mrose", passwords.verifiers("mrose", secret("ｐａｓｓ")))

    found = scram.find("mrose", ScramHash.SHA_256)

    (verifier,) = found.verifiers
    expected = derive(b"pass", found.salt, found.iterations, ScramHash.SHA_256)
    assert expected == (verifier.stored_key, verifier.server_key)


@pytest.mark.parametrize("text", FORBIDDEN)
def test_what_saslprep_forbids_is_not_set(
    accounts: Accounts, passwords: Passwords, database: Database, text: str
) -> None:
    accounts.add("mrose")

    with pytest.raises(OperatorFault, match="RFC 4013"):
        passwords.set_password("mrose", secret(text))

    with database.reading() as rows:
        assert [] == rows.all("SELECT * FROM credentials")


# Passwords of old


@pytest.mark.parametrize("password", ["ｐａｓｓ", "パスワード", "🐴", "\u200e"])
def test_a_password_that_was_kept_as_it_came_goes_on_working(
    accounts: Accounts, passwords: Passwords, scheme: CountedScheme, password: str
) -> None:
    account = add_old(accounts, scheme, password)

    for _ in range(2):
        assert Identity(account.id) == passwords.try_password("old", secret(password))


def test_once_logged_in_with_it_is_kept_prepared(
    accounts: Accounts, passwords: Passwords, scheme: CountedScheme, scram: Scram
) -> None:
    account = add_old(accounts, scheme, "ｐａｓｓ")
    before = passwords.try_password("old", secret("pass"))

    passwords.try_password("old", secret("ｐａｓｓ"))

    assert before is None
    assert Identity(account.id) == passwords.try_password("old", secret("pass"))
    assert 1 == len(scram.find("old", ScramHash.SHA_256).verifiers)


def test_one_that_saslprep_forbids_stays_as_it_came_for_scram_too(
    accounts: Accounts, passwords: Passwords, scheme: CountedScheme, scram: Scram
) -> None:
    account = add_old(accounts, scheme, "🐴")

    passwords.try_password("old", secret("🐴"))

    found = scram.find("old", ScramHash.SHA_256)
    (verifier,) = found.verifiers
    stored_key, _ = derive("🐴".encode(), found.salt, found.iterations, ScramHash.SHA_256)
    assert stored_key == verifier.stored_key
    assert [] == scram.missing(account.id)
    assert ["make", ONE] == scheme.calls


def test_a_second_spelling_is_tried_for_every_name(
    accounts: Accounts, passwords: Passwords, scheme: CountedScheme
) -> None:
    for name in ("mrose", "disabled"):
        accounts.add(name, passwords.verifiers(name, secret("right")))
    accounts.disable("disabled")
    scheme.calls.clear()

    for name in ("mrose", "unknown", "disabled", "not a name", "mrose+phone"):
        assert passwords.try_password(name, secret("ｗｒｏｎｇ")) is None

    assert [ONE, ONE] * 5 == scheme.calls


@given(st.text(max_size=200))
def test_what_is_prepared_stays_as_it_is_and_is_tried_first(text: str) -> None:
    octets = text.encode()
    once = prepared(octets)

    if once is None:
        assert (octets,) == spellings(octets)
        return
    assert is_usable(once)
    assert once == prepared(once)
    assert dict.fromkeys((once, octets)).keys() == dict.fromkeys(spellings(octets)).keys()


def test_a_password_that_grows_beyond_the_bound_is_not_prepared() -> None:
    assert prepared("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}".encode() * 300) is None


# Names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mrose", LoginName("mrose", None, "mrose")),
        ("MRose+Phone", LoginName("mrose", "phone", "mrose")),
        ("ｍｒｏｓｅ", LoginName("mrose", None, "mrose")),
        ("m\N{SOFT HYPHEN}rose", LoginName("mrose", None, "mrose")),
        ("mrose@example.org+x", LoginName("mrose@example.org", "x", "mrose@example.org")),
        ("mrose+", LoginName("mrose", "", "mrose")),
        ("mrose+a+b", LoginName("mrose", "", "mrose")),
        ("", LoginName(None, None, "")),
        ("+phone", LoginName(None, "phone", "")),
        ("ま", LoginName(None, None, "ま")),
        ("\u200e", LoginName(None, None, "\u200e")),
    ],
)
def test_a_name_is_read_as_its_account_and_its_device(text: str, name: LoginName) -> None:
    assert name == read_login_name(text)


def test_a_device_is_found_whatever_the_spelling_of_its_password(
    accounts: Accounts, devices: Devices, passwords: Passwords
) -> None:
    account = accounts.add("mrose")
    text = devices.add("mrose", "phone").reveal().decode("ascii")
    wide = "".join(chr(ord(each) + 0xFEE0) for each in text)

    found = passwords.try_password("mrose", secret(wide))

    assert found is not None
    assert account.id == found.account
