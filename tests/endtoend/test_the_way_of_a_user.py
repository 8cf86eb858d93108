"""What a person with old mail accounts does, in its order: by the commands of the how-tos alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.collector.outcome import Outcome
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving, open_office

OTHER = "shop"
OLD = [
    b"Subject: one\r\n\r\n.\r\nFrom here on\r\n>From there on\r\n",
    "Subject: 請求書\r\n\r\n山田\r\n".encode(),
    b"Subject: three\r\n\r\n" + b"x" * 100_000 + b"\r\n",
]
NEW = b"Subject: new\r\n\r\n"
pytestmark = pytest.mark.slow


@pytest.fixture
def provider(office: PostOffice, tmp_path: Path) -> Iterator[Serving]:
    """Serve old mail to two accounts, from another home."""
    office.add_account(OTHER)
    deliver(office, tmp_path / "old", *OLD)
    with office.serving() as serving:
        yield serving


@pytest.fixture
def ours(tmp_path: Path) -> PostOffice:
    return open_office(tmp_path / "ours")


def deliver(office: PostOffice, folder: Path, *messages: bytes) -> None:
    folder.mkdir()
    for number, message in enumerate(messages):
        (folder / f"{number}.eml").write_bytes(message)
    office.do("deliver", ACCOUNT, folder)
    office.do("deliver", OTHER, folder)


def contents(office: PostOffice) -> list[bytes]:
    """Return the octets of what the archive has, the oldest first."""
    rows = reversed(office.answer("archive", "list"))
    return [office.do("archive", "show", row["id"], "--raw") for row in rows]


def reason(office: PostOffice, message: object) -> object:
    (fields,) = office.answer("remote", "why", "home", message)
    return fields["reason"]


def codes(office: PostOffice, times: int) -> list[Outcome]:
    return [Outcome(office.attempt("collect").code) for _ in range(times)]


def test_mail_comes_once_and_goes_out_as_it_came(
    provider: Serving, ours: PostOffice, tmp_path: Path
) -> None:
    ours.add_remote("home", provider.secure, "--into-maildrop")

    rehearsed = ours.answer("collect", "--dry-run")
    collected = codes(ours, 2)

    assert ["fetch"] * len(OLD) == [step["step"] for step in rehearsed]
    assert [Outcome.MAIL, Outcome.NONE] == collected
    assert OLD == contents(ours)
    assert len(OLD) == len(ours.answer("maildrop", "list", ACCOUNT))
    for form, to in [("maildir", "maildir"), ("eml", "eml"), ("mbox", "all.mbox")]:
        ours.do("archive", "export", "--format", form, "--to", tmp_path / to)
        third = open_office(tmp_path / f"into-{form}")
        third.do("deliver", ACCOUNT, tmp_path / to)
        assert sorted(OLD) == sorted(contents(third))


def test_mail_leaves_the_server_when_all_holds_and_not_before(
    provider: Serving, office: PostOffice, ours: PostOffice
) -> None:
    ours.add_remote("home", provider.secure)
    reasons: list[object] = []

    for policy in (
        (),
        ("--role", "reader", "--delete-after-days", "0"),
        ("--role", "master", "--delete-after-days", "1"),
        ("--delete-after-days", "", "--delete-after-backups", "1"),
        ("--delete-after-backups", "", "--keep-newest", "3"),
        ("--keep-newest", "2", "--delete-when-archived"),
    ):
        if policy:
            ours.do("remote", "edit", "home", *policy)
        ours.attempt("collect")
        reasons.append(reason(ours, 1))

    assert ["left", "reader", "too young", "no backup", "among newest", "removed"] == reasons
    assert ["removed", "among newest", "among newest"] == [reason(ours, n) for n in (1, 2, 3)]
    assert len(OLD) - 1 == len(office.answer("maildrop", "list", ACCOUNT))
    assert OLD == contents(ours)


def test_what_another_program_had_is_not_fetched_and_never_removed(
    provider: Serving, office: PostOffice, ours: PostOffice, tmp_path: Path
) -> None:
    ours.add_remote("home", provider.secure, "--delete-after-days", "0")
    ours.add_remote("work", provider.secure.but(account=OTHER))
    names = [row["unique_id"] for row in office.answer("maildrop", "list", ACCOUNT)]
    server = provider.secure
    file = tmp_path / "uidls"
    lines = [f"{server.account}@{server.host} {name}\n" for name in names]
    file.write_text("".join(lines), "ascii")

    said = json.loads(ours.do("remote", "import-state", "home", file, "--json"))
    marked = json.loads(ours.do("remote", "import-state", "work", "--mark-all-seen", "--json"))
    deliver(office, tmp_path / "new", NEW)
    collected = codes(ours, 2)

    assert (len(OLD), len(OLD)) == (said["taken"], marked["taken"])
    assert [Outcome.MAIL, Outcome.NONE] == collected
    assert [NEW] == contents(ours)
    assert {"seen"} == {reason(ours, name) for name in names}
    assert set(names) == {row["unique_id"] for row in office.answer("maildrop", "list", ACCOUNT)}
