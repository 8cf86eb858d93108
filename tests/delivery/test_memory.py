"""Attachments of 50 MB pass through in bounded memory."""

import hashlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

import pytest

from tests.delivery.memory import STATUS

ROOT = Path(__file__).parents[2]
GROWTH_OCTETS = 10_000_000
LINES = 700_000  # of 76 octets: an attachment of 53 MB in base64

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not STATUS.exists(), reason="needs /proc to see a program's memory"),
]


def message(end: bytes, lines: int = LINES) -> Iterator[bytes]:
    yield b"Subject: large" + end + end
    for start in range(0, lines, 1000):
        line = b"%074d" % start
        yield (line + end) * 1000


def measured(*arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.memory", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def send(peer: socket.socket, replies: BinaryIO, chunks: Iterator[bytes]) -> None:
    peer.sendall(b"LHLO mta\r\nMAIL FROM:<>\r\nRCPT TO:<mrose>\r\nDATA\r\n")
    while not replies.readline().startswith(b"354"):
        pass
    for chunk in chunks:
        peer.sendall(chunk)
    peer.sendall(b".\r\n")

    assert replies.readline() == b"250 2.0.0 Delivered.\r\n"


def ask_peak(stdin: IO[str], stdout: IO[str]) -> int:
    print(file=stdin, flush=True)
    return int(stdout.readline())


def digest(chunks: Iterator[bytes]) -> str:
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


def stored(folder: Path) -> set[str]:
    """Return the names of the blobs, which are the SHA-256 of what is in them."""
    return {path.parent.name + path.name for path in (folder / "blobs").glob("??/*")}


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_of_50_megabytes_adds_less_than_10_to_the_memory(end: bytes, tmp_path: Path) -> None:
    small, large, home = tmp_path / "small.eml", tmp_path / "large.eml", tmp_path / "home"
    home.mkdir()
    small.write_bytes(b"".join(message(end, 2000)))
    with large.open("wb") as file:
        file.writelines(message(end))

    program = measured(home, small, large)
    growth, _ = program.communicate(timeout=60)

    assert program.returncode == 0
    assert large.stat().st_size > 50_000_000
    assert int(growth) < GROWTH_OCTETS
    assert digest(message(b"\r\n")) in stored(home)


def test_a_message_of_50_megabytes_by_lmtp_adds_less_than_10_to_the_memory(tmp_path: Path) -> None:
    program = measured(tmp_path)
    assert program.stdout is not None
    assert program.stdin is not None

    port = int(program.stdout.readline())
    with program, socket.create_connection(("127.0.0.1", port)) as peer:
        replies = peer.makefile("rb")
        send(peer, replies, message(b"\r\n", 2000))
        before = ask_peak(program.stdin, program.stdout)
        send(peer, replies, message(b"\r\n"))
        growth = ask_peak(program.stdin, program.stdout) - before
        peer.sendall(b"QUIT\r\n")
        replies.close()
        program.stdin.close()

    assert growth < GROWTH_OCTETS
    assert digest(message(b"\r\n")) in stored(tmp_path)
