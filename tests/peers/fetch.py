"""What every program that fetches mail is told, and what it brings back."""

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Self

from tests.peers.program import LOOPBACK, Done

SECRET_MODE = 0o600  # fetchmail and mpop refuse a file with a password that others can read


class Tls(Enum):
    """How a client is told to reach TLS; it always verifies, and never goes on without."""

    STLS = "stls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Server:
    """A maildrop as a client knows it: where it is, how it is reached, and whom to trust."""

    port: int
    authority: Path
    tls: Tls = Tls.STLS
    host: str = LOOPBACK
    account: str = "mrose"
    password: str = "correct horse"

    def but(self, **other: Any) -> Self:
        """Give the same server with some fields changed."""
        return replace(self, **other)


@dataclass(frozen=True, slots=True)
class Fetched:
    """How one run ended, and the octets of the messages that this run brought, in order."""

    done: Done
    messages: list[bytes]

    @property
    def code(self) -> int:
        """Give the program's exit code."""
        return self.done.code


def write_secret(path: Path, text: str) -> Path:
    """Write a file that only its owner may read."""
    path.touch(mode=SECRET_MODE)
    path.chmod(SECRET_MODE)
    path.write_text(text, encoding="utf-8")
    return path


def quote(value: object) -> str:
    """Put a value into the double quotes that fetchmail's, mpop's and curl's files know."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
