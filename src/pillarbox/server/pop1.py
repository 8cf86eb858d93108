"""One POP1 session, as a generator of effects. Pure.

RFC 918: a transaction gives the whole mailbox at once, and RCVD ends it: then what RDEL began is
removed, and the mailbox is unlocked.
"""

from typing import assert_never

from pillarbox.server.effects import Effects, Send, Transmit, Watch, unwatched
from pillarbox.server.historical import (
    Mailbox,
    converse,
    is_mailbox,
)
from pillarbox.server.refusals import FAULTS, REMOVAL_FAILED
from pillarbox.wire.pop1.grammar import (
    Event,
    Noop,
    Open,
    Pass,
    Quit,
    Rcev,
    Rcvd,
    Rset,
    State,
    User,
    conversation,
)
from pillarbox.wire.pop1.replies import DELIMITER, GREETING, OK, characters, err
from pillarbox.wire.pop3.events import Fault


class Pop1Session:
    """A session's memory; `run` is its life."""

    def __init__(self, watch: Watch = unwatched) -> None:
        self._watch = watch
        self._conversation = conversation()
        self._mailbox = Mailbox()
        self._name = ""
        self._is_removed = False

    def run(self) -> Effects:
        """Yield effects until the session is over; the driver sends each one's answer back in."""
        yield Send(GREETING)
        yield from converse(self._conversation, self._handle, self._watch)

    def _handle(self, event: Event | Fault) -> Effects:
        match event:
            case Fault():
                yield self._malformed(event)
            case User(name):
                self._name = name
                yield Send(OK)  # for unknown names too
            case Pass(password):
                why = yield from self._mailbox.log_in(self._name, password)
                yield self._unless(why, OK, State.AUTHORIZATION)
            case Open(mailbox, is_removed):
                self._is_removed = is_removed
                yield from self._open(mailbox)
            case Rcev():
                yield from self._transmit()
            case Rcvd():
                yield from self._received()
            case Rset() | Quit():
                yield from self._mailbox.close()
                yield Send(OK)
            case Noop():
                yield Send(OK)
            case _:
                assert_never(event)

    def _malformed(self, fault: Fault) -> Send:
        if self._conversation.state in {State.AUTHORIZATION, State.NAMED}:
            self._conversation.end()  # a web page can make a browser talk to any port here
        return Send(err(FAULTS[fault]))

    def _unless(self, why: str, reply: bytes, state: State) -> Send:
        """Reply, or say why not and go back to a state."""
        if not why:
            return Send(reply)
        self._conversation.state = state
        return Send(err(why))

    def _open(self, mailbox: str) -> Effects:
        why = (yield from self._mailbox.open()) if is_mailbox(mailbox) else "No such mailbox."
        octets = sum(message.form.octets + 2 * len(DELIMITER) for message in self._mailbox.messages)
        yield self._unless(why, characters(octets), State.WAITING)

    def _transmit(self) -> Effects:
        for message in self._mailbox.messages:
            is_sent = yield Transmit(DELIMITER, message, None, is_bare=True)
            if not is_sent:
                self._conversation.end()
                return
            yield Send(DELIMITER)

    def _received(self) -> Effects:
        received = self._mailbox.messages
        marked = received if self._is_removed else ()
        is_removed = yield from self._mailbox.close(marked, received)
        yield Send(OK if is_removed else err(REMOVAL_FAILED))
