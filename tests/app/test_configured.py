"""What the configuration says of sign-ins and mail is told in the audit when it is another."""

from functools import partial
from pathlib import Path

from pillarbox.app.configured import note_configuration
from pillarbox.app.settings import Auth, Configuration, Policy
from pillarbox.db.sqlite import Database
from pillarbox.journal.audit import Audit, read_facts


def told(folder: Path, *configurations: Configuration) -> list[dict[str, object]]:
    """Return what is told of servers that start with these one after another."""
    database = Database(folder / "pillarbox.db")
    for at, config in enumerate(configurations):
        database.write(partial(note_configuration, at=at, config=config))
    return [read_facts(line.facts) for line, _ in Audit(database).lines()]


def test_what_is_the_default_is_not_told(tmp_path: Path) -> None:
    assert [] == told(tmp_path, Configuration(), Configuration(hostname="pop.example.org"))


def test_what_is_another_is_told_once_and_so_is_what_was_taken_back(tmp_path: Path) -> None:
    strict = Configuration(auth=Auth(require_tls=True), policy=Policy(retention_days=30))

    assert [{"auth.require_tls": True, "policy.retention_days": 30}, {}] == told(
        tmp_path, strict, strict, Configuration(), Configuration()
    )
