"""Coming from another program: what it fetched is not collected again, all else is.

The lists are those that the real fetchmail, getmail and mpop wrote; Thunderbird's is made here.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from pillarbox.collector.outcome import Outcome
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving, open_office
from tests.peers import fetchmail, getmail, mpop
from tests.peers.dovecot import Dovecot, Options
from tests.peers.fetch import Fetched, Server, Tls
from tests.peers.openssl import make_certificate

OLD = [b"Subject: %d\r\n\r\nbefore the move\r\n" % number for number in range(5)]
NEW = b"Subject: new\r\n\r\nafter the move\r\n"
pytestmark = pytest.mark.slow


class Client(Protocol):
    def fetch(self, server: Server) -> Fetched: ...


CLIENTS: dict[str, tuple[Callable[[Path], Client], str]] = {
    "fetchmail": (fetchmail.Fetchmail, "fetchids"),
    "getmail": (getmail.Getmail, "oldmail-*"),
    "mpop": (mpop.Mpop, "uidls"),
}
INTEROP = pytest.mark.interop


@pytest.fixture
def ours(tmp_path: Path) -> PostOffice:
    """Give the home that is collected into."""
    return open_office(tmp_path / "ours")


def deliver(office: PostOffice, folder: Path, *messages: bytes) -> None:
    folder.mkdir()
    for number, message in enumerate(messages):
        (folder / f"{number}.eml").write_bytes(message)
    office.do("deliver", ACCOUNT, folder)


@pytest.fixture
def filled(office: PostOffice, tmp_path: Path) -> Iterator[Serving]:
    deliver(office, tmp_path / "old", *OLD)
    with office.serving() as serving:
        yield serving


def moved(name: str, home: Path, server: Server, ours: PostOffice) -> dict[str, object]:
    """Fetch with a real program, import its list, and return what was said of that."""
    make, pattern = CLIENTS[name]
    fetched = make(home).fetch(server)

    assert len(OLD) == len(fetched.messages), fetched.done.err

    (file,) = home.glob(pattern)
    ours.add_remote("there", server)
    answer: dict[str, object] = json.loads(
        ours.do("remote", "import-state", "there", file, "--json")
    )
    return answer


def exported(ours: PostOffice, to: Path) -> list[bytes]:
    ours.do("archive", "export", "--format", "eml", "--to", to)
    return [path.read_bytes() for path in to.iterdir()]


@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_real_program_fetched_is_not_collected_again(
    name: str, office: PostOffice, filled: Serving, ours: PostOffice, tmp_path: Path
) -> None:
    said = moved(name, tmp_path / name, filled.secure, ours)
    first = ours.attempt("collect")
    deliver(office, tmp_path / "new", NEW)
    second = ours.attempt("collect")

    assert (name, len(OLD), 0) == (said["listed_by"], said["taken"], said["known"])
    assert (Outcome.NONE, Outcome.MAIL) == (first.code, second.code), first.err + second.err
    assert [NEW] == exported(ours, tmp_path / "out")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "mpop" else INTEROP) for name in CLIENTS]
)
def test_the_same_holds_where_the_mail_is_on_a_dovecot(
    name: str, ours: PostOffice, tmp_path: Path
) -> None:
    folder = tmp_path / "certificate"
    folder.mkdir()
    certificate = make_certificate(folder)
    with Dovecot(certificate) as dovecot:
        dovecot.deliver(ACCOUNT, OLD)
        authority = certificate.authority.certificate
        server = Server(dovecot.tls_port, authority, Tls.IMPLICIT)
        moved(name, tmp_path / name, server, ours)
        first = ours.attempt("collect")
        dovecot.deliver(ACCOUNT, [NEW])
        second = ours.attempt("collect")

    assert (Outcome.NONE, Outcome.MAIL) == (first.code, second.code), first.err + second.err
    assert [NEW] == exported(ours, tmp_path / "out")


def test_what_thunderbird_has_whole_is_not_collected_again(
    office: PostOffice, filled: Serving, ours: PostOffice, tmp_path: Path
) -> None:
    """No Thunderbird runs here: its file is written as its source code describes it."""
    *whole, part = [str(each["unique_id"]) for each in office.answer("maildrop", "list", ACCOUNT)]
    lines = [
        *("# POP3 State File", "# This is a generated file!  Do not edit.", ""),
        f"*{filled.secure.host} {filled.secure.account}",
        *(f"k {unique_id} 1700000000" for unique_id in whole),
        f"b {part} 1700000000",
    ]
    (tmp_path / "popstate.dat").write_text("\n".join(lines), "ascii")
    ours.add_remote("there", filled.secure)
    said = json.loads(
        ours.do("remote", "import-state", "there", tmp_path / "popstate.dat", "--json")
    )
    done = ours.attempt("collect")

    assert (len(whole), 1) == (said["taken"], said["parts"])
    assert Outcome.MAIL == done.code, done.err
    assert [OLD[-1]] == exported(ours, tmp_path / "out")


def test_all_that_is_there_can_be_marked_as_seen(
    office: PostOffice, filled: Serving, ours: PostOffice, tmp_path: Path
) -> None:
    ours.add_remote("there", filled.secure)

    said = json.loads(ours.do("remote", "import-state", "there", "--mark-all-seen", "--json"))
    first = ours.attempt("collect")
    deliver(office, tmp_path / "new", NEW)
    second = ours.attempt("collect")

    assert (len(OLD), 0, 0) == (said["taken"], said["known"], said["unnamed"])
    assert (Outcome.NONE, Outcome.MAIL) == (first.code, second.code), first.err + second.err
    assert [NEW] == exported(ours, tmp_path / "out")


def test_all_that_is_in_a_folder_of_imap_can_be_marked_as_seen(
    ours: PostOffice, tmp_path: Path
) -> None:
    folder = tmp_path / "certificate"
    folder.mkdir()
    certificate = make_certificate(folder)
    with Dovecot(certificate, Options(serves_imap=True)) as dovecot:
        dovecot.deliver(ACCOUNT, OLD)
        authority = certificate.authority.certificate
        server = Server(dovecot.imap_tls_port, authority, Tls.IMPLICIT)
        ours.add_remote("there", server, "--protocol", "imap")
        said = json.loads(ours.do("remote", "import-state", "there", "--mark-all-seen", "--json"))
        dovecot.deliver(ACCOUNT, [NEW])
        done = ours.attempt("collect")

    assert (len(OLD), 0) == (said["taken"], said["unnamed"])
    assert Outcome.MAIL == done.code, done.err
    assert [NEW] == exported(ours, tmp_path / "out")


def test_what_another_program_fetched_is_never_removed_from_the_server(
    office: PostOffice, filled: Serving, ours: PostOffice, tmp_path: Path
) -> None:
    ours.add_remote("there", filled.secure, "--delete-after-days", "0")
    ours.do("remote", "import-state", "there", "--mark-all-seen")
    deliver(office, tmp_path / "new", NEW)
    done = ours.attempt("collect", "--json")

    (result,) = json.loads(done.out)
    assert (1, 1) == (result["collected"], result["removed"])
    assert len(OLD) == len(office.answer("maildrop", "list", ACCOUNT))
