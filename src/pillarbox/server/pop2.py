"""One POP2 session, as a generator of effects. Pure.

RFC 937: "if anything goes wrong close the connection". What ACKD marked is removed when the client
leaves the mailbox, by QUIT or for another by FOLD, and before it is told so.
"""

from collections.abc import Collection, Generator
from typing import Any, assert_never

from pillarbox.server.effects import Effect, Effects, Send, Transmit, Watch, unwatched
from pillarbox.server.historical import (
    Mailbox,
    converse,
    is_mailbox,
)
from pillarbox.server.refusals import FAULTS, REMOVAL_FAILED
from pillarbox.store.store import Message
from pillarbox.wire.pop2 import replies
from pillarbox.wire.pop2.grammar import Ack, Event, Fold, Helo, Quit, Read, Retr, conversation
from pillarbox.wire.pop3.events import Fault


class Pop2Session:
    """A session's memory; `run` is its life."""

    def __init__(self, hostname: str, watch: Watch = unwatched) -> None:
        self._watch = watch
        self._hostname = hostname
        self._conversation = conversation()
        self._mailbox = Mailbox()
        self._current = 1
        self._marked: set[int] = set()
        self._received: set[int] = set()

    def run(self) -> Effects:
        """Yield effects until the session is over; the driver sends each one's answer back in."""
        yield Send(replies.greeting(self._hostname))
        yield from converse(self._conversation, self._handle, self._watch)

    def _handle(self, event: Event | Fault) -> Effects:
        match event:
            case Fault():
                yield self._failed(FAULTS[event])
            case Helo(user, password):
                yield self._selected((yield from self._mailbox.log_in(user, password)))
            case Fold(mailbox) if is_mailbox(mailbox):
                yield self._selected((yield from self._mailbox.open()))
            case Fold():
                yield self._selected((yield from self._leave()))  # another has no messages
            case Read(number):
                self._current = self._current if number is None else number
                yield self._length()
            case Retr():
                yield from self._transmit()
            case Ack(is_received, is_marked):
                self._marked |= {self._current} if is_marked else set()
                self._received |= {self._current} if is_received else set()
                self._current += is_received
                yield self._length()
            case Quit():
                why = yield from self._leave()
                yield self._failed(why) if why else Send(replies.ok("OK"))
            case _:
                assert_never(event)

    def _failed(self, why: str) -> Send:
        self._conversation.end()
        return Send(replies.error(why))

    def _selected(self, why: str) -> Send:
        self._current = 1
        return self._failed(why) if why else Send(replies.count(len(self._mailbox.messages)))

    def _leave(self) -> Generator[Effect, Any, str]:
        """Remove what is marked and release the mailbox; return why not, "" where it is done."""
        marked, received = self._in_order(self._marked), self._in_order(self._received)
        self._marked.clear()
        self._received.clear()
        is_removed = yield from self._mailbox.close(marked, received)
        return "" if is_removed else REMOVAL_FAILED

    def _in_order(self, numbers: Collection[int]) -> list[Message]:
        return [self._mailbox.messages[number - 1] for number in sorted(numbers)]

    def _message(self) -> Message | None:
        messages, number = self._mailbox.messages, self._current
        is_there = 1 <= number <= len(messages) and number not in self._marked
        return messages[number - 1] if is_there else None

    def _length(self) -> Send:
        message = self._message()
        return Send(replies.length(message.form.octets if message else 0))

    def _transmit(self) -> Effects:
        message = self._message()
        is_sent = False
        if message is not None and message.form.octets:
            is_sent = yield Transmit(b"", message, None, is_bare=True)
        if not is_sent:
            self._conversation.end()
