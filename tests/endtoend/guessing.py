"""Guessers from many addresses of loopback, and what of their guesses was tried."""

import re
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.endtoend.plain_client import DEADLINE, PlainClient
from tests.endtoend.post_office import ACCOUNT, PASSWORD

TRIED = b"-ERR [AUTH] "
NOT_TRIED = b"-ERR [SYS/TEMP] "
REFUSED = re.compile(r"^(\S+) login\.refused peer=(\S+) why=(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Attempt:
    """One attempt to log in over TLS, from an address of loopback."""

    source: str
    password: str
    name: str = ACCOUNT

    def reply(self, port: int, authority: Path) -> bytes:
        """Make it; return what the server says to PASS."""
        context = ssl.create_default_context(cafile=authority)
        place = ("127.0.0.1", port)
        with (
            socket.create_connection(place, DEADLINE, source_address=(self.source, 0)) as bare,
            context.wrap_socket(bare, server_hostname="127.0.0.1") as sock,
        ):
            client = PlainClient(sock)
            client.line()
            client.ask(f"USER {self.name}")
            reply = client.ask(f"PASS {self.password}")
            client.ask("QUIT")
        return reply


def owner(source: str, name: str = ACCOUNT) -> Attempt:
    """Return a login with the right password."""
    return Attempt(source, PASSWORD, name)


def five_each(sources: int) -> list[Attempt]:
    """Return five guesses at one account from each of so many addresses, in turns."""
    return [
        Attempt(f"127.0.{1 + number // 250}.{1 + number % 250}", f"guess {turn} {number}")
        for turn in range(5)
        for number in range(sources)
    ]


def times_tried(journal: bytes) -> list[float]:
    """Return when each wrong password was hashed, in seconds since 1970, by the journal."""
    found = REFUSED.findall(journal.decode())
    return [datetime.fromisoformat(time).timestamp() for time, _, why in found if "acc" in why]


def busiest(times: list[float], seconds: float) -> int:
    """Return the most that there were in any so many seconds."""
    return max(sum(start <= time < start + seconds for time in times) for start in times)
