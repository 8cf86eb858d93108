"""The command line in this process, on a home in a temporary folder."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from pillarbox.cli.main import cli
from tests import homes

PASSWORD = homes.PASSWORD


@dataclass(frozen=True)
class CommandLine:
    """Runs commands on one home."""

    folder: Path

    def run(
        self, *words: object, said: str | bytes = "", env: Mapping[str, str] | None = None
    ) -> Result:
        arguments = ["--home", str(self.folder), *map(str, words)]
        return CliRunner().invoke(cli, arguments, input=said, env=env, catch_exceptions=False)

    def do(self, *words: object, said: str = "") -> str:
        """Run a command that must succeed; return its answer."""
        result = self.run(*words, said=said)

        assert 0 == result.exit_code, result.stderr

        return result.stdout

    def refuse(self, *words: object, said: str = "", code: int = 1) -> str:
        """Run a command that must fail without an answer; return what it says, in one line."""
        result = self.run(*words, said=said)

        assert (code, "") == (result.exit_code, result.stdout)
        assert 1 == result.stderr.count("\n"), result.stderr
        assert result.stderr.startswith("pillarbox: ")

        return result.stderr.removeprefix("pillarbox: ").removesuffix("\n")

    def json(self, *words: object) -> object:
        answer: object = json.loads(self.do(*words, "--json"))
        return answer

    def add_account(self, name: str = "mrose") -> None:
        self.do("account", "add", name, "--password-stdin", said=PASSWORD + "\n")

    def add_remote(self, name: str = "there", *more: str, server: str = "localhost:1") -> None:
        self.do(
            *("remote", "add", name, "--server", server, "--user", "rosemary"),
            *("--account", "mrose", "--password-stdin", *more),
            said="battery staple\n",
        )

    def deliver(self, *messages: bytes) -> None:
        for number, message in enumerate(messages):
            path = self.folder.with_name(f"{number}.eml")
            path.write_bytes(message)
            self.do("deliver", "mrose", path)

    def configure(self, old: str, new: str) -> None:
        """Change one line of the configuration."""
        path = self.folder / "pillarbox.toml"
        text = path.read_text("utf-8")

        assert old in text

        path.write_text(text.replace(old, new, 1), "utf-8")


def shown(ours: CommandLine, name: str = "there") -> dict[str, object]:
    """Return a remote as `remote show` has it."""
    answer = ours.json("remote", "show", name)
    assert isinstance(answer, dict)
    return answer


def sealed(home: CommandLine) -> list[tuple[str, bytes]]:
    """Return what is sealed, as it lies in the database."""
    with closing(sqlite3.connect(home.folder / "pillarbox.db")) as database:
        return database.execute(
            "SELECT key_id, sealed FROM secrets WHERE purpose LIKE 'remote %'"
        ).fetchall()
