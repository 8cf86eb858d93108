r"""Read what `strace -f -y` wrote: pure, one line at a time, whole calls made of broken ones.

A line is `PID name(arguments) = result`. When another thread is heard meanwhile, the call is broken
in two, `... <unfinished ...>` and `PID <... name resumed> ...`; it then began at the one line and
ended at the other. With `-y` a descriptor shows its file: `5</home/a\303\251>`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from os import fsdecode
from posixpath import join, normpath

TRACED = (
    *("openat", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2"),
    *("sendto", "sendmsg", "recvfrom", "fsync", "fdatasync", "ftruncate", "truncate"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir"),
    *("mkdir", "mkdirat", "chdir", "close"),
)

PREFIX = re.compile(r"(?:\[pid +(\d+)\] |(\d+) +)?(.*)", re.DOTALL)
RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
UNFINISHED = "<unfinished ...>"
NAME = re.compile(r"(\w+)\(")
RESULT = re.compile(r"\s*= (.*)", re.DOTALL)
ANNOTATION_END = re.compile(r">(?=[,)\]} (]|$)")  # strace escapes > in a path, not in TCP:[a->b]
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
VECTOR = re.compile(r'iov_base="((?:[^"\\]|\\.)*)"', re.DOTALL)
DESCRIPTOR = re.compile(r"(-?\d+|AT_FDCWD)(?:<(.*)>)?(\(deleted\))?", re.DOTALL)
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
LETTERS = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"v": b"\v",
    b"f": b"\f",
    b"a": b"\a",
    b"b": b"\b",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: who made it, the lines at which it began and ended, and its words."""

    thread: int
    started: int
    ended: int
    name: str
    arguments: tuple[str, ...]
    result: str

    @property
    def has_failed(self) -> bool:
        """Whether it returned an error, or not at all."""
        return self.result.startswith(("-", "?"))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a thread did, between these two lines of the trace (from 1)."""

    thread: int
    started: int
    ended: int


@dataclass(frozen=True, slots=True)
class Opened(Event):
    """A file was opened, and with O_CREAT or O_TRUNC among its flags perhaps made or emptied."""

    path: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wrote(Event):
    """A file's content or its size was changed."""

    path: str


@dataclass(frozen=True, slots=True)
class Synced(Event):
    """A file's content, or a folder's list of names, was made durable."""

    path: str


@dataclass(frozen=True, slots=True)
class Renamed(Event):
    """A file or a folder has another name now."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Linked(Event):
    """A file has one more name now."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Unlinked(Event):
    """A file's name, or an empty folder, is gone."""

    path: str


@dataclass(frozen=True, slots=True)
class FolderMade(Event):
    """A folder was made."""

    path: str


@dataclass(frozen=True, slots=True)
class Closed(Event):
    """A descriptor of a file was closed."""

    path: str


@dataclass(frozen=True, slots=True)
class Sent(Event):
    """Octets went out on a socket: as many of the first as strace shows."""

    socket: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Received(Event):
    """Octets came in on a socket: as many of the first as strace shows."""

    socket: str
    octets: bytes


def read_calls(lines: Iterable[str]) -> Iterator[Call]:
    """Give the calls in the order in which they ended; one that never ended is left out."""
    begun: dict[int, tuple[int, str]] = {}
    for number, line in enumerate(lines, 1):
        match = PREFIX.fullmatch(line.rstrip("\n"))
        assert match is not None  # every part of the pattern may be empty
        thread, text = int(match[1] or match[2] or 0), match[3]
        started = number
        if resumed := RESUMED.fullmatch(text):
            if thread not in begun:
                continue  # the trace began in the middle of this call
            started, head = begun.pop(thread)
            text = head + resumed[2]
        if text.endswith(UNFINISHED):
            begun[thread] = (started, text.removesuffix(UNFINISHED).rstrip(" "))
        elif words := _split(text):
            yield Call(thread, started, number, *words)


def read_events(lines: Iterable[str], cwd: str = "/") -> list[Event]:
    """Give what succeeded, in the order in which it ended, with absolute paths.

    `cwd` is where the program began; a path relative to it is joined to it. What touched a file
    without a name any more is left out.
    """
    places: dict[int, str] = {}
    events = []
    for call in read_calls(lines):
        here = _place(call, places, cwd)
        make = None if call.has_failed else EVENTS.get(call.name)
        event = make(call, here) if make else None
        if event is not None:
            events.append(event)
    return events


def unquote(text: str) -> bytes:
    """Give the octets of a string as strace writes it, without the quotes."""
    return ESCAPE.sub(_unescape, text.encode("utf-8", "surrogateescape"))


