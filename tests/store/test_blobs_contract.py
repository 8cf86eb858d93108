"""What every place for blobs promises, and what the one on the disk does besides."""

import hashlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.errors import StoreFault
from pillarbox.store.blobs.files import STALE_SECONDS, FileBlobs
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.blobs.port import Blobs, Digest
from pillarbox.store.disk import Disk


class QuickDisk(Disk):
    """Does not wait for the disk: nothing here is about power cuts."""

    def sync(self, descriptor: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


@pytest.fixture(params=["memory", "files"], scope="module")
def blobs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    if request.param == "memory":
        return MemoryBlobs()
    return FileBlobs(tmp_path_factory.mktemp("blobs"), QuickDisk())


@pytest.fixture
def files(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "blobs", QuickDisk())


def keep(blobs: Blobs, *chunks: bytes) -> Digest:
    with blobs.writer() as writer:
        for chunk in chunks:
            writer.write(chunk)
        return writer.keep()


def read(blobs: Blobs, digest: Digest, octets: int = 100) -> list[bytes]:
    reader = blobs.open(digest)
    chunks = list(iter(lambda: reader.read(octets), b""))
    reader.close()
    return chunks


def lying(files: FileBlobs) -> list[Path]:
    return [path for path in files.folder.rglob("*") if path.is_file()]


@given(chunks=st.lists(st.binary()))
def test_kept_octets_are_read_back_under_their_sha_256(blobs: Blobs, chunks: list[bytes]) -> None:
    octets = b"".join(chunks)
    digest = keep(blobs, *chunks)

    assert hashlib.sha256(octets).digest() == digest
    assert octets == b"".join(read(blobs, digest))


def test_reading_gives_no_more_than_was_asked_for_and_nothing_at_the_end(blobs: Blobs) -> None:
    assert [b"abc", b"def", b"g"] == read(blobs, keep(blobs, b"abcd", b"efg"), 3)


def test_a_blob_that_is_not_there_is_a_store_fault(blobs: Blobs) -> None:
    with pytest.raises(StoreFault):
        blobs.open(Digest(bytes(32)))


def test_what_is_not_kept_leaves_nothing(blobs: Blobs) -> None:
    with blobs.writer() as writer:
        writer.write(b"never kept")

    with pytest.raises(StoreFault):
        blobs.open(Digest(hashlib.sha256(b"never kept").digest()))


def test_equal_octets_are_kept_once_in_memory() -> None:
    blobs = MemoryBlobs()

    assert keep(blobs, b"same") == keep(blobs, b"sa", b"me")
    assert 1 == len(blobs)


def test_equal_octets_are_one_private_file(files: FileBlobs) -> None:
    digest = keep(files, b"same")
    keep(files, b"sa", b"me")

    assert [files.path(digest)] == lying(files)
    assert 0o600 == files.path(digest).stat().st_mode & 0o777


def test_a_writer_that_is_left_without_keep_leaves_no_file(files: FileBlobs) -> None:
    with files.writer() as writer:
        writer.write(b"never kept")
        assert 1 == len(lying(files))

    assert [] == lying(files)


def test_a_sweep_removes_only_what_was_left_long_ago(files: FileBlobs) -> None:
    kept = files.path(keep(files, b"old but kept"))
    stale, fresh = files.incoming / "stale", files.incoming / "fresh"
    stale.touch()
    fresh.touch()
    long_ago = time.time() - STALE_SECONDS - 60
    os.utime(stale, (long_ago, long_ago))
    os.utime(kept, (long_ago, long_ago))
    files.sweep()

    assert {kept, fresh} == set(lying(files))


def test_a_folder_that_cannot_be_made_is_a_store_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreFault):
        FileBlobs(tmp_path / "file" / "blobs", QuickDisk())


def test_a_blob_that_was_removed_is_missing_and_may_be_removed_again(blobs: Blobs) -> None:
    digest = keep(blobs, b"gone")
    reader = blobs.open(digest)
    blobs.remove(digest)
    blobs.remove(digest)

    assert b"gone" == reader.read(100)
    reader.close()
    assert digest not in blobs.names(0)
    with pytest.raises(StoreFault):
        blobs.open(digest)


def test_every_blob_is_named(blobs: Blobs) -> None:
    kept = {keep(blobs, text) for text in (b"one", b"two", b"two")}

    assert kept <= set(blobs.names(0))


def test_only_blobs_that_were_written_so_long_ago_are_named(files: FileBlobs) -> None:
    young, old = keep(files, b"young"), keep(files, b"old")
    then = time.time() - 100
    os.utime(files.path(old), (then, then))
    (files.folder / "ab" / "stray").touch()

    assert [old] == list(files.names(50))
    assert {young, old} == set(files.names(0))


def test_a_blob_that_cannot_be_removed_is_a_fault(files: FileBlobs) -> None:
    digest = Digest(bytes(32))
    files.path(digest).mkdir()

    with pytest.raises(StoreFault):
        files.remove(digest)


def test_blobs_that_are_kept_together_are_read_back_under_their_names(blobs: Blobs) -> None:
    octets = [b"one", b"two", b"one"]

    digests = blobs.keep_all(octets)

    assert [Digest(hashlib.sha256(each).digest()) for each in octets] == digests
    assert [[b"one"], [b"two"], [b"one"]] == [read(blobs, digest) for digest in digests]


def test_of_blobs_that_cannot_all_be_kept_none_is_half_there(files: FileBlobs) -> None:
    class Full(QuickDisk):
        synced = 0

        def sync(self, descriptor: int) -> None:
            self.synced += 1
            if self.synced == 2:
                raise OSError(28, "No space left on device")

    files.disk = Full()

    with pytest.raises(StoreFault, match="No space"):
        files.keep_all([b"one", b"two", b"three"])
    assert [files.path(Digest(hashlib.sha256(b"one").digest()))] == lying(files)
