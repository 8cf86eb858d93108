"""The shared corpus of real mail, where it lies beside the checkout."""

import re
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not at ../shared/corpus"
)


def message_files() -> list[Path]:
    return sorted((CORPUS / "messages").rglob("*.eml"))


def mbox_files() -> list[Path]:
    return sorted((CORPUS / "mboxes").rglob("*.mbox"))


def canonical(octets: bytes) -> bytes:
    """Return what is to be stored: text whose line ends are all LF gets CRLF."""
    return octets if b"\r" in octets else octets.replace(b"\n", b"\r\n")


def is_sendable(octets: bytes) -> bool:
    """Return whether a sender that keeps the rules can send these octets."""
    return BARE.search(octets) is None
