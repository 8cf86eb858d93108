"""A damaged blob is never served, nor taken out, as if it were whole."""

from pathlib import Path

import pytest

from pillarbox.base.errors import StoreFault
from pillarbox.message.served import Survey
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.served import served_chunks, stored_chunks

MESSAGES = [b"Subject: one\r\n\r\nbody\r\n", b"Subject: bare\n\nbody\rmore\n"]


def kept(folder: Path, octets: bytes) -> tuple[FileBlobs, Path, Survey]:
    blobs, survey = FileBlobs(folder, Disk()), Survey()
    survey.feed(octets)
    with blobs.writer() as writer:
        writer.write(octets)
        digest = writer.keep()
    return blobs, blobs.path(digest), survey


@pytest.mark.parametrize("octets", MESSAGES)
@pytest.mark.parametrize("damage", [b"", b"Subject", b"x" * 1000])
def test_a_blob_of_another_length_is_a_fault(tmp_path: Path, octets: bytes, damage: bytes) -> None:
    _, path, survey = kept(tmp_path, octets)
    path.write_bytes(damage)
    with path.open("rb") as reader, pytest.raises(StoreFault):
        list(served_chunks(reader, survey.finish()))
    with path.open("rb") as reader, pytest.raises(StoreFault):
        list(stored_chunks(reader, len(octets)))


@pytest.mark.parametrize("octets", MESSAGES)
def test_a_whole_blob_is_none(tmp_path: Path, octets: bytes) -> None:
    _, path, _ = kept(tmp_path, octets)
    with path.open("rb") as reader:
        found = b"".join(stored_chunks(reader, len(octets)))

    assert octets == found
