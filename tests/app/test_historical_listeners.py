"""POP2 and POP1 are served on loopback only, and only where passwords without TLS are allowed."""

from pathlib import Path

import pytest

from pillarbox.app.config import load
from pillarbox.app.first_run import make_home
from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault

KEYS = pytest.mark.parametrize("key", ["pop2", "pop1"])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_home(home, "localhost", str)
    return home


def configure(home: Home, key: str, addresses: str, *, allows_plaintext: bool = True) -> None:
    text = home.configuration.read_text("utf-8")
    text = text.replace(f"{key} = []", f"{key} = [{addresses}]")
    if allows_plaintext:
        text = text.replace("_without_tls = false", "_without_tls = true")
    home.configuration.write_text(text, "utf-8")


@KEYS
@pytest.mark.parametrize(
    "address", ["127.0.0.1:0", "127.8.9.10:109", "[::1]:0", "localhost:109", "LOCALHOST:109"]
)
def test_a_loopback_address_is_taken(home: Home, key: str, address: str) -> None:
    configure(home, key, f'"{address}"')

    assert (address,) == load(home).listen.historical


@KEYS
@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0:109", "[::]:109", "192.0.2.7:109", "[2001:db8::1]:109", "[fe80::1%lo]:109"),
        *("mail.example.org:109", "localhost.example.org:109", "127.1:109", "unix:run/pop2"),
        *("unix:109", "[::ffff:192.0.2.7]:109"),
    ],
)
def test_any_other_address_is_refused(home: Home, key: str, address: str) -> None:
    configure(home, key, f'"127.0.0.1:0", "{address}"')

    with pytest.raises(OperatorFault, match="on loopback only"):
        load(home)


@KEYS
def test_what_is_no_address_is_refused(home: Home, key: str) -> None:
    configure(home, key, '"127.0.0.1"')

    with pytest.raises(OperatorFault, match="not host:port"):
        load(home)


@KEYS
def test_without_leave_for_passwords_in_the_clear_it_is_refused(home: Home, key: str) -> None:
    configure(home, key, '"127.0.0.1:0"', allows_plaintext=False)

    with pytest.raises(OperatorFault, match="allow_plaintext_auth_without_tls = true"):
        load(home)


def test_neither_is_on_in_a_new_home(home: Home) -> None:
    assert () == load(home).listen.historical
