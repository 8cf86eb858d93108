"""Seeing what is in the archive, and taking it out octet for octet."""

from pathlib import Path

import pytest

from pillarbox.archive import listing
from pillarbox.archive.export import TARGETS, EmlTarget, Exported, Form, Target, export
from pillarbox.archive.listing import Archived, Source, Wanted
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.db.sqlite import Rows
from pillarbox.store.disk import Disk
from tests.archive.home import Home

MAILS = [
    b"Subject: =?utf-8?B?5p2x5Lqs?=\r\nFrom: a@b\r\n\r\n" + b"x" * 70_000,
    b"no header, bare\rCR and\nLF, no end",
    b"",
]
FILES = [Form.MAILDIR, Form.EML]  # a file a message


@pytest.fixture
def full(home: Home) -> Home:
    for number, mail in enumerate(MAILS):
        home.keep(mail, unique_id=str(number))
        home.clock.advance(1)
    return home


def written(home: Home, target: Target) -> Exported:
    seen: list[Archived] = []
    exported = export(home.listing, home.listing.messages(), target, Disk(), seen.append)

    assert len(seen) == exported.written + exported.found
    return exported


def test_the_newest_message_comes_first(full: Home) -> None:
    assert MAILS[::-1] == full.contents()


def test_a_listing_is_read_page_by_page(full: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)

    assert MAILS[::-1] == full.contents()


def test_a_listing_can_be_of_one_account(full: Home) -> None:
    assert 3 == len(list(full.listing.messages(AccountId(1))))
    assert [] == list(full.listing.messages(AccountId(2)))


def test_a_message_is_listed_with_what_people_look_for(full: Home) -> None:
    *_, oldest = full.listing.messages()

    headers = full.listing.headers(oldest)
    assert ("東京", "a@b", None) == (headers.subject, headers.sender, headers.date)
    assert ("mrose", len(MAILS[0]), "archive") == (oldest.account, oldest.octets, oldest.state)


def test_a_message_says_which_remotes_it_came_through(full: Home) -> None:
    full.keep(MAILS[0], unique_id="there", remote=2)

    *_, oldest = full.listing.messages()
    first, second = oldest.sources
    assert ("first", "second") == oldest.remotes
    assert Source("first", "0", oldest.arrived_at) == first
    assert ("second", "there") == (second.remote, second.unique_id)


def test_a_listing_can_be_of_one_remote(full: Home) -> None:
    full.keep(MAILS[1], unique_id="there", remote=2)
    messages = full.listing.messages(wanted=Wanted(remote=RemoteId(2)))

    assert [MAILS[1]] == [b"".join(full.listing.chunks(each)) for each in messages]


def test_a_listing_can_begin_at_a_time(full: Home) -> None:
    newest, middle, _oldest = full.listing.messages()

    assert [newest, middle] == list(full.listing.messages(wanted=Wanted(since=middle.arrived_at)))


def test_a_listing_can_be_of_what_was_set_aside(full: Home) -> None:
    def set_aside(rows: Rows) -> None:
        rows.run("UPDATE messages SET set_aside = 'spam' WHERE id = 2")
        rows.run("INSERT INTO message_tags VALUES (2, 'b'), (2, 'a')")

    full.database.write(set_aside)

    (message,) = full.listing.messages(wanted=Wanted(set_aside=True))
    assert (2, "spam", ("a", "b")) == (message.id, message.set_aside, message.tags)


def test_a_listing_can_begin_with_the_oldest(full: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    oldest_first = full.listing.messages(wanted=Wanted(oldest_first=True))

    assert [*full.listing.messages()][::-1] == list(oldest_first)


def test_one_message_is_found_by_its_id(full: Home) -> None:
    newest, *_ = full.listing.messages()

    assert newest == full.listing.message(newest.id)


@pytest.mark.parametrize("number", [4, 0, -1, 1 << 70])
def test_a_message_that_is_not_there_is_said(full: Home, number: int) -> None:
    with pytest.raises(OperatorFault, match=f"no message {number} "):
        full.listing.message(number)


def test_removed_messages_are_not_listed(full: Home) -> None:
    full.database.write(lambda rows: rows.run("UPDATE messages SET state = 'removed' WHERE id = 1"))

    assert MAILS[:0:-1] == full.contents()


@pytest.mark.parametrize("form", FILES)
def test_what_is_exported_is_what_is_stored(full: Home, tmp_path: Path, form: Form) -> None:
    assert Exported(written=3, found=0) == written(full, TARGETS[form](tmp_path / "a" / "out"))

    files = [path for path in (tmp_path / "a" / "out").rglob("*") if path.is_file()]
    assert sorted(MAILS) == sorted(path.read_bytes() for path in files)


@pytest.mark.parametrize("form", FILES)
def test_a_second_export_adds_what_is_missing_and_doubles_nothing(
    full: Home, tmp_path: Path, form: Form
) -> None:
    target = TARGETS[form](tmp_path / "out")
    written(full, target)
    full.keep(b"new", unique_id="new")

    assert Exported(written=1, found=3) == written(full, target)
    assert Exported(written=0, found=4) == written(full, target)
    assert 4 == sum(path.is_file() for path in (tmp_path / "out").rglob("*"))


def test_a_message_that_a_reader_has_moved_and_flagged_is_not_exported_again(
    full: Home, tmp_path: Path
) -> None:
    target = TARGETS[Form.MAILDIR](tmp_path / "out")
    written(full, target)
    for path in (tmp_path / "out" / "new").iterdir():
        path.rename(tmp_path / "out" / "cur" / f"{path.name}:2,S")

    assert Exported(written=0, found=3) == written(full, target)


def test_an_existing_empty_maildir_is_accepted(full: Home, tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "out" / name).mkdir(parents=True)

    assert Exported(written=3, found=0) == written(full, TARGETS[Form.MAILDIR](tmp_path / "out"))
    assert [] == list((tmp_path / "out" / "tmp").iterdir())


def test_a_folder_with_other_things_in_it_is_no_maildir(full: Home, tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match="neither empty nor a Maildir"):
        written(full, TARGETS[Form.MAILDIR](tmp_path))


def test_an_export_that_was_cut_short_is_completed(full: Home, tmp_path: Path) -> None:
    target = EmlTarget(tmp_path / "out")
    unfinished, _whole = target.paths(next(iter(full.listing.messages())))
    unfinished.parent.mkdir()
    unfinished.write_bytes(b"left by a run that was cut short, longer than the message")

    assert Exported(written=3, found=0) == written(full, target)
    assert sorted(MAILS) == sorted(path.read_bytes() for path in (tmp_path / "out").iterdir())


def test_a_folder_that_cannot_be_written_is_a_fault(full: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StoreFault):
        written(full, TARGETS[Form.EML](tmp_path / "file"))


@pytest.mark.parametrize("form", FILES)
def test_a_unique_id_of_another_server_never_is_a_files_name(
    full: Home, form: Form, tmp_path: Path
) -> None:
    full.database.write(lambda rows: rows.run("UPDATE messages SET unique_id = '../:' || id"))
    target = TARGETS[form](tmp_path / "exported")

    first, second = written(full, target), written(full, target)

    assert (Exported(3, 0), Exported(0, 3)) == (first, second)
    assert {"exported", "home"} >= {path.name for path in tmp_path.iterdir()}
    names = [path.name for path in (tmp_path / "exported").rglob("*message-*")]
    assert 3 == len(names)
