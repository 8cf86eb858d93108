"""Admission: what the server room asks, answered by the real accounts room."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.accounts.tokens.tokens import Tokens
from pillarbox.app.admission import Admission
from pillarbox.app.build import System, opened
from pillarbox.app.first_run import ACCOUNT, add_first_account, make_home
from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, Identity, SessionId, SignIn
from pillarbox.base.secret import Secret
from pillarbox.sasl.exchange import ScramHash
from pillarbox.server.admission import Admitted, Denied

WRONG = Secret(b"wrong")
DELAY_SECONDS = 600
SIGN_IN = SignIn(SessionId("test"), "127.0.0.1", "pop3", None)


class IsOf:
    """A proof made with one secret."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def is_of(self, secret: Secret) -> bool:
        return secret == self._secret


class OneToken(Tokens):
    """Takes one token, of one account."""

    def __init__(self, account: AccountId) -> None:
        self._owner = account

    def try_token(self, name: str | None, token: Secret) -> Identity | None:
        del name
        return Identity(self._owner) if token == Secret(b"token") else None


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    make_home(made, "localhost", str)
    text = made.configuration.read_text("utf-8")
    made.configuration.write_text(text.replace("delay_seconds = 0", "delay_seconds = 600"), "utf-8")
    return made


@pytest.fixture
def system(home: Home) -> Iterator[System]:
    with opened(home) as system:
        yield system


def test_it_tells_whose_a_password_is_and_of_others_nothing(system: System) -> None:
    first = add_first_account(system)
    account = system.accounts.show(ACCOUNT).id
    admission = system.admission

    assert Identity(account) == admission.try_password(ACCOUNT, first.password)
    assert admission.try_password(ACCOUNT, WRONG) is None
    assert admission.try_password("nobody", first.password) is None


def test_a_device_comes_in_by_password_by_scram_and_by_digest(system: System) -> None:
    system.accounts.add("mrose")
    password = system.devices.add("mrose", "phone", legacy_digest=True)
    admission = system.admission

    identity = admission.try_password("mrose", password)

    assert identity == admission.try_digest("mrose", IsOf(password))
    assert [identity] * 2 == [
        admission.find_scram("mrose", hash_).verifiers[0].identity for hash_ in ScramHash
    ]


def test_a_token_is_asked_of_whoever_knows_tokens(system: System) -> None:
    account = system.accounts.add("mrose").id
    admission = replace(system.admission, tokens=OneToken(account))

    assert Identity(account) == admission.try_token("mrose", Secret(b"token"))
    assert admission.try_token("mrose", WRONG) is None
    assert replace(admission, tokens=None).try_token("mrose", Secret(b"token")) is None


def test_the_delay_of_the_configuration_holds_between_logins(system: System) -> None:
    identity = Identity(system.accounts.add("mrose").id)

    outcomes = [system.admission.enter("mrose", identity, SIGN_IN) for _ in range(2)]

    assert [Admitted(DELAY_SECONDS), Denied.LOGIN_DELAY] == outcomes


def asks(admission: Admission, password: Secret) -> list[Callable[[], object]]:
    return [
        lambda: admission.try_password("mrose", password),
        lambda: admission.try_password("nobody", password),
        lambda: admission.try_digest("mrose", IsOf(password)),
        lambda: admission.find_scram("mrose", ScramHash.SHA_1),
        lambda: admission.find_scram("nobody", ScramHash.SHA_1),
    ]


def test_a_lost_master_key_is_ours_to_mend_and_no_fault_of_the_client(home: Home) -> None:
    with opened(home) as system:
        system.accounts.add("mrose")
        password = system.devices.add("mrose", "phone", legacy_digest=True)
    (home.keys / "master").unlink()

    with opened(home) as system:
        for ask in asks(system.admission, password):
            with pytest.raises(OperatorFault, match="master key"):
                ask()
