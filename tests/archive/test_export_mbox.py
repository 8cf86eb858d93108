"""An export as an mbox: read back octet for octet, whole or not touched at all."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from pillarbox.archive.export import Exported, export
from pillarbox.archive.export_mbox import MboxTarget
from pillarbox.archive.listing import Wanted
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.message.mbox import Start, split
from pillarbox.message.mboxrd import restored
from pillarbox.store.disk import Disk
from pillarbox.store.files import FileDelivery
from tests.archive.home import ACCOUNT, Home, open_home

MAILS = [
    b"Subject: one\r\n\r\nFrom here\r\n>From there\r\n",
    b"bare LF\nFrom x\n",
    b"no end, bare\rCR and\nLF",
    b"8-bit \xff\x00\r\n\r\n",
]


@pytest.fixture
def full(home: Home) -> Home:
    for number, mail in enumerate(MAILS):
        home.keep(mail, unique_id=str(number))
    return home


def exported(home: Home, path: Path, disk: Disk | None = None) -> Exported:
    messages = home.listing.messages(wanted=Wanted(oldest_first=True))
    return export(home.listing, messages, MboxTarget(path), disk or Disk(), lambda _message: None)


def messages_of(path: Path) -> list[bytes]:
    messages: list[bytes] = []
    for piece in restored(split([path.read_bytes()])):
        if isinstance(piece, Start):
            messages.append(b"")
        else:
            messages[-1] += piece
    return messages


def test_all_messages_are_in_it_the_oldest_first(full: Home, tmp_path: Path) -> None:
    path = tmp_path / "new" / "box.mbox"

    assert Exported(written=4, found=0) == exported(full, path)
    assert MAILS == messages_of(path)
    assert [path] == list(path.parent.iterdir())
    assert 0o600 == path.stat().st_mode & 0o777


def test_the_date_is_that_of_the_arrival(full: Home, tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    exported(full, path)

    assert re.match(
        rb"From [a-z2-7]{26}\.40@pillarbox\.invalid Fri Jan 15 08:00:00 2027\n", path.read_bytes()
    )


def test_delivered_again_each_message_has_the_same_octets(full: Home, tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    exported(full, path)
    other = open_home(tmp_path / "other")
    list(FileDelivery(other.store, ACCOUNT, [path]).run())

    assert MAILS == other.contents()[::-1]
    other.database.close()


def test_a_second_export_adds_what_is_missing_and_doubles_nothing(
    full: Home, tmp_path: Path
) -> None:
    path = tmp_path / "box.mbox"
    exported(full, path)
    before = path.stat()

    assert Exported(written=0, found=4) == exported(full, path)
    assert before == path.stat()

    full.keep(b"new", unique_id="new")
    assert Exported(written=1, found=4) == exported(full, path)
    assert [*MAILS, b"new"] == messages_of(path)


@pytest.mark.parametrize(
    "there",
    [
        b"From a@example.org\r\nx\r\n\r\n",
        b"From a@example.org\nx\n\n",
        b"From a@example.org\nx\n",
        b"From a@example.org\nx",
    ],
)
def test_what_others_put_into_an_mbox_stays_before_ours(
    full: Home, tmp_path: Path, there: bytes
) -> None:
    path = tmp_path / "box.mbox"
    path.write_bytes(there)

    assert Exported(written=4, found=0) == exported(full, path)
    assert path.read_bytes().startswith(there)
    assert [b"x", *MAILS] == [messages_of(path)[0].strip(), *messages_of(path)[1:]]


def test_an_empty_archive_is_an_empty_mbox(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"

    assert Exported(written=0, found=0) == exported(home, path)
    assert b"" == path.read_bytes()


def test_an_empty_file_is_an_mbox(full: Home, tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    path.touch()
    exported(full, path)

    assert MAILS == messages_of(path)


def test_a_link_stays_one(full: Home, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("box.mbox")
    exported(full, tmp_path / "link")

    assert MAILS == messages_of(tmp_path / "box.mbox")


def test_a_file_of_something_else_is_not_touched(full: Home, tmp_path: Path) -> None:
    path = tmp_path / "letter"
    path.write_bytes(b"Dear ")

    with pytest.raises(OperatorFault, match="is no mbox"):
        exported(full, path)

    assert b"Dear " == path.read_bytes()


def test_a_folder_is_no_mbox(full: Home, tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match="is a folder"):
        exported(full, tmp_path)


def test_a_place_that_cannot_be_written_is_a_fault(full: Home, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreFault):
        exported(full, tmp_path / "file" / "box.mbox")


class FullDisk(Disk):
    def sync(self, descriptor: int) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("is_there", [True, False])
def test_what_cannot_be_made_durable_leaves_all_as_it_was(
    full: Home, tmp_path: Path, *, is_there: bool
) -> None:
    path = tmp_path / "out" / "box.mbox"
    path.parent.mkdir()
    if is_there:
        path.write_bytes(b"From a\nx\n\n")

    with pytest.raises(StoreFault, match="No space"):
        exported(full, path, FullDisk())

    assert ([path] if is_there else []) == list(path.parent.iterdir())
    assert not is_there or path.read_bytes() == b"From a\nx\n\n"


def test_what_a_run_that_was_killed_left_is_written_over(full: Home, tmp_path: Path) -> None:
    (tmp_path / ".box.mbox.unfinished").write_bytes(b"x" * 100_000)
    exported(full, tmp_path / "box.mbox")

    assert MAILS == messages_of(tmp_path / "box.mbox")


def test_two_exports_at_once_do_not_mix(full: Home, tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    first, second = full.listing.messages(), MboxTarget(path)
    message = next(first)
    with second.writing(Disk()) as sink:
        sink.add(message, [b"x"])

        with pytest.raises(OperatorFault, match="Another export"):
            exported(full, path)

    assert [b"x"] == [each.removesuffix(b"\n") for each in messages_of(path)]


def test_a_file_that_another_export_has_finished_is_not_emptied(
    full: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "box.mbox"
    real = os.open

    def overtaken(name: Path, flags: int, mode: int) -> int:
        descriptor = real(name, flags, mode)
        Path(name).rename(path)
        return descriptor

    monkeypatch.setattr(os, "open", overtaken)

    with pytest.raises(OperatorFault, match="Another export"):
        exported(full, path)

    assert path.exists()


def test_a_change_meanwhile_is_not_lost(full: Home, tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    path.write_bytes(b"From a\nx\n\n")

    def arriving() -> Iterable[bytes]:
        yield MAILS[0]
        with path.open("ab") as file:
            file.write(b"From b\ny\n\n")

    (message, *_) = full.listing.messages()
    with (
        pytest.raises(OperatorFault, match="Somebody has changed"),
        MboxTarget(path).writing(Disk()) as sink,
    ):
        sink.add(message, arriving())

    assert b"From a\nx\n\nFrom b\ny\n\n" == path.read_bytes()
    assert not (tmp_path / ".box.mbox.unfinished").exists()
