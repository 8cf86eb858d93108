"""Judge a trace: whether all that was promised was durable before the promise went out.

A promise is a string of octets on a socket, such as `+OK` to QUIT or `250` after LMTP's message.
Before it, every file under the home that was written must be synced after its last write, and
every name that was made there must have its folder synced. A sync, once it has ended, covers what
had ended before it began. A write counts from where it began, and so does a promise.

Trace one session at a time, in the clear: another's unfinished work would be reported as this
one's, and a promise inside TLS cannot be seen. Files without a name (O_TMPFILE) are not followed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from posixpath import dirname
from typing import TypeVar

from tests.peers.trace import (
    Event,
    FolderMade,
    Linked,
    Opened,
    Received,
    Renamed,
    Sent,
    Synced,
    Unlinked,
    Wrote,
)

T = TypeVar("T")

Acknowledges = Callable[[bytes, bytes], bool]
"""Whether octets sent are a promise, given the last octets received on that socket."""

Exempts = Callable[[str], bool]
"""Whether a path, relative to the home, needs no durability."""


class Rule(Enum):
    """What was broken."""

    FILE = "the file was not synced after its last write"
    WAL = "the write-ahead log was not synced after its last write"
    CREATED = "the file was made, its folder not synced since"
    RENAMED = "the name was given by a rename, its folder not synced since"
    FOLDER = "the folder was made, its parent not synced since"


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise too early: the line of the promise, and the line of what was not durable then."""

    rule: Rule
    path: str
    since: int
    at: int
    promise: bytes

    def __str__(self) -> str:
        said = self.promise.split(b"\r\n", 1)[0].decode(errors="replace")
        return (
            f"line {self.at}: {said!r} was sent, but {self.path}: {self.rule.value} ({self.since})"
        )


def reply_to_quit(received: bytes, sent: bytes) -> bool:
    """Whether this is POP3's `+OK` to QUIT, by which all removals are promised."""
    return received.rstrip(b"\r\n").upper().endswith(b"QUIT") and sent.startswith(b"+OK")


def says(*beginnings: bytes) -> Acknowledges:
    """Give a judge of promises by how they begin, such as `250 2.6.0` after LMTP's message."""
    return lambda _received, sent: sent.startswith(beginnings)


def is_exempt(path: str) -> bool:
    """Whether a path in the home is made anew at every start: SQLite's `-shm`, and `run/`."""
    return path.endswith("-shm") or path == "run" or path.startswith("run/")


def violations(
    events: Iterable[Event],
    home: str,
    acknowledges: Acknowledges = reply_to_quit,
    *,
    existing: Iterable[str] = (),
    exempts: Exempts = is_exempt,
) -> list[Violation]:
    """Give every broken rule, each at the first promise that it makes a lie.

    `home` is the real path, without symbolic links. `existing` are the paths of the files that were
    there before the trace: opening one of these with O_CREAT does not make it.
    """
    judge = _Judge(home.rstrip("/"), exempts, {path: _File() for path in existing})
    for event in sorted(events, key=_moment):
        if isinstance(event, Received):
            judge.heard[event.socket] = event.octets
        elif isinstance(event, Sent):
            if acknowledges(judge.heard.get(event.socket, b""), event.octets):
                judge.hear_promise(event)
        else:
            judge.apply(event)
    return judge.found


def _moment(event: Event) -> int:
    return event.started if isinstance(event, Sent | Wrote) else event.ended


@dataclass(slots=True)
class _File:
    """One file, whatever its names: the line of its last write that no sync has covered."""

    written: int | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    """A name that its folder may lose in a loss of power."""

    rule: Rule
    since: int


@dataclass(slots=True)
class _Judge:
    home: str
    exempts: Exempts
    files: dict[str, _File]
    names: dict[str, _Name] = field(default_factory=dict)
    heard: dict[str, bytes] = field(default_factory=dict)
    found: list[Violation] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        match event:
            case Opened():
                self._open(event)
            case Wrote(path=path, ended=ended):
                self.files.setdefault(path, _File()).written = ended
            case Synced():
                self._sync(event)
            case Renamed(old=old, new=new, ended=ended):
                self._rename(old, new, ended)
            case Linked(old=old, new=new, ended=ended):
                self.files[new] = self.files.setdefault(old, _File())
                self.names[new] = _Name(Rule.CREATED, ended)
            case Unlinked(path=path):
                self.files.pop(path, None)
                self.names.pop(path, None)
            case FolderMade(path=path, ended=ended):
                self.names[path] = _Name(Rule.FOLDER, ended)

    def _open(self, event: Opened) -> None:
        is_new = event.path not in self.files
        file = self.files.setdefault(event.path, _File())
        if is_new and "O_CREAT" in event.flags:
            self.names[event.path] = _Name(Rule.CREATED, event.ended)
        elif "O_TRUNC" in event.flags:
            file.written = event.ended

    def _sync(self, event: Synced) -> None:
        file = self.files.get(event.path)
        if file is not None and file.written is not None and file.written < event.started:
            file.written = None
        for path, name in list(self.names.items()):
            if dirname(path) == event.path and name.since < event.started:
                del self.names[path]

    def _rename(self, old: str, new: str, ended: int) -> None:
        self.files.pop(new, None)
        _move(self.files, old, new)
        _move(self.names, old, new)
        self.names[new] = _Name(Rule.RENAMED, ended)

    def hear_promise(self, sent: Sent) -> None:
        for path, file in self.files.items():
            if file.written is not None:
                rule = Rule.WAL if path.endswith("-wal") else Rule.FILE
                self._report(rule, path, file.written, sent)
        for path, name in self.names.items():
            self._report(name.rule, path, name.since, sent)

    def _report(self, rule: Rule, path: str, since: int, sent: Sent) -> None:
        inside = path.removeprefix(self.home + "/")
        if inside == path or self.exempts(inside):
            return
        known = {(each.rule, each.path, each.since) for each in self.found}
        if (rule, path, since) not in known:
            self.found.append(Violation(rule, path, since, sent.started, sent.octets))


def _move(table: dict[str, T], old: str, new: str) -> None:
    """Give what is at a path, and all below it, the other path."""
    for path in list(table):
        if path == old or path.startswith(old + "/"):
            table[new + path[len(old) :]] = table.pop(path)
