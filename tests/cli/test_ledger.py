"""`pillarbox maildrop ledger`: lists of other servers on the command line."""

import hashlib
from pathlib import Path

import pytest

from tests.cli.home import CommandLine

MAIL = [b"Subject: one\n\none\n", b"Subject: two\n\ntwo\n"]
LIST = "3 V1659945426 N3\n1 :1.one\n2 :2.two\n"
LIST_OF_THREE = LIST + "3 :3.gone\n"
IDS = ["0000000162f0c1d2", "0000000262f0c1d2"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a Maildir with a list in it."""
    folder = tmp_path / "old"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "cur" / "1.one:2,S").write_bytes(MAIL[0])
    (folder / "new" / "2.two").write_bytes(MAIL[1])
    (folder / "dovecot-uidlist").write_text(LIST_OF_THREE, "utf-8")
    return folder


@pytest.fixture
def moved(ours: CommandLine, old: Path) -> CommandLine:
    """Return a home with an account that has the Maildir's messages."""
    ours.do("deliver", "mrose", old)
    return ours


def words(command: str, old: Path, *more: object) -> list[object]:
    return ["maildrop", "ledger", command, "mrose", old / "dovecot-uidlist", *more]


def ids(line: CommandLine) -> list[str]:
    listed = line.do("maildrop", "list", "mrose").splitlines()
    return [each.split("\t")[1] for each in listed]


def test_import_gives_the_unique_ids_and_verify_proves_it(moved: CommandLine, old: Path) -> None:
    before = moved.run(*words("verify", old))
    done = moved.run(*words("import", old))
    after = moved.run(*words("verify", old))

    assert (1, 0, 0) == (before.exit_code, done.exit_code, after.exit_code)
    assert "2 of 2 will be downloaded again.\n" == before.stdout[:33]
    assert IDS == [each.split("\t")[0] for each in before.stdout.splitlines()[1:]]
    assert "2 of 2 messages have the unique-id that they had there.\n" == done.stdout
    assert "0 of 2 will be downloaded again.\n" == after.stdout
    assert after.stderr.startswith("1 in the list has no file in the Maildir any more")
    assert IDS == ids(moved)


def test_a_dry_run_does_nothing(moved: CommandLine, old: Path) -> None:
    told = moved.do(*words("import", old, "--dry-run"))

    assert "2 of 2 messages would have the unique-id that they had there.\n" == told
    assert not set(IDS) & set(ids(moved))


def test_what_is_not_delivered_yet_is_named(ours: CommandLine, old: Path) -> None:
    ours.do("deliver", "mrose", old / "cur" / "1.one:2,S")

    result = ours.run(*words("import", old))

    assert 1 == result.exit_code
    assert [
        "1 of 2 messages have the unique-id that they had there.",
        f"{IDS[1]}\tno such message in the maildrop; deliver it first",
    ] == result.stdout.splitlines()
    assert 1 == ours.run(*words("verify", old)).exit_code


def test_json_names_what_came_of_every_entry(moved: CommandLine, old: Path) -> None:
    verified = moved.run(*words("verify", old, "--json"))
    imported = moved.json(*words("import", old))

    gone = "0000000362f0c1d2"
    assert f'"gone": [\n    "{gone}"\n  ]' in verified.stdout
    assert {
        "messages": 2,
        "given": IDS,
        "same": 0,
        "missing": [],
        "refused": [],
        "fetched": [],
        "gone": [gone],
    } == imported


def test_an_export_is_what_import_takes(moved: CommandLine, old: Path, tmp_path: Path) -> None:
    moved.do(*words("import", old))
    exported = tmp_path / "exported.tsv"
    exported.write_text(moved.do("maildrop", "ledger", "export", "mrose"), "utf-8")

    told = moved.do("maildrop", "ledger", "verify", "mrose", exported)

    digests = [hashlib.sha256(each.replace(b"\n", b"\r\n")).hexdigest() for each in MAIL]
    assert [
        "unique_id\tsha256\toctets",
        f"{IDS[0]}\t{digests[0]}\t21",
        f"{IDS[1]}\t{digests[1]}\t21",
    ] == exported.read_text("utf-8").splitlines()
    assert "0 of 2 will be downloaded again.\n" == told
    assert [
        {"unique_id": IDS[0], "sha256": digests[0], "octets": 21},
        {"unique_id": IDS[1], "sha256": digests[1], "octets": 21},
    ] == moved.json("maildrop", "ledger", "export", "mrose")


def test_a_device_that_is_named_is_the_one_that_is_asked_about(
    moved: CommandLine, old: Path
) -> None:
    moved.do("device", "add", "mrose", "phone")

    moved.do(*words("import", old, "--device", "phone"))

    assert "0 of 2" in moved.do(*words("verify", old, "--device", "phone"))
    assert "no device 'desk'" in moved.refuse(*words("import", old, "--device", "desk"))


def test_either_a_file_or_a_remote_is_wanted(moved: CommandLine, old: Path) -> None:
    moved.add_remote()

    both = moved.refuse(*words("import", old, "--remote", "there"))
    neither = moved.refuse("maildrop", "ledger", "verify", "mrose")

    assert "Say where the unique-ids are" in both
    assert both == neither
    assert "0 of 0" in moved.do("maildrop", "ledger", "verify", "mrose", "--remote", "there")


def test_a_list_that_cannot_be_read_is_named(moved: CommandLine, old: Path) -> None:
    assert "Is a directory" in moved.refuse("maildrop", "ledger", "verify", "mrose", old)


def test_files_may_be_elsewhere(moved: CommandLine, old: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list"
    listed.write_text("unique_id\tfile\na\tcur/1.one\n", "utf-8")

    told = moved.do("maildrop", "ledger", "import", "mrose", listed, "--maildir", old)

    assert "1 of 1 messages have the unique-id that they had there.\n" == told
    assert "a" in ids(moved)
