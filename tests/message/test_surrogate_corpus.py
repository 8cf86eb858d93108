"""Surrogates of real mail: what shared/corpus holds of UTF-8 and of raw 8-bit headers."""

import csv
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

from pillarbox.message.served import canonical_chunks
from pillarbox.message.surrogate.whole import Surrogate, measure
from tests.delivery.corpus import CORPUS, needs_corpus

MANIFEST = CORPUS / "manifest.tsv"
CHUNK = 65_536

# Without a header: text whose lines before the first blank one are no fields.
NO_HEADERS = "no-headers"


def rows(tag: str = "") -> list[tuple[Path, set[str]]]:
    with MANIFEST.open(encoding="utf-8", newline="") as lines:
        found = [
            (CORPUS / row["file"], set(row["tags"].split(",")))
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]
    return [(path, tags) for path, tags in found if not tag or tag in tags]


def served(path: Path) -> bytes:
    return b"".join(canonical_chunks([path.read_bytes()]))


def pieces(octets: bytes) -> Iterator[bytes]:
    return (octets[at : at + CHUNK] for at in range(0, len(octets), CHUNK))


def surrogate(octets: bytes) -> bytes:
    former = Surrogate()
    return b"".join(map(former.feed, pieces(octets))) + former.finish()


def bodies(octets: bytes) -> list[object]:
    parts = message_from_bytes(octets).walk()
    return [part.get_payload() for part in parts if not part.is_multipart()]


def header(octets: bytes) -> bytes:
    return octets.partition(b"\r\n\r\n")[0]


@needs_corpus
def test_mail_with_utf_8_headers_has_a_header_in_ascii_of_the_size_that_is_said() -> None:
    messages = [path for path, tags in rows("utf8-headers") if NO_HEADERS not in tags]
    for path in messages:
        octets = served(path)
        written = surrogate(octets)
        measured = measure(pieces(octets))

        assert header(written).isascii(), path
        assert measured is not None, path
        assert len(written) == measured.octets, path
    assert len(messages) >= 30


@needs_corpus
def test_mail_with_raw_8_bit_headers_stays_as_it_is() -> None:
    messages = [path for path, _ in rows("raw-8bit-headers")]
    for path in messages:
        octets = served(path)

        assert octets == surrogate(octets), path
        assert measure(pieces(octets)) is None, path
    assert len(messages) >= 30


@needs_corpus
def test_of_all_mail_only_headers_beyond_ascii_are_changed() -> None:
    messages = rows()
    for path, _ in messages:
        octets = served(path)
        written = surrogate(octets)

        assert written == surrogate(written), path
        if octets.isascii():
            assert octets == written, path
        if header(octets).isascii():
            assert header(octets) == header(written), path
        assert bodies(octets) == bodies(written), path
    assert len(messages) >= 1800
