"""The TRANSACTION state: a fixed view, what is marked in it, and the replies about it. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from pillarbox.base.words import N_
from pillarbox.server.effects import Commit, Effects, Send, Transmit
from pillarbox.server.refusals import FAULTS, REMOVAL_FAILED
from pillarbox.server.site import Utf8Headers
from pillarbox.server.voice import Voice
from pillarbox.store.store import Message
from pillarbox.wire.pop3 import verbs
from pillarbox.wire.pop3.events import Event, Fault
from pillarbox.wire.pop3.replies import Code


@dataclass(frozen=True, slots=True)
class View:
    """How this client is shown its messages."""

    is_utf8: bool = False  # it has said UTF8
    utf8_headers: Utf8Headers = Utf8Headers.SURROGATE
    has_last: bool = False

    def is_surrogate(self, message: Message) -> bool:
        """Return whether a surrogate is shown: RFC 6856, section 2.1."""
        return self._is_changed(message) and self.utf8_headers is Utf8Headers.SURROGATE

    def is_refused(self, message: Message) -> bool:
        """Return whether the message is for clients in UTF-8 mode only."""
        return self._is_changed(message) and self.utf8_headers is Utf8Headers.REFUSE

    def octets(self, message: Message) -> int:
        """Return how many octets RETR sends, dots that are stuffed not counted."""
        surrogate = message.form.surrogate_octets
        if surrogate is not None and self.is_surrogate(message):
            return surrogate
        return message.form.octets

    def _is_changed(self, message: Message) -> bool:
        return message.form.surrogate_octets is not None and not self.is_utf8


class Transaction:
    """Messages by number, from 1; numbers and octet counts stay what they were at login."""

    def __init__(self, messages: Sequence[Message], view: View, voice: Voice) -> None:
        self._messages = messages
        self._view = view
        self._voice = voice
        self._marked: set[int] = set()
        self._had: set[int] = set()
        self._was_listed = False
        self._all_octets = self._octets = sum(map(view.octets, messages))
        self._last = 0

    def handle(self, event: Event) -> Effects:
        """Yield what one command leads to."""
        match event:
            case verbs.Stat():
                # RFC 1939, section 5: nothing may follow the two numbers.
                yield self._ok("{count} {octets}", count=self._count(), octets=self._octets)
            case verbs.List(number):
                yield from self._list(number)
            case verbs.Uidl(number):
                self._was_listed = self._was_listed or number is None
                yield from self._listing(number, lambda message: message.unique_id)
            case verbs.Retr(number):
                yield from self._transmit(number, None)
            case verbs.Top(number, lines):
                yield from self._transmit(number, lines)
            case verbs.Dele(number):
                yield from self._mark(number)
            case verbs.Noop():
                yield self._ok()
            case verbs.Rset():
                self._marked.clear()
                self._octets = self._all_octets
                self._last = 0
                yield self._ok(N_("{count} messages"), count=len(self._messages))
            case verbs.Last():
                yield self._say_last()

    def update(self) -> Effects:
        """Yield the UPDATE state: remove, and only then say so. RFC 1939, section 6."""
        # The lease goes before the goodbye: whoever reads that may log in again at once.
        marked, had = self._in_order(self._marked), self._in_order(self._had)
        is_removed = yield Commit(marked, had, self._was_listed)
        if is_removed:
            yield self._ok(N_("Goodbye."))
        else:
            yield self._err(REMOVAL_FAILED, Code.SYS_TEMP)

    def _in_order(self, numbers: Collection[int]) -> list[Message]:
        return [self._messages[number - 1] for number in sorted(numbers)]

    def _ok(self, template: str = "", **fields: object) -> Send:
        return Send(self._voice.ok(template, **fields))

    def _err(self, template: str, code: Code | None = None) -> Send:
        return self._voice.refusal(template, code)

    def _no_such_message(self) -> Send:
        return self._err(N_("No such message."))

    def _unmarked(self) -> Iterator[tuple[int, Message]]:
        for number, message in enumerate(self._messages, start=1):
            if number not in self._marked:
                yield number, message

    def _count(self) -> int:
        return len(self._messages) - len(self._marked)

    def _message(self, number: int) -> Message | None:
        is_there = 1 <= number <= len(self._messages) and number not in self._marked
        return self._messages[number - 1] if is_there else None

    def _list(self, number: int | None) -> Effects:
        message = None if number is None else self._message(number)
        if message is not None and self._view.is_refused(message):
            yield self._utf8_only()
        else:
            yield from self._listing(number, lambda each: str(self._view.octets(each)))

    def _listing(self, number: int | None, fact: Callable[[Message], str]) -> Effects:
        """Say one fact of one message, or of each that is not marked."""
        if number is None:
            lines = (f"{number} {fact(message)}" for number, message in self._unmarked())
            for block in self._voice.listing(N_("{count} messages"), lines, count=self._count()):
                yield Send(block)
            return
        message = self._message(number)
        if message is None:
            yield self._no_such_message()
        else:
            yield self._ok("{number} {fact}", number=number, fact=fact(message))

    def _transmit(self, number: int, lines: int | None) -> Effects:
        message = self._message(number)
        if message is None:
            yield self._no_such_message()
        elif self._view.is_refused(message):
            yield self._utf8_only()
        else:
            can_be_read = yield self._transmission(message, lines)
            if not can_be_read:
                yield self._err(N_("The message cannot be read now."), Code.SYS_TEMP)
            elif lines is None:
                self._had.add(number)
                self._last = max(self._last, number)  # RFC 1460, section 5, RETR

    def _transmission(self, message: Message, lines: int | None) -> Transmit:
        if lines is None:
            first = self._voice.ok(N_("{octets} octets"), octets=self._view.octets(message))
        else:
            first = self._voice.ok(N_("Top of message follows."))
        return Transmit(first, message, lines, as_surrogate=self._view.is_surrogate(message))

    def _say_last(self) -> Send:
        if not self._view.has_last:
            return self._err(FAULTS[Fault.UNKNOWN])
        return self._ok("{last}", last=self._last)

    def _utf8_only(self) -> Send:
        return self._err(N_("The message is for clients that say UTF8."), Code.UTF8)

    def _mark(self, number: int) -> Effects:
        message = self._message(number)
        if message is None:
            yield self._no_such_message()
            return
        self._marked.add(number)
        self._octets -= self._view.octets(message)
        self._last = max(self._last, number)  # RFC 1460, section 5, DELE
        yield self._ok(N_("Marked."))
