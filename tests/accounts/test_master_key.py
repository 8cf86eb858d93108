"""The master key's file: for nobody else's eyes, replaced whole, refused when others may read."""

from pathlib import Path

import pytest

from pillarbox.accounts.key_ring import Key, KeyRing, print_key_ring
from pillarbox.accounts.master_key import FILE_OCTETS, CredentialFile, KeyFile, find_master_key
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.secret import Secret
from pillarbox.store.disk import Disk
from tests.accounts.fakes import CutDisk, Knife

RING = KeyRing((Key("b", Secret(b"b" * 32)), Key("a", Secret(b"a" * 32))))


def test_there_is_no_ring_before_one_is_written(key_file: KeyFile) -> None:
    assert key_file.read() is None


def test_a_written_ring_is_read_back_and_replaced(key_file: KeyFile) -> None:
    key_file.write(RING)
    assert RING == key_file.read()

    key_file.write(RING.without({"a"}))
    assert RING.without({"a"}) == key_file.read()


def test_folder_and_file_are_for_our_eyes_alone(key_file: KeyFile) -> None:
    key_file.write(RING)

    assert 0o700 == key_file.path.parent.stat().st_mode & 0o777
    assert 0o600 == key_file.path.stat().st_mode & 0o777
    assert [key_file.path] == list(key_file.path.parent.iterdir())


def test_what_a_killed_writer_left_is_written_over_and_closed_to_others(key_file: KeyFile) -> None:
    unfinished = key_file.path.with_name("master.new")
    unfinished.parent.mkdir()
    unfinished.write_bytes(b"x" * 1000)
    unfinished.chmod(0o644)

    key_file.write(RING)

    assert RING == key_file.read()
    assert 0o600 == key_file.path.stat().st_mode & 0o777


def test_octets_are_synced_before_the_name_and_the_name_before_the_return(tmp_path: Path) -> None:
    knife = Knife(at=0)
    KeyFile(tmp_path / "keys", CutDisk(knife)).write(RING)

    done = [point for point in knife.passed if not point.startswith("before")]
    assert ["sync_folder", "sync", "rename", "sync_folder"] == done


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_open_to_others_is_refused_with_the_remedy(key_file: KeyFile, mode: int) -> None:
    key_file.write(RING)
    key_file.path.chmod(mode)

    with pytest.raises(OperatorFault, match=f"chmod 600 {key_file.path}"):
        key_file.read()


def test_a_file_that_cannot_be_read_is_named(key_file: KeyFile) -> None:
    key_file.path.mkdir(parents=True)

    with pytest.raises(OperatorFault, match=f"{key_file.path}: Is a directory"):
        key_file.read()


def test_a_file_without_end_is_refused(key_file: KeyFile) -> None:
    key_file.write(RING)
    key_file.path.write_bytes(b"\n" * (FILE_OCTETS + 1))

    with pytest.raises(OperatorFault, match="too long"):
        key_file.read()


def test_a_file_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    missing = KeyFile(tmp_path / "missing" / "keys", Disk())

    with pytest.raises(StoreFault, match="No such file"):
        missing.write(RING)
    with pytest.raises(StoreFault, match="No such file"):
        missing.settle()


# systemd


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    path = tmp_path / "credentials" / "pillarbox.master"
    path.parent.mkdir()
    path.write_bytes(print_key_ring(RING))
    path.chmod(0o440)  # as systemd shows it
    return path


def test_a_systemd_credential_goes_before_the_file(
    credential: Path, key_file: KeyFile, tmp_path: Path
) -> None:
    key_file.write(RING.without({"a"}))

    found = find_master_key(tmp_path / "keys", credential.parent, Disk())

    assert credential == found.path
    assert RING == found.read()
    found.settle()


@pytest.mark.parametrize("is_passed", [True, False])
def test_without_a_credential_the_file_is_used(
    credential: Path, key_file: KeyFile, tmp_path: Path, *, is_passed: bool
) -> None:
    key_file.write(RING)
    credential.unlink()

    found = find_master_key(tmp_path / "keys", credential.parent if is_passed else None, Disk())

    assert key_file.path == found.path
    assert RING == found.read()


def test_a_credential_is_not_ours_to_change(credential: Path) -> None:
    with pytest.raises(OperatorFault, match=r"pillarbox\.master is a systemd credential"):
        CredentialFile(credential).write(RING)

    assert RING == CredentialFile(credential).read()


def test_a_credential_that_went_away_is_no_ring(credential: Path) -> None:
    credential.unlink()

    assert CredentialFile(credential).read() is None
