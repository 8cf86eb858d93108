"""Mail to store: every message is a function of its number, so nothing is kept to check it.

Octets are log-uniform between 2 and 50 KB (mean about 15 KB). The body is base64 of random
octets: as little compressible as real mail with attachments.
"""

import base64
import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SEED = 20261123
SMALLEST_OCTETS = 2_000
LARGEST_OCTETS = 50_000
LINE_OCTETS_PER_RAW = 78 / 57  # 57 raw octets make a line of 76 and CRLF


@dataclass(frozen=True, slots=True)
class Blob:
    """One immutable message and the name that its octets give it."""

    digest: bytes
    body: bytes


def message(number: int, octets: int | None = None) -> bytes:
    """Give message `number`, always the same, of about `octets` octets."""
    chance = random.Random(SEED * 1_000_003 + number)  # no secret is made here
    if octets is None:
        octets = round(SMALLEST_OCTETS * (LARGEST_OCTETS / SMALLEST_OCTETS) ** chance.random())
    head = (
        f"From: sender{number % 997}@example.org\r\n"
        f"To: mrose@example.net\r\nSubject: message {number}\r\n"
        f"Message-ID: <{number}.{SEED}@example.org>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode("ascii")
    raw = chance.randbytes(int(max(0, octets - len(head)) / LINE_OCTETS_PER_RAW))
    return head + base64.encodebytes(raw).replace(b"\n", b"\r\n")


def blob(number: int, octets: int | None = None) -> Blob:
    """Give message `number` with its name."""
    body = message(number, octets)
    return Blob(hashlib.sha256(body).digest(), body)


def blobs(numbers: Iterable[int]) -> Iterator[Blob]:
    """Give the messages of these numbers, one at a time."""
    return (blob(number) for number in numbers)
