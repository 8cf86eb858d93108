"""Our collector, as a command, collects from our own server into a home of its own."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.collector.outcome import Outcome
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving, open_office
from tests.peers.fetch import Tls
from tests.peers.program import find, run

MESSAGES = [
    b"Subject: dots\r\n\r\n.\r\n..\r\n",
    "Subject: 日本語\r\n\r\nGrüße\r\n".encode(),
    b"Subject: long\r\n\r\n" + b"x" * 100_000 + b"\r\n",
    b"no header at all\r\n",
]
pytestmark = pytest.mark.slow


@pytest.fixture
def ours(tmp_path: Path) -> PostOffice:
    """Give the home that is collected into."""
    return open_office(tmp_path / "ours")


@pytest.fixture
def filled(office: PostOffice, tmp_path: Path) -> Iterator[Serving]:
    """Serve the messages from another home."""
    sources = tmp_path / "sources"
    sources.mkdir()
    for number, message in enumerate(MESSAGES):
        (sources / f"{number}.eml").write_bytes(message)
    office.do("deliver", ACCOUNT, sources)
    with office.serving() as serving:
        yield serving


def exported(office: PostOffice, form: str, to: Path) -> list[bytes]:
    office.do("archive", "export", "--format", form, "--to", to)
    return sorted(path.read_bytes() for path in to.rglob("*") if path.is_file())


@pytest.mark.parametrize("tls", Tls)
def test_what_is_collected_is_exported_octet_for_octet(
    tls: Tls, filled: Serving, ours: PostOffice, tmp_path: Path
) -> None:
    ours.add_remote("there", filled.as_peer(tls))

    first = ours.run("collect", "--json")
    second = ours.run("collect", "--json")

    assert (Outcome.MAIL, Outcome.NONE) == (first.code, second.code)
    assert [len(MESSAGES), 0] == [json.loads(run.out)[0]["collected"] for run in (first, second)]
    assert sorted(MESSAGES) == exported(ours, "maildir", tmp_path / "maildir")
    assert sorted(MESSAGES) == exported(ours, "eml", tmp_path / "eml")


def test_a_second_export_doubles_nothing(filled: Serving, ours: PostOffice, tmp_path: Path) -> None:
    ours.add_remote("there", filled.secure)
    ours.do("collect")

    exported(ours, "maildir", tmp_path / "maildir")

    assert sorted(MESSAGES) == exported(ours, "maildir", tmp_path / "maildir")


def test_a_person_who_looks_sees_a_bar(filled: Serving, ours: PostOffice) -> None:
    ours.add_remote("there", filled.secure)
    on_terminal = [find("script"), "-qec", shlex.join(ours.command("collect")), "/dev/null"]
    environment = {**ours.environment, "TERM": "xterm", "COLUMNS": "120"}

    done = run(on_terminal, env=environment)
    from_cron = ours.run("collect", "there")

    assert (Outcome.MAIL, Outcome.NONE) == (done.code, from_cron.code)
    assert "━" in done.out.decode()
    assert "━" not in (from_cron.out + from_cron.err).decode()


def test_a_wrong_password_has_an_exit_code_of_its_own(filled: Serving, ours: PostOffice) -> None:
    ours.add_remote("there", filled.secure, password="a wrong one")

    done = ours.run("collect", "there")

    assert Outcome.AUTHENTICATION == done.code
    assert b"a wrong one" not in done.out + done.err


def test_a_server_that_is_down_has_an_exit_code_of_its_own(
    office: PostOffice, ours: PostOffice
) -> None:
    with office.serving() as serving:
        ours.add_remote("there", serving.secure)

    assert Outcome.SOCKET == ours.attempt("collect").code


def test_a_certificate_that_nobody_vouches_for_sends_no_password(
    filled: Serving, ours: PostOffice
) -> None:
    ours.add_remote("there", filled.as_peer(Tls.IMPLICIT, authority=ours.authority))

    done = ours.attempt("collect")

    assert Outcome.SOCKET == done.code
    assert b"certificate" in done.err


def test_what_is_durable_here_is_removed_there_when_that_is_asked_for(
    office: PostOffice, filled: Serving, ours: PostOffice
) -> None:
    ours.add_remote("there", filled.secure, "--delete-after-days", "0")

    ours.do("collect")

    assert [] == office.answer("maildrop", "list", ACCOUNT)
    assert len(MESSAGES) == len(ours.answer("archive", "list"))


def test_a_rotated_key_still_opens_what_a_remote_wants_to_hear(
    filled: Serving, ours: PostOffice
) -> None:
    ours.add_remote("there", filled.secure)
    before = (ours.folder / "keys" / "master").read_bytes()

    ours.do("key", "rotate")

    assert before != (ours.folder / "keys" / "master").read_bytes()
    assert Outcome.MAIL == ours.attempt("collect").code
