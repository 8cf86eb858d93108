"""The audit of what the configuration says about who may come in and what becomes of mail."""

import json
from collections.abc import Iterator

import msgspec

from pillarbox.app.settings import Configuration
from pillarbox.db.sqlite import Rows
from pillarbox.journal.audit import Fact, append, written

LAST = "SELECT facts FROM audit WHERE event = 'configuration.taken' ORDER BY id DESC LIMIT 1"
AUDITED = ("auth", "policy")  # tables: the others say where and how, and not who and what


def note_configuration(rows: Rows, at: int, config: Configuration) -> None:
    """Tell what differs from the defaults, where that is something else than was told last."""
    facts = dict(_settings(config))
    last = rows.one(LAST)
    if written(facts) != (last[0] if last else written({})):
        append(rows, at, "configuration.taken", None, **facts)


def _settings(config: Configuration) -> Iterator[tuple[str, Fact]]:
    defaults = msgspec.to_builtins(Configuration())
    for table, values in msgspec.to_builtins(config).items():
        if table in AUDITED:
            for name, value in values.items():
                if value != defaults[table][name]:
                    yield f"{table}.{name}", _fact(value)


def _fact(value: object) -> Fact:
    return value if isinstance(value, str | int) else json.dumps(value)
