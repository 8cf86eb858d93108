"""The journal: an event's name, then its fields, one line each, safe to show on any terminal."""

import threading
from datetime import UTC, datetime
from typing import TextIO

from pillarbox.base.clock import Clock


class Journal:
    """Writes events to a text stream. Fields never hold a secret or a message's text."""

    def __init__(self, out: TextIO, clock: Clock) -> None:
        self._out = out
        self._clock = clock
        self._lock = threading.Lock()
        self._lost = 0

    def note(self, event: str, **fields: object) -> None:
        """Write one event, e.g. `note("session.refused", peer=..., why="password")`.

        Where the journal's own disk is full it is lost; how many were is said in a line once there
        is room. No session ends for want of one.
        """
        with self._lock:
            try:
                if self._lost:
                    self._out.write("\n")  # a part of the last line may be there
                    self._note("journal.lost", count=self._lost)
                    self._lost = 0
                self._note(event, **fields)
            except OSError:
                self._lost += 1

    def _note(self, event: str, **fields: object) -> None:
        time = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds")
        words = [time.replace("+00:00", "Z"), event]
        words += [f"{name}={shown(value)}" for name, value in fields.items()]
        self._out.write(" ".join(words) + "\n")
        self._out.flush()


def shown(value: object) -> str:
    """Return a value as one word, quoted where it could be taken for more than one."""
    text = str(value)
    is_plain = text.isprintable() and text and not set(text) & set(' "=\\')
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    # Control characters, line ends and direction marks become escapes: no line can be forged.
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else ascii(character)[1:-1]
