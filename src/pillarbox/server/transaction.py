"""The TRANSACTION state: a fixed view, what is marked in it, and the replies about it. Pure."""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from pillarbox.server.effects import Commit, Effect, Send, Transmit
from pillarbox.store.store import Message
from pillarbox.wire.pop3 import events
from pillarbox.wire.pop3.events import Event
from pillarbox.wire.pop3.replies import Code, err, multi_line, ok

Effects = Generator[Effect, Any, None]

NO_SUCH_MESSAGE = err("No such message.")


class Transaction:
    """Messages by number, from 1; numbers and octet counts stay what they were at login."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._marked: set[int] = set()

    def handle(self, event: Event) -> Effects:
        """Yield what one command leads to."""
        match event:
            case events.Stat():
                # RFC 1939, section 5: nothing may follow the two numbers.
                yield Send(ok(f"{self._count()} {self._octets()}"))
            case events.List(number):
                yield from self._listing(number, lambda message: str(message.form.octets))
            case events.Uidl(number):
                yield from self._listing(number, lambda message: message.unique_id)
            case events.Retr(number):
                yield from self._transmit(number, None)
            case events.Top(number, lines):
                yield from self._transmit(number, lines)
            case events.Dele(number):
                yield from self._mark(number)
            case events.Noop():
                yield Send(ok())
            case events.Rset():
                self._marked.clear()
                yield Send(ok(f"{len(self._messages)} messages"))

    def update(self) -> Effects:
        """Yield the UPDATE state: remove, and only then say so. RFC 1939, section 6."""
        marked = [self._messages[number - 1] for number in sorted(self._marked)]
        # The lease goes before the goodbye: whoever reads that may log in again at once.
        is_removed = yield Commit(marked)
        if is_removed:
            yield Send(ok("Goodbye."))
        else:
            # Not "nothing was removed": a commit whose last sync failed may yet be there after a
            # crash. RFC 1939, section 6 wants an error here, and the next login tells.
            yield Send(err("The removal failed. Log in again to see what is left.", Code.SYS_TEMP))

    def _unmarked(self) -> Iterator[tuple[int, Message]]:
        for number, message in enumerate(self._messages, start=1):
            if number not in self._marked:
                yield number, message

    def _count(self) -> int:
        return len(self._messages) - len(self._marked)

    def _octets(self) -> int:
        return sum(message.form.octets for _, message in self._unmarked())

    def _message(self, number: int) -> Message | None:
        is_there = 1 <= number <= len(self._messages) and number not in self._marked
        return self._messages[number - 1] if is_there else None

    def _listing(self, number: int | None, fact: Callable[[Message], str]) -> Effects:
        """Say one fact of one message, or of each that is not marked."""
        if number is None:
            lines = (f"{number} {fact(message)}" for number, message in self._unmarked())
            for block in multi_line(f"{self._count()} messages", lines):
                yield Send(block)
            return
        message = self._message(number)
        yield Send(ok(f"{number} {fact(message)}") if message else NO_SUCH_MESSAGE)

    def _transmit(self, number: int, lines: int | None) -> Effects:
        message = self._message(number)
        if message is None:
            yield Send(NO_SUCH_MESSAGE)
            return
        first = ok(f"{message.form.octets} octets" if lines is None else "Top of message follows.")
        can_be_read = yield Transmit(first, message, lines)
        if not can_be_read:
            yield Send(err("The message cannot be read now.", Code.SYS_TEMP))

    def _mark(self, number: int) -> Effects:
        if self._message(number) is None:
            yield Send(NO_SUCH_MESSAGE)
            return
        self._marked.add(number)
        yield Send(ok("Marked."))
