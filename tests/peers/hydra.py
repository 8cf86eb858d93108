"""The real hydra: guesses passwords of a list, many at a time, from 127.0.0.1."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.program import LOOPBACK, Done, environment, find, run

HIT = re.compile(rb"^\[\d+\]\[pop3\] host: .* password: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Hydra:
    """A hydra with a home folder; `tasks` connections at a time."""

    home: Path
    tasks: int = 16

    def command(self, port: int, name: str, guesses: Sequence[str]) -> list[str]:
        """Return what guesses one name's password over implicit TLS."""
        self.home.mkdir(exist_ok=True)
        path = self.home / "guesses"
        path.write_text("".join(f"{guess}\n" for guess in guesses), "utf-8")
        # -I: no waiting for what an earlier run left; -S: TLS, whoever's certificate it is.
        options = ["-I", "-S", "-s", str(port), "-t", str(self.tasks), "-l", name, "-P", str(path)]
        return [find("hydra"), *options, LOOPBACK, "pop3"]

    def guess(self, port: int, name: str, guesses: Sequence[str], deadline: float) -> Done:
        """Guess to the end of the list."""
        command = self.command(port, name, guesses)
        return run(command, env=environment(self.home), cwd=self.home, deadline=deadline)


def hits(said: bytes) -> list[bytes]:
    """Return the passwords that hydra says it found."""
    return HIT.findall(said)
