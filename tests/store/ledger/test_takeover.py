"""Unique-ids in a real database: given in one transaction, and never to a second message."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, Identity, RemoteId
from pillarbox.store.files import FileDelivery
from pillarbox.store.lease import Lease, take_view_lease
from pillarbox.store.ledger.entries import Entry
from pillarbox.store.ledger.maildir import Present, digest_as_stored, with_digests
from pillarbox.store.ledger.takeover import Outcome, Takeover, Wish
from pillarbox.store.views.policy import ViewId
from tests.archive.home import Home, open_home

MROSE, OTHER = AccountId(1), AccountId(2)
MAIL = {
    "lf": b"Subject: lf\n\nbody\n",
    "crlf": b"Subject: crlf\r\n\r\nbody\r\n",
    "mixed": b"Subject: mixed\r\n\r\nbody\nend\r\n",
    "bare": b"Subject: cr\r\rbody\r",
    "line": b"no line end",
}
NOBODY = Wish()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = open_home(tmp_path / "home", FakeClock(1_000_000.0))
    opened.database.write(
        lambda rows: [
            rows.run("DELETE FROM views"),
            rows.run("INSERT INTO devices (account_id, name, created_at) VALUES (1, 'phone', 0)"),
            rows.run_each(
                "INSERT INTO views (account_id, device_id, role, created_at)"
                " VALUES (?, ?, 'reader', 0)",
                [(1, None), (1, 1), (2, None)],
            ),
        ]
    )
    yield opened
    opened.database.close()


@pytest.fixture
def takeover(home: Home) -> Takeover:
    return Takeover(home.database, home.store._blobs, home.folder / "leases", home.clock)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    folder = tmp_path / "maildir"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, (name, octets) in enumerate(MAIL.items()):
        place = folder / ("new" if number % 2 else "cur")
        (place / (f"{number}.{name}" + ("" if number % 2 else ":2,S"))).write_bytes(octets)
    return folder


def deliver(home: Home, path: Path, account: AccountId = MROSE) -> None:
    list(FileDelivery(home.store, account, [path]).run())


def entries(maildir: Path) -> Present:
    wanted = [Entry(f"id-{name}", file=f"{n}.{name}") for n, name in enumerate(MAIL)]
    return with_digests(wanted, maildir)


def shown(takeover: Takeover, account: AccountId = MROSE) -> list[str]:
    return [each.unique_id for each in takeover.listed(account)]


def had(home: Home) -> set[tuple[int, int]]:
    with home.database.reading() as rows:
        return set(
            rows.all("SELECT message_id, view_id FROM view_messages WHERE had_at IS NOT NULL")
        )


def test_every_message_of_an_old_maildir_gets_its_unique_id(
    home: Home, takeover: Takeover, maildir: Path
) -> None:
    deliver(home, maildir)

    outcome = takeover.take_over(MROSE, entries(maildir).entries, NOBODY)

    assert [] == outcome.not_given
    assert 5 == outcome.count == len(outcome.given)
    assert [f"id-{name}" for name in MAIL] == shown(takeover)
    assert 10 == len(had(home))


def test_a_second_run_finds_all_as_it_is_and_says_nothing_new_to_the_audit(
    home: Home, takeover: Takeover, maildir: Path
) -> None:
    deliver(home, maildir)
    takeover.take_over(MROSE, entries(maildir).entries, NOBODY)

    outcome = takeover.take_over(MROSE, entries(maildir).entries, NOBODY)

    with home.database.reading() as rows:
        lines = rows.all("SELECT event, account_id, facts FROM audit")
    assert 5 == len(outcome.same)
    assert [] == outcome.given
    assert [("ledger.imported", 1, {"given": 5, "of": 5, "views": 2})] == [
        (event, account, json.loads(facts)) for event, account, facts in lines
    ]


def test_the_digest_of_a_file_is_that_of_what_deliver_stores(
    home: Home, takeover: Takeover, tmp_path: Path
) -> None:
    for number, octets in enumerate(MAIL.values()):
        path = tmp_path / f"{number}.eml"
        path.write_bytes(octets)
        deliver(home, path)

    assert [digest_as_stored(tmp_path / f"{number}.eml") for number in range(len(MAIL))] == [
        each.digest for each in takeover.listed(MROSE)
    ]


def test_two_accounts_may_have_the_same_unique_ids(
    home: Home, takeover: Takeover, maildir: Path
) -> None:
    deliver(home, maildir)
    deliver(home, maildir, OTHER)
    takeover.take_over(MROSE, entries(maildir).entries, NOBODY)
    takeover.take_over(OTHER, entries(maildir).entries, NOBODY)

    assert shown(takeover) == shown(takeover, OTHER)


def test_what_is_not_in_the_maildrop_is_named_and_nothing_is_delivered(
    home: Home, takeover: Takeover, maildir: Path
) -> None:
    deliver(home, maildir / "cur" / "0.lf:2,S")

    outcome = takeover.take_over(MROSE, entries(maildir).entries, NOBODY)

    assert ["id-lf"] == shown(takeover)
    assert 4 == len(outcome.missing) == len(outcome.not_given)


def test_what_the_old_maildir_has_no_more_does_not_count(maildir: Path) -> None:
    (maildir / "cur" / "0.lf:2,S").unlink()

    present = entries(maildir)

    assert ["id-lf"] == [each.unique_id for each in present.gone]
    assert 4 == len(present.entries)


def test_an_entry_is_known_by_its_message_id_where_its_file_is_gone(maildir: Path) -> None:
    wanted = [Entry("a", file="nowhere", message_id="<m@x>")]

    assert Present(wanted, []) == with_digests(wanted, maildir)


def test_names_of_files_without_a_maildir_are_refused(maildir: Path) -> None:
    with pytest.raises(OperatorFault, match="--maildir says where"):
        with_digests([Entry("a", file="f")], None)
    with pytest.raises(OperatorFault, match="No such file"):
        with_digests([Entry("a", file="f")], maildir / "cur")


def test_messages_are_known_by_message_id_where_the_list_has_nothing_else(
    home: Home, takeover: Takeover, tmp_path: Path
) -> None:
    for number in (1, 2):
        path = tmp_path / f"{number}.eml"
        path.write_bytes(b"Message-ID: <%d@x>\n\nbody\n" % number)
        deliver(home, path)
    (tmp_path / "3.eml").write_bytes(b"Subject: none\n\n")
    deliver(home, tmp_path / "3.eml")
    wanted = [Entry("two", message_id="<2@x>"), Entry("one", message_id="<1@x>")]

    assert 2 == len(takeover.compare(MROSE, wanted).other)

    takeover.take_over(MROSE, wanted, NOBODY)

    assert ["one", "two"] == shown(takeover)[:2]


def take(takeover: Takeover, home: Home, unique_id: str) -> Outcome:
    digest = takeover.listed(MROSE)[0].digest
    return takeover.take_over(MROSE, [Entry(unique_id, digest=digest)], NOBODY)


def test_a_unique_id_is_never_given_to_a_second_message_of_the_account(
    home: Home, takeover: Takeover, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.eml").write_bytes(f"Subject: {name}\n\n".encode())
    deliver(home, tmp_path / "first.eml")
    take(takeover, home, "a")
    home.database.write(lambda rows: rows.run("DELETE FROM messages"))
    deliver(home, tmp_path / "second.eml")

    outcome = take(takeover, home, "a")

    assert ["a"] == [each.unique_id for each in outcome.refused]
    assert ["a"] != shown(takeover)


def test_a_unique_id_of_a_removed_message_is_not_given_again(
    home: Home, takeover: Takeover, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.eml").write_bytes(f"Subject: {name}\n\n".encode())
        deliver(home, tmp_path / f"{name}.eml")
    removed = shown(takeover)[0]
    home.database.write(lambda rows: rows.run("UPDATE messages SET state = 'removed' WHERE id = 1"))

    outcome = take(takeover, home, removed)

    assert [removed] == [each.unique_id for each in outcome.refused]


def fetch(home: Home) -> None:
    home.database.write(
        lambda rows: rows.run("INSERT INTO view_messages VALUES (1, 2, 5, NULL, NULL)")
    )


def test_a_message_that_was_fetched_here_keeps_its_unique_id_unless_that_is_wished(
    home: Home, takeover: Takeover, maildir: Path
) -> None:
    deliver(home, maildir)
    fetch(home)

    outcome = takeover.take_over(MROSE, entries(maildir).entries, NOBODY)
    kept = shown(takeover)[0]
    takeover.take_over(MROSE, entries(maildir).entries, Wish(replaces_fetched=True))

    assert ["id-lf"] == [each.unique_id for each, _ in outcome.fetched]
    assert "id-lf" != kept
    assert "id-lf" == shown(takeover)[0]


def test_only_the_devices_that_are_named_have_the_messages(
    home: Home, takeover: Takeover, maildir: Path
) -> None:
    deliver(home, maildir)

    takeover.take_over(MROSE, entries(maildir).entries, Wish(devices=["phone"]))

    assert {(number, 2) for number in range(1, 6)} == had(home)


def test_an_unknown_device_changes_nothing(home: Home, takeover: Takeover, maildir: Path) -> None:
    deliver(home, maildir)

    with pytest.raises(OperatorFault, match="no device 'desk'"):
        takeover.take_over(MROSE, entries(maildir).entries, Wish(devices=["desk"]))

    assert set() == had(home)
    assert "id-lf" not in shown(takeover)


def test_a_plan_changes_nothing(home: Home, takeover: Takeover, maildir: Path) -> None:
    deliver(home, maildir)

    outcome = takeover.plan(MROSE, entries(maildir).entries, NOBODY)

    assert 5 == len(outcome.given)
    assert set() == had(home)
    assert "id-lf" not in shown(takeover)


def test_a_session_keeps_its_unique_ids(home: Home, takeover: Takeover, maildir: Path) -> None:
    deliver(home, maildir)
    maildrop = home.store.open_maildrop(Identity(MROSE))

    with pytest.raises(OperatorFault, match="Somebody is in the maildrop"):
        takeover.take_over(MROSE, entries(maildir).entries, NOBODY)

    maildrop.release()
    assert 5 == len(takeover.take_over(MROSE, entries(maildir).entries, NOBODY).given)


def test_a_device_that_is_in_keeps_its_unique_ids(
    home: Home, takeover: Takeover, maildir: Path
) -> None:
    deliver(home, maildir)
    lease = take_view_lease(home.folder / "leases", MROSE, ViewId(2))

    assert lease is not None
    with pytest.raises(OperatorFault, match="Somebody is in the maildrop"):
        takeover.take_over(MROSE, entries(maildir).entries, NOBODY)

    lease.release()


def test_a_change_of_the_devices_meanwhile_stops_it(
    home: Home, takeover: Takeover, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_and_revoke(folder: Path, account: AccountId, view: ViewId) -> Lease | None:
        home.database.write(lambda rows: rows.run("UPDATE devices SET revoked_at = 1"))
        return take_view_lease(folder, account, view)

    deliver(home, maildir)
    monkeypatch.setattr("pillarbox.store.ledger.takeover.take_view_lease", take_and_revoke)

    with pytest.raises(OperatorFault, match="Somebody is in the maildrop"):
        takeover.take_over(MROSE, entries(maildir).entries, NOBODY)

    assert set() == had(home)


def test_what_a_device_does_not_see_it_does_not_download(
    home: Home, takeover: Takeover, maildir: Path
) -> None:
    deliver(home, maildir)
    home.database.write(lambda rows: rows.run("INSERT INTO view_messages VALUES (1, 2, 5, 6, 7)"))

    pairs = takeover.compare(MROSE, entries(maildir).entries, "phone")

    assert 4 == len(pairs.other)
    assert 4 == len(takeover.listed(MROSE, "phone"))
    assert 5 == len(takeover.compare(MROSE, entries(maildir).entries).other)


def test_what_was_collected_and_then_delivered_has_the_unique_ids_of_its_remote(
    home: Home, takeover: Takeover, tmp_path: Path
) -> None:
    for number, unique_id in enumerate(["theirs", None]):
        octets = b"Subject: %d\r\n\r\n" % number
        home.keep(octets, unique_id=unique_id)
        (tmp_path / f"{number}.eml").write_bytes(octets)
        deliver(home, tmp_path / f"{number}.eml")

    takeover.take_over(MROSE, takeover.collected(RemoteId(1)), NOBODY)

    assert "theirs" == shown(takeover)[0]
    assert 2 == len(shown(takeover))
