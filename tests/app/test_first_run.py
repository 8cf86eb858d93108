"""What `init` leaves on the disk, and the first account."""

import stat
import tomllib
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from pillarbox.app.admission import Recipients
from pillarbox.app.build import opened
from pillarbox.app.config import load
from pillarbox.app.first_run import ACCOUNT, add_first_account, make_home
from pillarbox.app.home import Home
from pillarbox.app.settings import Configuration, Listen
from pillarbox.app.template import LINES, configuration_text
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.names import Identity
from pillarbox.delivery.effects import Refusal

SAMPLES = 5


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_home(home, "mail.example.org", str)
    return home


def test_a_new_home_is_nobody_elses(home: Home) -> None:
    modes = {
        str(path.relative_to(home.folder)): stat.S_IMODE(path.stat().st_mode)
        for path in [home.folder, *home.folder.rglob("*")]
    }

    assert {
        ".": 0o700,
        "tls": 0o700,
        "run": 0o700,
        "pillarbox.toml": 0o600,
        "tls/ca.pem": 0o644,
        "tls/server.pem": 0o644,
        "tls/server.key": 0o600,
    } == modes


def test_the_configuration_of_a_new_home_says_the_defaults(home: Home) -> None:
    config = load(home)

    assert msgspec.structs.replace(Configuration(), hostname="mail.example.org") == config


def test_the_template_has_every_setting_and_a_reason_beside_most() -> None:
    text = configuration_text("localhost", str)

    assert msgspec.to_builtins(Configuration()).keys() == tomllib.loads(text).keys()
    for name, table in tomllib.loads(text).items():
        if isinstance(table, dict):
            settings = msgspec.to_builtins(getattr(Configuration(), name)).keys()
            # Tables of which there may be many stand in comments: none is there yet.
            many = {key for key in settings if f"# [[{name}.{key}]]\n" in text}
            assert settings == table.keys() | many
    assert all(f"# {comment}\n" in text for comment, _ in LINES if comment)


def test_the_comments_are_in_the_readers_language() -> None:
    assert "# SAID\n" in configuration_text("localhost", lambda text: "SAID")


def test_a_hostname_stays_inside_its_quotes() -> None:
    text = configuration_text('a"\nworkers = 9', str)

    assert 'a"\nworkers = 9' == tomllib.loads(text)["hostname"]


def test_what_the_file_leaves_out_has_its_default(home: Home) -> None:
    home.configuration.write_text("[listen]\npop3 = []\n", "utf-8")

    assert msgspec.structs.replace(Configuration(), listen=Listen(pop3=())) == load(home)


def test_a_half_made_home_is_made_whole(home: Home) -> None:
    home.configuration.unlink()
    before = home.ca.read_bytes()

    make_home(home, "localhost", str)

    assert "localhost" == load(home).hostname
    assert before != home.ca.read_bytes()


def test_a_configuration_that_cannot_be_read_is_said(home: Home) -> None:
    home.configuration.unlink()
    home.configuration.mkdir()

    with pytest.raises(OperatorFault, match="Is a directory"):
        load(home)


def test_a_missing_configuration_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match="pillarbox init"):
        load(Home(tmp_path))


def test_the_first_account_has_the_samples_and_its_password(home: Home) -> None:
    with opened(home) as system:
        first = add_first_account(system)
        admitted = system.passwords.try_password(ACCOUNT, first.password)
        account = system.accounts.show(ACCOUNT).id
        messages = system.store.view(account)

    assert (Identity(account), SAMPLES) == (admitted, len(messages))
    assert first.password.reveal().decode("ascii") not in repr(first)


def test_each_sample_is_what_it_is_named_for() -> None:
    folder = resources.files("pillarbox") / "samples"
    samples = {path.name.partition("-")[2]: path.read_bytes() for path in folder.iterdir()}

    assert SAMPLES == len(samples)
    assert b"\n." in samples["dots.eml"]
    assert b"image/" in samples["picture.eml"]
    assert b"attachment" in samples["attachment.eml"]


def test_recipients_are_accounts_the_disabled_ones_too(home: Home) -> None:
    with opened(home) as system:
        account = system.accounts.add("mrose").id
        recipients = Recipients(system.accounts, system.quotas)
        found = recipients.resolve("mrose@example.org")
        system.accounts.disable("mrose")

        assert (account, account) == (found, recipients.resolve("mrose"))
        assert Refusal.UNKNOWN == recipients.resolve("nobody")


def test_a_lost_database_is_no_reason_to_make_a_new_one(home: Home) -> None:
    with opened(home) as system:
        add_first_account(system)
    for path in home.folder.glob("pillarbox.db*"):
        path.unlink()

    with pytest.raises(StoreFault, match="is missing, though there is mail"), opened(home):
        pass


def test_paths_of_the_configuration_start_at_the_home_unless_they_start_at_the_root() -> None:
    home = Home(Path("/home"))

    assert Path("/home/tls/a.pem") == home.below("tls/a.pem")
    assert Path("/etc/a.pem") == home.below("/etc/a.pem")


def test_the_keys_of_the_cas_are_nowhere(home: Home) -> None:
    keys = [path for path in home.folder.rglob("*") if path.is_file() and _has_key(path)]

    assert [home.tls / "server.key"] == keys


def _has_key(path: Path) -> bool:
    return b"PRIVATE KEY" in path.read_bytes()
