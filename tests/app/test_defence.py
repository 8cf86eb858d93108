"""The throttle and the cache of a real home, as its configuration says."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from pillarbox.accounts.throttle.buckets import BUCKETS, Kind
from pillarbox.app.admission import Admission
from pillarbox.app.build import System, opened
from pillarbox.app.first_run import make_home
from pillarbox.app.home import Home
from pillarbox.base.names import Identity, SessionId, SignIn
from pillarbox.base.secret import Secret

SESSIONS = count()
WRONG = Secret(b"incorrect horse")
RIGHT = Secret(b"correct horse")
MOST = BUCKETS[Kind.PAIR].capacity


@contextmanager
def system(folder: Path, *settings: tuple[str, str]) -> Iterator[System]:
    home = Home(folder / "home")
    make_home(home, "localhost", str)
    text = home.configuration.read_text("utf-8")
    for old, new in settings:
        assert old in text
        text = text.replace(old, new)
    home.configuration.write_text(text, "utf-8")
    with opened(home) as opened_system:
        yield opened_system


def attempt(admission: Admission, name: str, password: Secret = WRONG) -> Identity | str | None:
    """Do what the server does; return "refused" where nothing was tried."""
    sign_in = SignIn(SessionId(str(next(SESSIONS))), "192.0.2.7", "pop3", None, "USER")
    if admission.delay(name, sign_in) is None:
        return "refused"
    identity = admission.try_password(name, password)
    if identity is None:
        admission.refused(name, sign_in)
    else:
        admission.give_back(sign_in)
        admission.enter(name, identity, sign_in)
    return identity


@pytest.mark.parametrize("name", ["mrose", "nobody"])
def test_a_guesser_is_refused_before_anything_is_tried(tmp_path: Path, name: str) -> None:
    with system(tmp_path) as home:
        home.accounts.add("mrose", home.passwords.verifiers("mrose", RIGHT))

        answers = [attempt(home.admission, name) for _ in range(MOST + 2)]

        assert [*[None] * MOST, "refused", "refused"] == answers
        assert "refused" == attempt(home.admission, name, RIGHT)


def test_who_came_in_from_there_comes_in_whatever_strangers_do(tmp_path: Path) -> None:
    with system(tmp_path) as home:
        account = home.accounts.add("mrose", home.passwords.verifiers("mrose", RIGHT))
        first = attempt(home.admission, "mrose", RIGHT)

        guesses = [attempt(home.admission, f"name{number}") for number in range(20)]

        assert "refused" == guesses[-1]
        assert [Identity(account.id)] * 2 == [first, attempt(home.admission, "mrose", RIGHT)]


def test_a_right_password_that_opens_nothing_makes_no_source_known(tmp_path: Path) -> None:
    with system(tmp_path) as home:
        home.accounts.add("mrose", home.passwords.verifiers("mrose", RIGHT))
        home.accounts.edit("mrose", {"networks": ["198.51.100.0/24"]}, {})
        attempt(home.admission, "mrose", RIGHT)

        guesses = [attempt(home.admission, "mrose") for _ in range(MOST + 1)]

        assert [*[None] * MOST, "refused"] == guesses


def test_after_an_incident_nobody_is_known(tmp_path: Path) -> None:
    with system(tmp_path) as home:
        home.accounts.add("mrose", home.passwords.verifiers("mrose", RIGHT))
        attempt(home.admission, "mrose", RIGHT)
        home.incidents.declare("mrose")
        home.passwords.set_password("mrose", RIGHT)

        for number in range(20):
            attempt(home.admission, f"name{number}")

        assert "refused" == attempt(home.admission, "mrose", RIGHT)


def test_the_throttle_is_switched_off_by_its_long_name(tmp_path: Path) -> None:
    switch = ("allow_unlimited_guesses = false", "allow_unlimited_guesses = true")
    with system(tmp_path, switch) as home:
        assert [None] * 2 * MOST == [attempt(home.admission, "mrose") for _ in range(2 * MOST)]


@pytest.mark.parametrize("seconds", [0, 300])
def test_a_password_is_remembered_as_long_as_the_configuration_says(
    tmp_path: Path, seconds: int
) -> None:
    with system(tmp_path, ("cache_seconds = 300", f"cache_seconds = {seconds}")) as home:
        home.accounts.add("mrose", home.passwords.verifiers("mrose", RIGHT))

        attempt(home.admission, "mrose", RIGHT)

        assert bool(seconds) == bool(home.passwords.cache._held)
