"""One checkout: its server on a home of its own, and a client of it."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MAIN = "correct horse battery"
NAMES = ("mrose", "big")  # a maildrop of a few messages, and a large one
DEVICE = "phone"
SECONDS = 60.0  # the longest wait for an answer
TICKS = os.sysconf("SC_CLK_TCK")
COPY = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    INSERT INTO messages (account_id, unique_id, digest, arrived_at, state)
    SELECT account_id, printf('copy%09d', i), digest, arrived_at, state FROM messages, n
    WHERE messages.id = (SELECT max(id) FROM messages)
"""


class Client:
    """One connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._sock.makefile("rb")
        self.heard()

    def heard(self) -> bytes:
        """Return a reply; raises ConnectionError where it is a refusal."""
        line = self._lines.readline()
        if not line.startswith((b"+OK", b"2", b"354")):
            raise ConnectionError(line)
        return line

    def ask(self, command: str) -> bytes:
        """Send a command and return its reply."""
        self._sock.sendall(command.encode("ascii") + b"\r\n")
        return self.heard()

    def read(self, command: str) -> int:
        """Send a command and read its listing, or the message; return the octets."""
        self.ask(command)
        octets = 0
        for line in self._lines:
            octets += len(line)
            if line == b".\r\n":
                return octets
        raise ConnectionError

    def login(self, name: str, password: str) -> None:
        """Log in."""
        self.ask(f"USER {name}")
        self.ask(f"PASS {password}")

    def close(self) -> None:
        """Leave without a word."""
        self._lines.close()
        self._sock.close()


@dataclass
class Side:
    """A checkout, its home, and its server once that runs."""

    name: str
    checkout: Path
    home: Path
    password: str = ""  # the device's of `mrose`, the same name at `big`
    big_password: str = ""
    pid: int = 0

    def command(self, *arguments: str, given: str = "") -> str:
        """Run a command of the checkout; return what it prints."""
        done = subprocess.run(
            self._words(*arguments),
            input=given,
            env=self._environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def make(self, cache_seconds: int) -> None:
        """Make the home, its accounts and devices."""
        self.command("init")
        config = self.home / "pillarbox.toml"
        text = re.sub(r'"127\.0\.0\.1:\d+"', '"127.0.0.1:0"', config.read_text("utf-8"))
        text = re.sub("(allow_plaintext_auth_without_tls) = false", r"\1 = true", text)
        text = text.replace("cache_seconds = 300", f"cache_seconds = {cache_seconds}")
        config.write_text(re.sub(r"(per_source\w*) = \d+", r"\1 = 2000", text), "utf-8")
        for name in NAMES:
            self.command("account", "add", name, "--password-stdin", given=MAIN + "\n")
        self.password, self.big_password = (
            self.command("device", "add", name, DEVICE) for name in NAMES
        )

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve while the block runs."""
        process = subprocess.Popen(
            self._words("serve"), env=self._environment(), stderr=subprocess.DEVNULL
        )
        self.pid = process.pid
        try:
            while not self._listeners.exists():
                if process.poll() is not None:
                    message = "the server did not start"
                    raise RuntimeError(message)
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait()

    def connect(self, listener: str = "pop3") -> Client:
        """Return a client that has read the greeting."""
        return Client(json.loads(self._listeners.read_text())[listener][0][1])

    def multiply(self, count: int) -> None:
        """Put so many more of the message that came last into its maildrop."""
        rows = sqlite3.connect(self.home / "pillarbox.db", timeout=SECONDS)
        with rows:
            rows.execute(COPY, (count,))
        rows.close()

    def cpu(self) -> float:
        """Return the seconds of processor time that the server has had."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> int:
        """Return the server's memory in kB."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0])

    @property
    def _listeners(self) -> Path:
        return self.home / "run" / "listeners.json"

    def _words(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "pillarbox", "--home", str(self.home), *arguments]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.checkout / "src")}
