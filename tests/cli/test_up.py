"""`pillarbox init` and `up` in this process: what a new home says, and what its owner reads."""

import os
import re
import signal
import tomllib
from pathlib import Path

import pytest
from cryptography import x509

from pillarbox.app import template
from pillarbox.app.build import System
from pillarbox.app.first_run import ACCOUNT, FirstAccount
from pillarbox.app.settings import Configuration
from pillarbox.cli import serve
from pillarbox.cli.welcome import welcome
from tests.cli.home import CommandLine

PORT = re.compile(r"127\.0\.0\.1:\d+")
PASSWORD = re.compile(r"^Password: (\S+)   \(shown this once\)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def stopped_when_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a new home listen on any ports, and end the server once it has said what it says."""

    def welcome_and_stop(system: System, config: Configuration, first: FirstAccount | None) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return welcome(system, config, first)

    lines = [(comment, PORT.sub("127.0.0.1:0", toml)) for comment, toml in template.LINES]
    monkeypatch.setattr(template, "LINES", lines)
    monkeypatch.setattr(serve, "welcome", welcome_and_stop)


@pytest.fixture
def ours(empty: CommandLine, stopped_when_ready: None) -> CommandLine:
    """Give the command line on a home that listens on any ports, with the account mrose."""
    empty.do("init")
    empty.add_account()
    return empty


def test_up_makes_a_home_where_there_is_none(empty: CommandLine) -> None:
    result = empty.run("up", "--hostname", "mail.example.org")

    assert 0 == result.exit_code
    assert f"Pillarbox is running. Its home is {empty.folder}." in result.stdout
    assert f"CA to trust: {empty.folder / 'tls' / 'ca.pem'}" in result.stdout
    assert f"Account: {ACCOUNT}" in result.stdout
    assert "a mail client: POP3, mail.example.org, port " in result.stdout
    for kind in ("POP3 (STLS)", "POP3S", "LMTP"):
        line = rf"^  {re.escape(kind)} +127\.0\.0\.1:\d+$"
        assert 1 == len(re.findall(line, result.stdout, re.MULTILINE))


def test_the_first_password_is_said_once_and_is_nowhere_else(empty: CommandLine) -> None:
    first = empty.run("up")
    found = PASSWORD.search(first.stdout)
    assert found, first.stdout
    second = empty.run("up")
    password = found[1].encode()

    assert 1 == first.stdout_bytes.count(password)
    assert [] == [text for text in (first.stderr, second.stdout, second.stderr) if found[1] in text]
    assert f"Accounts: {ACCOUNT}\n" in second.stdout
    assert [] == [
        path for path in empty.folder.rglob("*") if path.is_file() and password in path.read_bytes()
    ]


def test_up_in_a_home_with_an_account_adds_none(ours: CommandLine) -> None:
    result = ours.run("up")

    assert 0 == result.exit_code
    assert "Accounts: mrose\n" in result.stdout
    assert 1 == len(ours.do("account", "list").splitlines())


def test_without_pop3s_there_is_nothing_to_try(ours: CommandLine) -> None:
    ours.configure('pop3s = ["127.0.0.1:0"]', "pop3s = []")
    result = ours.run("up")

    assert 0 == result.exit_code
    assert "Try:" not in result.stdout


def test_on_unix_sockets_alone_there_is_nothing_to_try(ours: CommandLine) -> None:
    path = ours.folder / "run" / "pop3s"
    ours.configure('pop3s = ["127.0.0.1:0"]', f'pop3s = ["unix:{path}"]')
    result = ours.run("up")

    assert 0 == result.exit_code
    assert f"  POP3S        {path}\n" in result.stdout
    assert "Try:" not in result.stdout


def test_an_ipv6_address_is_shown_in_brackets(ours: CommandLine) -> None:
    ours.configure('pop3s = ["127.0.0.1:0"]', 'pop3s = ["[::1]:0"]')
    result = ours.run("up")

    assert 0 == result.exit_code
    assert re.search(r"^  POP3S        \[::1\]:\d+$", result.stdout, re.MULTILINE)
    assert re.search(r"pop3s://\[::1\]:\d+/1$", result.stdout, re.MULTILINE)


def test_init_is_for_the_name_that_is_given(empty: CommandLine) -> None:
    result = empty.run("init", "--hostname", "mail.example.org")
    pem = (empty.folder / "tls" / "server.pem").read_bytes()
    names = x509.load_pem_x509_certificates(pem)[0].extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    config = tomllib.loads((empty.folder / "pillarbox.toml").read_text("utf-8"))

    assert (0, "") == (result.exit_code, result.stdout)
    assert f"A home is ready in {empty.folder}.\n" == result.stderr
    assert "mail.example.org" in names.value.get_values_for_type(x509.DNSName)
    assert "mail.example.org" == config["hostname"]
    assert (empty.folder / "pillarbox.db").exists()


@pytest.mark.parametrize("hostname", ["", "grüße.example", "two words", "x" * 300])
@pytest.mark.parametrize("command", ["init", "up"])
def test_a_hostname_that_is_none_makes_no_home(
    empty: CommandLine, command: str, hostname: str, tmp_path: Path
) -> None:
    said = empty.refuse(command, "--hostname", hostname)

    assert "cannot be a hostname" in said
    assert not empty.folder.exists()
