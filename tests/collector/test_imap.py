"""Collecting from a real Dovecot over IMAP: into the same ledger, and with the same promises."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.accounts.remote_settings import LeavePolicy, Protocol
from pillarbox.archive.ledger import Removal
from pillarbox.base.secret import Secret
from pillarbox.client.faults import (
    NotAcceptedFault,
    PasswordWithoutTlsFault,
    RefusedFault,
    StlsMissingFault,
)
from pillarbox.client.server import Server, Tls
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.collector.source import Source
from pillarbox.net.tls import TlsFault
from tests.archive.home import ACCOUNT, REMOTE, Home, open_home
from tests.collector import rig
from tests.endtoend.post_office import open_office
from tests.peers.dovecot import Dovecot, Options
from tests.peers.openssl import Certificate, make_certificate

ROOT = Path(__file__).resolve().parents[2]
FEW = [b"Subject: %d\r\n\r\n.dot\r\n" % number for number in range(40)]
BIG = b"Subject: big\r\n\r\n" + b"0123456789abcdef\r\n" * 40_000  # some parts
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def dovecot(certificate: Certificate) -> Iterator[Dovecot]:
    with Dovecot(certificate, Options(serves_imap=True)) as running:
        yield running


def source(dovecot: Dovecot, certificate: Certificate, tls: Tls = Tls.IMPLICIT) -> Source:
    port = dovecot.imap_tls_port if tls is Tls.IMPLICIT else dovecot.imap_port
    server = Server("localhost", port, tls, certificate.authority.certificate, 20)
    password = Secret(b"correct horse")
    return Source(REMOTE, ACCOUNT, server, "mrose", password, protocol=Protocol.IMAP)


def collect(home: Home, source: Source) -> Result:
    return rig.collect_really(home, source)


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STLS])
def test_all_is_collected_once_and_later_what_is_new(
    home: Home, dovecot: Dovecot, certificate: Certificate, tls: Tls
) -> None:
    wanted = source(dovecot, certificate, tls)
    dovecot.deliver("mrose", [*FEW, BIG])

    first, second = collect(home, wanted), collect(home, wanted)
    dovecot.deliver("mrose", [b"Subject: new\r\n\r\n"])
    third = collect(home, wanted)

    assert (None, None, None) == (first.fault, second.fault, third.fault)
    assert [41, 0, 1] == [first.collected, second.collected, third.collected]
    assert [41, 41, 42] == [first.listed, second.listed, third.listed]
    assert sorted([*FEW, BIG, b"Subject: new\r\n\r\n"]) == sorted(home.contents())
    assert 42 == len(dovecot.messages("mrose"))


def test_nothing_changes_on_the_server(
    home: Home, dovecot: Dovecot, certificate: Certificate
) -> None:
    dovecot.deliver("mrose", FEW)
    collect(home, source(dovecot, certificate))

    maildir = dovecot.folder / "mail" / "mrose"
    assert 40 == len(list((maildir / "new").iterdir()))  # not even recent is taken from them
    assert [] == list((maildir / "cur").iterdir())


def test_every_folder_that_is_named_is_collected_under_its_own_names(
    home: Home, dovecot: Dovecot, certificate: Certificate
) -> None:
    dovecot.deliver("mrose", FEW[:2])
    dovecot.deliver(dovecot.folder_of("mrose", "Alte Post"), FEW[2:5])
    wanted = replace(source(dovecot, certificate), folders=("INBOX", "Alte Post"))

    result = collect(home, wanted)

    names = home.ledger.entries(REMOTE)
    assert (None, 5) == (result.fault, result.collected)
    assert {"INBOX", "Alte%20Post"} == {name.split("/")[1] for name in names}
    assert not any(" " in name for name in names)
    assert sorted(FEW[:5]) == sorted(home.contents())


def test_a_folder_that_is_not_there_is_an_error_and_not_an_empty_folder(
    home: Home, dovecot: Dovecot, certificate: Certificate
) -> None:
    result = collect(home, replace(source(dovecot, certificate), folders=("Nowhere",)))

    assert Outcome.SERVER is result.outcome
    assert isinstance(result.fault, RefusedFault)


def test_messages_under_a_new_uidvalidity_are_not_kept_twice(
    home: Home, dovecot: Dovecot, certificate: Certificate
) -> None:
    dovecot.deliver("mrose", FEW)
    collect(home, source(dovecot, certificate))
    dovecot.renumber("mrose")

    result = collect(home, source(dovecot, certificate))

    assert (None, 40, 0) == (result.fault, result.listed, result.collected)
    assert sorted(FEW) == sorted(home.contents())


def test_what_is_kept_is_removed_where_the_policy_says_so_and_nothing_else(
    home: Home, dovecot: Dovecot, certificate: Certificate
) -> None:
    dovecot.deliver("mrose", FEW)
    wanted = source(dovecot, certificate)
    collect(home, wanted)
    dovecot.deliver("mrose", [BIG])

    result = collect(home, replace(wanted, policy=LeavePolicy(0)))

    assert (None, 41, 0) == (result.fault, result.removed, result.perhaps_removed)
    assert [] == dovecot.messages("mrose")
    assert {Removal.DONE} == {entry.removal for entry in home.ledger.entries(REMOTE).values()}
    assert 41 == len(home.contents())


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "CRAM-MD5", "USER", "LOGIN"])
def test_every_way_in_works(
    home: Home, dovecot: Dovecot, certificate: Certificate, mechanism: str
) -> None:
    dovecot.deliver("mrose", FEW[:1])
    wanted = source(dovecot, certificate)

    result = collect(home, replace(wanted, server=replace(wanted.server, mechanism=mechanism)))

    assert (None, 1) == (result.fault, result.collected)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "USER"])
def test_a_wrong_password_is_told_from_every_other_fault_and_never_shown(
    home: Home, dovecot: Dovecot, certificate: Certificate, mechanism: str
) -> None:
    wanted = source(dovecot, certificate)
    server = replace(wanted.server, mechanism=mechanism)

    result = collect(home, replace(wanted, server=server, password=Secret(b"wrong battery")))

    assert isinstance(result.fault, NotAcceptedFault)
    assert Outcome.AUTHENTICATION is result.outcome
    assert "battery" not in str(result.fault)


def test_no_password_is_sent_without_tls(
    home: Home, dovecot: Dovecot, certificate: Certificate
) -> None:
    wanted = source(dovecot, certificate, Tls.NONE)
    server = replace(wanted.server, mechanism="PLAIN")

    result = collect(home, replace(wanted, server=server))

    assert isinstance(result.fault, PasswordWithoutTlsFault)


def test_a_certificate_of_nobody_we_know_is_refused(
    home: Home, dovecot: Dovecot, certificate: Certificate
) -> None:
    wanted = source(dovecot, certificate)

    result = collect(home, replace(wanted, server=replace(wanted.server, ca_file=None)))

    assert isinstance(result.fault, TlsFault)


def test_a_server_without_starttls_gets_no_login(home: Home, certificate: Certificate) -> None:
    with Dovecot(certificate, Options(serves_imap=True, offers_tls=False)) as bare:
        result = collect(home, source(bare, certificate, Tls.STLS))

    assert isinstance(result.fault, StlsMissingFault)


def test_the_command_collects_from_a_remote_of_imap(
    tmp_path: Path, dovecot: Dovecot, certificate: Certificate
) -> None:
    dovecot.deliver("mrose", FEW[:2])
    dovecot.deliver(dovecot.folder_of("mrose", "Work"), FEW[2:5])
    office = open_office(tmp_path / "home")
    office.do(
        *("remote", "add", "there", "--protocol", "imap", "--folder", "INBOX", "--folder", "Work"),
        *("--server", f"127.0.0.1:{dovecot.imap_tls_port}", "--user", "mrose"),
        *("--account", "mrose", "--ca", certificate.authority.certificate, "--password-stdin"),
        said=b"correct horse\n",
    )

    done = office.run("collect", "there", "--json")

    assert (0, b"") == (done.code, done.err)
    assert 5 == len(office.answer("archive", "list"))


MEMORY = 100 * 1024  # kilobytes


def start(home: Path, dovecot: Dovecot, certificate: Certificate) -> "subprocess.Popen[bytes]":
    arguments = [str(home), str(dovecot.imap_tls_port), "implicit"]
    authority = str(certificate.authority.certificate)
    module = "tests.collector.run_once"
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments, authority, "--imap"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )


def test_a_large_message_takes_little_memory(
    tmp_path: Path, dovecot: Dovecot, certificate: Certificate
) -> None:
    dovecot.deliver("mrose", [b"Subject: large\r\n\r\n" + b"x" * 998 * 20_000 + b"\r\n"])

    with start(tmp_path / "home", dovecot, certificate) as running:
        said, _ = running.communicate(timeout=60)

    told = json.loads(said.splitlines()[-1])
    assert (1, "") == (told["collected"], told["fault"])
    assert told["peak_kilobytes"] < MEMORY


def test_a_collector_that_is_killed_loses_nothing_and_doubles_nothing(
    tmp_path: Path, dovecot: Dovecot, certificate: Certificate
) -> None:
    dovecot.deliver("mrose", [*FEW, BIG])
    with start(tmp_path / "home", dovecot, certificate) as running:
        assert running.stdout is not None
        for _ in range(10):
            running.stdout.readline()
        running.send_signal(signal.SIGKILL)
    with start(tmp_path / "home", dovecot, certificate) as again:
        again.communicate(timeout=60)

    home = open_home(tmp_path / "home")
    contents = home.contents()
    home.database.close()
    assert sorted([*FEW, BIG]) == sorted(contents)
