"""A home with the real `pillarbox` on it: its commands, and a server beside the test.

Every process is ended by its id. The environment is passed on, so that coverage follows it.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from pillarbox.cli.main import cli
from tests import homes
from tests.peers.fetch import Server, Tls
from tests.peers.program import DEADLINE, Done, Process, run

ACCOUNT = homes.ACCOUNT
PASSWORD = homes.PASSWORD
COMMAND = (sys.executable, "-m", "pillarbox")
DEFAULT_PORTS = ("1110", "1995", "1024")


@dataclass(frozen=True)
class Serving:
    """A server that is ready."""

    process: Process
    ports: Mapping[str, int]
    authority: Path

    def as_peer(self, tls: Tls, **other: object) -> Server:
        port = self.ports["pop3s" if tls is Tls.IMPLICIT else "pop3"]
        return Server(port, self.authority, tls).but(**other)

    @property
    def secure(self) -> Server:
        return self.as_peer(Tls.IMPLICIT)


@dataclass(frozen=True)
class PostOffice:
    """A home folder and the commands on it."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def authority(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def command(self, *words: object) -> list[str]:
        return [*COMMAND, "--home", str(self.folder), *map(str, words)]

    def run(self, *words: object, said: bytes = b"", deadline: float = 2 * DEADLINE) -> Done:
        return run(self.command(*words), env=self.environment, said=said, deadline=deadline)

    def attempt(self, *words: object, said: bytes = b"") -> Done:
        """Do what a command does, in this process; return how it ended."""
        arguments = ["--home", str(self.folder), *map(str, words)]
        done = CliRunner().invoke(cli, arguments, input=said, catch_exceptions=False)
        return Done(done.exit_code, done.stdout_bytes, done.stderr_bytes)

    def do(self, *words: object, said: bytes = b"") -> bytes:
        """Do what a command does, in this process; return its answer."""
        done = self.attempt(*words, said=said)

        assert 0 == done.code, done.err.decode()

        return done.out

    def answer(self, *words: object) -> list[dict[str, object]]:
        """Return the rows of a command's JSON."""
        rows: list[dict[str, object]] = json.loads(self.do(*words, "--json"))
        return rows

    def open(self) -> None:
        """Make the home, with an account whose password is known, on any free ports."""
        homes.write_home(self.folder)
        self.take_any_ports()

    def take_any_ports(self) -> None:
        path = self.folder / "pillarbox.toml"
        text = path.read_text("utf-8")
        for port in DEFAULT_PORTS:
            text = text.replace(f'"127.0.0.1:{port}"', '"127.0.0.1:0"')
        path.write_text(text, "utf-8")

    def add_account(self, name: str) -> None:
        self.do("account", "add", name, "--password-stdin", said=PASSWORD.encode() + b"\n")

    def add_remote(
        self, name: str, server: Server, *more: str, password: str | None = None
    ) -> None:
        said = server.password if password is None else password
        self.do(
            *("remote", "add", name, "--server", f"{server.host}:{server.port}"),
            *("--user", server.account, "--account", ACCOUNT, "--tls", server.tls.value),
            *("--ca", server.authority, "--password-stdin", *more),
            said=said.encode() + b"\n",
        )

    @contextmanager
    def serving(self, *words: str) -> Iterator[Serving]:
        """Serve until the block ends; the block may end the server itself."""
        ready = self.folder / "run" / "listeners.json"
        ready.unlink(missing_ok=True)
        process = Process(
            self.command(*(words or ("serve",))),
            env=self.environment,
            output=self.folder.with_name(self.folder.name + ".log"),
        )
        with process:
            process.wait_until(ready.exists)
            found: Mapping[str, Sequence[tuple[str, int]]] = json.loads(ready.read_text("ascii"))
            ports = {kind: addresses[0][1] for kind, addresses in found.items() if addresses}
            yield Serving(process, ports, self.authority)


def open_office(folder: Path) -> PostOffice:
    """Return a new home in `folder`, ready to serve."""
    office = PostOffice(folder)
    office.open()
    return office