def _unescape(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, letter = match.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    return LETTERS.get(letter, letter)


def _split(text: str) -> tuple[str, tuple[str, ...], str] | None:
    """Take `name(one, two) = result` apart; signals and the ends of processes are no calls."""
    name = NAME.match(text)
    if name is None:
        return None
    words = []
    at = begin = name.end()
    depth = 0
    while at < len(text):
        match text[at]:
            case '"':
                string = STRING.match(text, at)
                at = string.end() - 1 if string else len(text)
            case "<":
                annotation = ANNOTATION_END.search(text, at)
                at = annotation.start() if annotation else at
            case "(" | "[" | "{":
                depth += 1
            case "," if depth == 0:
                words.append(text[begin:at].strip())
                begin = at + 1
            case ")" if depth == 0:
                words.append(text[begin:at].strip())
                result = RESULT.match(text, at + 1)
                return (name[1], tuple(words), result[1]) if result else None
            case ")" | "]" | "}":
                depth -= 1
        at += 1
    return None


def _place(call: Call, places: dict[int, str], cwd: str) -> str:
    """Give the folder in which the caller is, and remember it."""
    here = places.get(call.thread, cwd)
    for word in call.arguments:
        if word.startswith("AT_FDCWD<"):
            here = _target(word) or here
    if call.name == "chdir" and not call.has_failed:
        here = _named(call.arguments[0], here) or here
    places[call.thread] = here
    return here


def _named(word: str, folder: str) -> str | None:
    """Give the path that a quoted word names, seen from a folder."""
    match = STRING.match(word)
    return normpath(join(folder, fsdecode(unquote(match[1])))) if match else None


def _target(word: str) -> str | None:
    """Give what a descriptor stands for, as `/path` or `socket:[1]`; None if it has no name now."""
    match = DESCRIPTOR.fullmatch(word)
    if match is None or match[2] is None or match[3] is not None:
        return None
    return fsdecode(unquote(match[2]))


def _path(word: str) -> str | None:
    target = _target(word)
    return target if target is not None and target.startswith("/") else None


def _octets(words: Iterable[str]) -> bytes:
    return b"".join(
        unquote(part)
        for word in words
        for part in (VECTOR if "iov_base" in word else STRING).findall(word)
    )


def _span(call: Call) -> tuple[int, int, int]:
    return call.thread, call.started, call.ended


def _opened(call: Call, here: str) -> Event | None:
    is_creat = call.name == "creat"
    path = _path(call.result) or (
        _named(call.arguments[0], here) if is_creat else _seen_from(call.arguments[0:2], here)
    )
    flags = "O_CREAT|O_TRUNC" if is_creat else call.arguments[2]
    return Opened(*_span(call), path, frozenset(flags.split("|"))) if path else None


def _wrote(call: Call, _here: str) -> Event | None:
    target = _target(call.arguments[0])
    if target is None:
        return None
    if target.startswith("/"):
        return Wrote(*_span(call), target)
    if target.startswith(("socket:", "TCP", "UNIX")):
        return Sent(*_span(call), target, _octets(call.arguments[1:2]))
    return None


def _received(call: Call, _here: str) -> Event | None:
    target = _target(call.arguments[0])
    return Received(*_span(call), target, _octets(call.arguments[1:2])) if target else None


def _synced(call: Call, _here: str) -> Event | None:
    path = _path(call.arguments[0])
    return Synced(*_span(call), path) if path else None


def _closed(call: Call, _here: str) -> Event | None:
    path = _path(call.arguments[0])
    return Closed(*_span(call), path) if path else None


def _resized(call: Call, here: str) -> Event | None:
    path = _path(call.arguments[0]) or _named(call.arguments[0], here)
    return Wrote(*_span(call), path) if path else None


def _seen_from(words: tuple[str, ...], here: str) -> str | None:
    """Give the path of a folder's descriptor and a name in it."""
    return _named(words[1], _path(words[0]) or here)


def _two_names(call: Call, here: str) -> tuple[str | None, str | None]:
    words = call.arguments
    if call.name in {"rename", "link"}:
        return _named(words[0], here), _named(words[1], here)
    return _seen_from(words[0:2], here), _seen_from(words[2:4], here)


def _renamed(call: Call, here: str) -> Event | None:
    old, new = _two_names(call, here)
    if old is None or new is None or "RENAME_EXCHANGE" in call.arguments[-1]:
        return None
    return Renamed(*_span(call), old, new)


def _linked(call: Call, here: str) -> Event | None:
    old, new = _two_names(call, here)
    return Linked(*_span(call), old, new) if old and new else None


def _unlinked(call: Call, here: str) -> Event | None:
    words = call.arguments
    path = _seen_from(words[0:2], here) if call.name == "unlinkat" else _named(words[0], here)
    return Unlinked(*_span(call), path) if path else None


def _made(call: Call, here: str) -> Event | None:
    words = call.arguments
    path = _seen_from(words[0:2], here) if call.name == "mkdirat" else _named(words[0], here)
    return FolderMade(*_span(call), path) if path else None


EVENTS: dict[str, Callable[[Call, str], Event | None]] = {
    **dict.fromkeys(("openat", "creat"), _opened),
    **dict.fromkeys(("write", "writev", "pwrite64", "pwritev", "pwritev2"), _wrote),
    **dict.fromkeys(("sendto", "sendmsg"), _wrote),
    "recvfrom": _received,
    **dict.fromkeys(("fsync", "fdatasync"), _synced),
    **dict.fromkeys(("ftruncate", "truncate"), _resized),
    **dict.fromkeys(("rename", "renameat", "renameat2"), _renamed),
    **dict.fromkeys(("link", "linkat"), _linked),
    **dict.fromkeys(("unlink", "unlinkat", "rmdir"), _unlinked),
    **dict.fromkeys(("mkdir", "mkdirat"), _made),
    "close": _closed,
}
