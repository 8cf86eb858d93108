"""The whole corpus goes in by `deliver` and comes out over POP3S as it was.

A client that has not said UTF8 gets a surrogate of mail whose headers are UTF-8 (RFC 6856, section
2.1). What a surrogate must be is tested with `message`; here, that each client gets what it is due.
"""

import asyncio
import poplib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.archive.listing import Wanted
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.server import Server as OurServer
from pillarbox.client.server import Tls as OurTls
from pillarbox.collector.outcome import Outcome
from pillarbox.message.mbox import Start, split
from pillarbox.message.mboxrd import restored
from pillarbox.message.surrogate.whole import surrogate_chunks
from tests.delivery.corpus import (
    CORPUS,
    canonical,
    is_sendable,
    mbox_files,
    message_files,
    needs_corpus,
)
from tests.endtoend.post_office import ACCOUNT, PASSWORD, PostOffice, Serving, open_office
from tests.peers.curl import Curl

pytestmark = [needs_corpus, pytest.mark.slow]

CURL_SAMPLE = 20
COLLECTION_SECONDS = 300.0  # for all of it on a busy machine; it takes a few
LINE_END = re.compile(rb"\r?\r\n|\r|\n")


@dataclass(frozen=True)
class Served:
    """A maildrop with the whole corpus, and what was delivered into it."""

    serving: Serving
    originals: list[bytes]

    def expected(self) -> list[bytes]:
        """Return what is to be served: only bare CRs and LFs, and a missing end, are changed."""
        return [served_form(original) for original in self.originals]

    def expected_without_utf8(self) -> list[bytes]:
        """Return what is served to a client that has not said UTF8."""
        return [b"".join(surrogate_chunks([message])) for message in self.expected()]


def served_form(original: bytes) -> bytes:
    if not is_sendable(original):
        original = LINE_END.sub(b"\r\n", original)
    return original if original.endswith(b"\r\n") else original + b"\r\n"


def originals() -> list[bytes]:
    found = [path.read_bytes() for path in message_files()]
    for path in mbox_files():
        messages: list[bytes] = []
        for piece in split([path.read_bytes()]):
            if isinstance(piece, Start):
                messages.append(b"")
            else:
                messages[-1] += piece
        found += messages
    return [canonical(message) for message in found]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    office = open_office(tmp_path_factory.mktemp("corpus") / "home")
    delivered = office.do("deliver", ACCOUNT, CORPUS / "messages", CORPUS / "mboxes")
    expected = originals()

    assert f"{len(expected)} messages delivered.\n".encode() == delivered

    with office.serving() as serving:
        yield Served(serving, expected)


async def read_by_our_client(server: OurServer) -> tuple[list[int], list[bytes]]:
    messages = []
    async with await connect(server) as session:
        await session.login(ACCOUNT, Secret(PASSWORD.encode()))
        listed = [each.octets for each in await session.listing()]
        async for _number, chunks in session.retrieve(range(1, len(listed) + 1)):
            messages.append(b"".join([chunk async for chunk in chunks]))
        await session.quit()
    return [octets or 0 for octets in listed], messages


def test_our_client_reads_every_message_and_list_counts_what_retr_sends(served: Served) -> None:
    port, ca_file = served.serving.ports["pop3s"], served.serving.authority
    server = OurServer("127.0.0.1", port, OurTls.IMPLICIT, ca_file)

    listed, messages = asyncio.run(read_by_our_client(server))

    assert [len(message) for message in messages] == listed
    assert served.expected() == messages


def read_by_poplib(serving: Serving, *, says_utf8: bool) -> tuple[list[int], list[bytes]]:
    context = ssl.create_default_context(cafile=serving.authority)
    client = poplib.POP3_SSL("127.0.0.1", serving.ports["pop3s"], context=context)
    if says_utf8:
        client.utf8()
    client.user(ACCOUNT)
    client.pass_(PASSWORD)
    listed = [int(line.split()[1]) for line in client.list()[1]]
    messages = [
        b"".join(line + b"\r\n" for line in client.retr(number)[1])
        for number in range(1, len(listed) + 1)
    ]
    client.quit()
    return listed, messages


@pytest.mark.parametrize("says_utf8", [False, True])
def test_poplib_reads_every_message(
    served: Served, monkeypatch: pytest.MonkeyPatch, says_utf8: bool
) -> None:
    monkeypatch.setattr(poplib, "_MAXLINE", 1 << 30)

    listed, messages = read_by_poplib(served.serving, says_utf8=says_utf8)

    assert [len(message) for message in messages] == listed
    assert (served.expected() if says_utf8 else served.expected_without_utf8()) == messages


def curl_reads(served: Served, home: Path, numbers: range) -> None:
    expected = served.expected_without_utf8()  # curl has no UTF8
    curl = Curl(home)

    for number in numbers:
        assert expected[number - 1] == curl.retrieve(served.serving.secure, number).out, number


def test_curl_reads_a_fixed_sample(served: Served, tmp_path: Path) -> None:
    step = len(served.originals) // CURL_SAMPLE

    curl_reads(served, tmp_path, range(1, 1 + step * CURL_SAMPLE, step))


@pytest.mark.interop
def test_curl_reads_every_message(served: Served, tmp_path: Path) -> None:
    curl_reads(served, tmp_path, range(1, 1 + len(served.originals)))


def test_what_needs_no_change_is_most_of_the_corpus(served: Served) -> None:
    unchanged = sum(map(is_sendable, served.originals))

    assert 0.9 * len(served.originals) < unchanged < len(served.originals)


def test_few_messages_of_the_corpus_need_a_surrogate(served: Served) -> None:
    pairs = zip(served.expected(), served.expected_without_utf8(), strict=True)
    changed = sum(original != surrogate for original, surrogate in pairs)

    assert 0 < changed < 0.05 * len(served.originals)


@pytest.fixture(scope="module")
def collected(served: Served, tmp_path_factory: pytest.TempPathFactory) -> PostOffice:
    """Give a home that has collected the whole corpus."""
    office = open_office(tmp_path_factory.mktemp("collected") / "home")
    office.add_remote("there", served.serving.secure)
    done = office.run("collect", deadline=COLLECTION_SECONDS)

    assert Outcome.MAIL == done.code, done.err
    return office


def exported(office: PostOffice, form: str, to: Path) -> Path:
    office.do("archive", "export", "--format", form, "--to", to)
    return to


@pytest.mark.parametrize("form", ["eml", "maildir"])
def test_what_is_collected_comes_out_as_it_was_served_each_message_once(
    served: Served, collected: PostOffice, tmp_path: Path, form: str
) -> None:
    files = [
        path for path in exported(collected, form, tmp_path / form).rglob("*") if path.is_file()
    ]

    assert sorted(set(served.expected())) == sorted(path.read_bytes() for path in files)


def test_an_mbox_of_what_is_collected_delivers_the_same_octets_in_the_same_order(
    served: Served, collected: PostOffice, tmp_path: Path
) -> None:
    box = exported(collected, "mbox", tmp_path / "box.mbox")
    other = open_office(tmp_path / "other")
    other.do("deliver", ACCOUNT, box)
    with opened(Home(other.folder)) as system:
        found = system.listing.messages(wanted=Wanted(oldest_first=True))
        octets = [b"".join(system.listing.chunks(message)) for message in found]

    assert sorted(set(served.expected())) == sorted(octets)
    assert octets == messages_of(box)


def messages_of(box: Path) -> list[bytes]:
    messages: list[bytes] = []
    for piece in restored(split([box.read_bytes()])):
        if isinstance(piece, Start):
            messages.append(b"")
        else:
            messages[-1] += piece
    return messages
