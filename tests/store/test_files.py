"""Messages delivered from files, folders, mboxes and Maildirs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId
from pillarbox.store.blobs.port import CHUNK_OCTETS
from pillarbox.store.files import EMPTY, Delivered, FileDelivery
from pillarbox.store.mail_files import NOT_A_FILE, NOT_MAIL, Refused
from tests.delivery.desk import Desk, Given

MESSAGE = b"Subject: one\r\n\r\nText.\r\n"
IS_ROOT = os.geteuid() == 0


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = Desk(tmp_path_factory.mktemp("home"), Given(["mrose"]))
    yield opened
    opened.close()


def deliver(desk: Desk, *paths: Path) -> list[Delivered | Refused]:
    return list(FileDelivery(desk, AccountId(1), paths).run())


def write(path: Path, octets: bytes = MESSAGE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return path


@pytest.mark.parametrize(
    ("octets", "stored"),
    [
        (MESSAGE, MESSAGE),
        (b"Subject: x\n\nText\n", b"Subject: x\r\n\r\nText\r\n"),
        (b"Subject: x\n\nText", b"Subject: x\r\n\r\nText"),
        (b"From a@b\r\nSubject: x\r\n\r\n", b"From a@b\r\nSubject: x\r\n\r\n"),
        (b"From a@b\n\nFrom c@d\n", b"From a@b\r\n\r\nFrom c@d\r\n"),
        (b"mixed\r\nends\n", b"mixed\r\nends\n"),
        (b"old\rends\r", b"old\rends\r"),
        (b"cr\rin\nlf\n", b"cr\rin\nlf\n"),
        (b"no end", b"no end"),
        (b"\0\xff\n\x80", b"\0\xff\r\n\x80"),
        (b"\n", b"\r\n"),
        (b"x" * CHUNK_OCTETS + b"\n" + b"\r", b"x" * CHUNK_OCTETS + b"\n" + b"\r"),
        (b"x" * CHUNK_OCTETS + b"\n", b"x" * CHUNK_OCTETS + b"\r\n"),
    ],
)
def test_a_file_is_one_message_octet_for_octet_and_local_text_gets_crlf(
    octets: bytes, stored: bytes, desk: Desk, tmp_path: Path
) -> None:
    path = write(tmp_path / "message.EML", octets)

    assert [Delivered(path, len(stored))] == deliver(desk, path)
    assert [stored] == desk.maildrop("mrose")


@given(st.lists(st.sampled_from([b"\n", b"\r\n", b"\r", b"x", b"From a\n", b".\n"]), min_size=1))
@settings(max_examples=30)
def test_what_is_stored_is_the_file_or_its_text_in_crlf(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    octets = b"".join(parts)
    folder = tmp_path_factory.mktemp("property")
    desk = Desk(folder, Given(["mrose"]))
    deliver(desk, write(folder / "message.eml", octets))
    stored = desk.maildrop("mrose")
    desk.close()

    assert [octets if b"\r" in octets else octets.replace(b"\n", b"\r\n")] == stored


def test_an_mbox_is_cut_and_each_message_has_its_own_line_ends(desk: Desk, tmp_path: Path) -> None:
    mbox = b"From a@b\none\n\nFrom c@d\n\nFrom e@f\ntwo\r\n\nFrom g@h\n>From x\n"
    path = write(tmp_path / "inbox", mbox)
    results = deliver(desk, path)

    assert results == [
        Delivered(path, 5, 1),
        Refused(path, EMPTY, 2),
        Delivered(path, 5, 3),
        Delivered(path, 9, 4),
    ]
    assert [b"one\r\n", b"two\r\n", b">From x\r\n"] == desk.maildrop("mrose")


def test_in_an_mbox_of_ours_each_message_has_its_own_octets(desk: Desk, tmp_path: Path) -> None:
    ours = b"From a.13@pillarbox.invalid x\none\n>From two\n\nFrom b.3@pillarbox.invalid x\nend\n\n"
    changed = b"From c.9@pillarbox.invalid x\nStatus: O\none\n\n"
    others = b"From c@example.org\n>From two\n\n"
    deliver(desk, write(tmp_path / "inbox", ours + changed + others))

    assert [
        b"one\nFrom two\n",
        b"end",
        b"Status: O\r\none\r\n",
        b">From two\r\n",
    ] == desk.maildrop("mrose")


def test_a_folder_is_taken_by_name_and_what_is_no_mail_is_said(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    write(folder / "b.eml", b"b\r\n")
    write(folder / "a" / "2.eml", b"a2\r\n")
    write(folder / "a" / "1.eml", b"a1\r\n")
    write(folder / "c.mbox", b"From x\r\nc\r\n")
    write(folder / "d.eml", b"")
    write(folder / "README.md", b"about\n")
    write(folder / ".hidden.eml", b"hidden\r\n")
    os.mkfifo(folder / "pipe.eml")
    (folder / "link").symlink_to(folder)
    results = deliver(desk, folder)

    assert [b"a1\r\n", b"a2\r\n", b"b\r\n", b"c\r\n"] == desk.maildrop("mrose")
    assert [result for result in results if isinstance(result, Refused)] == [
        Refused(folder / "README.md", NOT_MAIL),
        Refused(folder / "d.eml", EMPTY),
        Refused(folder / "link", NOT_A_FILE),
        Refused(folder / "pipe.eml", NOT_A_FILE),
    ]


def test_a_maildir_is_taken_oldest_first_with_the_folders_in_it(desk: Desk, tmp_path: Path) -> None:
    maildir = tmp_path / "Maildir"
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (maildir / folder).mkdir(parents=True)
    write(maildir / "cur" / "3.host:2,S", b"From me\r\nthird\r\n")
    write(maildir / "new" / "2.host", b"second\r\n")
    write(maildir / "cur" / "1.host:2,", b"first\r\n")
    write(maildir / "cur" / ".dot", b"no mail\r\n")
    write(maildir / "tmp" / "4.host", b"not whole")
    write(maildir / "dovecot-uidlist", b"3 V1\n")
    write(maildir / ".Sent" / "new" / "0.host", b"sent\r\n")
    results = deliver(desk, maildir)

    assert [Delivered] * 4 == [type(result) for result in results]
    assert desk.maildrop("mrose") == [
        b"first\r\n",
        b"second\r\n",
        b"From me\r\nthird\r\n",
        b"sent\r\n",
    ]


def test_a_file_that_is_named_is_mail_whatever_it_is_called(desk: Desk, tmp_path: Path) -> None:
    deliver(desk, write(tmp_path / "message.txt"))

    assert [MESSAGE] == desk.maildrop("mrose")


def test_a_named_link_to_a_folder_is_followed(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path / "folder" / "one.eml")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    deliver(desk, tmp_path / "link")

    assert [MESSAGE] == desk.maildrop("mrose")


def test_what_is_not_there_is_refused_and_the_rest_goes_on(desk: Desk, tmp_path: Path) -> None:
    missing, there = tmp_path / "missing.eml", write(tmp_path / "there.eml")

    assert [
        Refused(missing, "No such file or directory"),
        Delivered(there, len(MESSAGE)),
    ] == deliver(desk, missing, there)


def test_a_file_that_goes_before_it_is_read_is_refused(desk: Desk, tmp_path: Path) -> None:
    gone, there = write(tmp_path / "gone.eml"), write(tmp_path / "there.eml")
    delivery = FileDelivery(desk, AccountId(1), [gone, there])
    gone.unlink()

    assert [
        Refused(gone, "No such file or directory"),
        Delivered(there, len(MESSAGE)),
    ] == list(delivery.run())
    assert delivery.total_octets == delivery.done_octets


@pytest.mark.skipif(IS_ROOT, reason="root may read everything")
@pytest.mark.parametrize("name", ["one.eml", "folder"])
def test_what_may_not_be_read_is_refused(name: str, desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / name
    path.mkdir() if name == "folder" else write(path)
    path.chmod(0)
    results = deliver(desk, path)
    path.chmod(0o700)

    assert [Refused(path, "Permission denied")] == results


def test_octets_that_are_appended_meanwhile_are_left_for_the_next_time(
    desk: Desk, tmp_path: Path
) -> None:
    path = write(tmp_path / "inbox", b"From a\none\n")
    delivery = FileDelivery(desk, AccountId(1), [path])
    with path.open("ab") as file:
        file.write(b"\nFrom b\ntwo\n")

    assert [Delivered(path, 5, 1)] == list(delivery.run())


def test_progress_counts_the_octets_of_the_files(desk: Desk, tmp_path: Path) -> None:
    one, two = write(tmp_path / "1.eml"), write(tmp_path / "2.eml", b"")
    mbox = write(tmp_path / "inbox", b"From a\none\n\nFrom b\ntwo\n")
    delivery = FileDelivery(desk, AccountId(1), [one, two, mbox])
    done = [delivery.done_octets for _ in delivery.run()]

    assert delivery.total_octets == len(MESSAGE) + 23
    assert sorted(done) == done
    assert delivery.done_octets == delivery.total_octets


def test_a_store_that_fails_ends_the_delivery_and_what_was_yielded_is_delivered(
    desk: Desk, tmp_path: Path
) -> None:
    paths = [write(tmp_path / "1.eml"), write(tmp_path / "2.eml")]
    results = FileDelivery(desk, AccountId(1), paths).run()
    assert Delivered(paths[0], len(MESSAGE)) == next(results)
    desk.given.has_space = False

    with pytest.raises(StoreFault):
        next(results)
    assert [MESSAGE] == desk.maildrop("mrose")
    assert [] == desk.leftovers()
