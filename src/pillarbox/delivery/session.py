"""One LMTP session, from greeting to goodbye, as a generator of effects. Pure.

RFC 2033. The session decides and picks the replies; the driver waits, reads, writes and stores.

The octets that the MTA hands over are stored as they are: RFC 5321, section 4.4, would have us put
Return-Path and Received before them, but then the message would no longer be the one that was
signed, hashed and delivered, and two recipients' copies would no longer be one blob. An MTA that is
told to adds both itself.
"""

from collections.abc import Generator
from typing import Any

from pillarbox.base.names import AccountId
from pillarbox.delivery.effects import (
    Deliver,
    Drop,
    Effect,
    Failure,
    Keep,
    Receive,
    Refusal,
    Resolve,
    Send,
    Stop,
    Write,
)
from pillarbox.store.store import Kept
from pillarbox.wire.lmtp import events, replies
from pillarbox.wire.lmtp.address import Address
from pillarbox.wire.lmtp.events import Event
from pillarbox.wire.lmtp.server import ServerConversation
from pillarbox.wire.lmtp.state import Outcome, State

MESSAGE_OCTETS = 2**30  # far above what MTAs let pass; one message must not fill the disk
RECIPIENTS = 1000  # a message; ten times what RFC 5321, section 4.5.3.1.8, wants at least
GROUP = 16  # copies that share a commit; their replies go out before the next ones begin

Effects = Generator[Effect, Any, None]

REFUSALS = {
    Refusal.UNKNOWN: replies.UNKNOWN_RECIPIENT,
    Refusal.DISABLED: replies.DISABLED_RECIPIENT,
    Refusal.FULL: replies.MAILDROP_FULL,
    Refusal.TRY_LATER: replies.NOT_STORED,
}
RESULTS = {
    None: replies.DELIVERED,
    Failure.FAULT: replies.NOT_STORED,
    Failure.NO_SPACE: replies.NO_SPACE,
    Failure.FULL: replies.MAILDROP_FULL,
    Failure.NEVER_FITS: replies.NEVER_FITS,
}
STOPS = {Stop.IDLE: replies.IDLE, Stop.SHUTDOWN: replies.SHUTTING_DOWN}
SIMPLE = {events.Noop: replies.OK, events.Vrfy: replies.NOT_VERIFIED}


class Session:
    """A session's memory; `run` is its life."""

    def __init__(self, hostname: str, message_octets: int = MESSAGE_OCTETS) -> None:
        self._hostname = hostname
        self._message_octets = message_octets
        self._conversation = ServerConversation(message_octets)
        self._recipients: list[AccountId] = []

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._conversation.state

    def run(self) -> Effects:
        """Yield effects until the session is over; the driver sends each one's answer back in."""
        yield Send(replies.greeting(self._hostname))
        while self.state is not State.CLOSED:
            event = self._conversation.next_event()
            yield from self._receive() if event is None else self._handle(event)

    def _receive(self) -> Effects:
        octets = yield Receive()
        if isinstance(octets, Stop):
            yield Send(STOPS[octets])
        if isinstance(octets, Stop) or not octets:
            self._happened(Outcome.ENDED)  # what has no end yet is delivered to nobody
        else:
            self._conversation.feed(octets)

    def _happened(self, outcome: Outcome) -> None:
        self._conversation.happened(outcome)

    def _handle(self, event: Event) -> Effects:
        match event:
            case events.Chunk(octets):
                yield Write(octets)
            case events.End() | events.TooBig() | events.Broken():
                yield from self._end_message(event)
            case events.Malformed(fault):
                yield Send(replies.FAULTS[fault])
            case events.Fatal(fault):
                yield Send(replies.FAULTS[fault])
                self._happened(Outcome.ENDED)
            case events.Rcpt(recipient):
                yield from self._add(recipient)
            case _:
                yield Send(self._answer(event))

    def _answer(self, event: Event) -> bytes:
        """Return the reply to a command that needs nobody else."""
        match event:
            case events.Lhlo():
                self._reset(Outcome.HELLO)
                return replies.hello(self._hostname, self._message_octets)
            case events.Mail():
                self._happened(Outcome.SENDER)
                return replies.SENDER
            case events.Data():
                self._happened(Outcome.DATA_BEGUN)
                return replies.SEND_MESSAGE
            case events.Rset():
                self._reset(Outcome.RESET)
                return replies.OK
            case events.Quit():
                self._happened(Outcome.ENDED)
                return replies.GOODBYE
            case _:
                return SIMPLE[type(event)]

    def _reset(self, outcome: Outcome) -> None:
        self._happened(outcome)
        self._recipients.clear()

    def _add(self, recipient: Address) -> Effects:
        if len(self._recipients) >= RECIPIENTS:
            yield Send(replies.TOO_MANY_RECIPIENTS)
            return
        account: AccountId | Refusal = yield Resolve(str(recipient))
        if isinstance(account, Refusal):
            yield Send(REFUSALS[account])
            return
        # RFC 2033, section 4.2: whoever is named twice has two replies, and so two copies.
        self._recipients.append(account)
        self._happened(Outcome.RECIPIENT)
        yield Send(replies.RECIPIENT)

    # The message

    def _end_message(self, event: Event) -> Effects:
        match event:
            case events.End():
                yield from self._keep()
            case events.TooBig():
                yield Drop("too-big")
                yield self._to_each(replies.TOO_BIG)
            case _:
                yield from self._break()
                return
        self._reset(Outcome.DATA_ENDED)

    def _keep(self) -> Effects:
        kept: Kept | Failure = yield Keep()
        if isinstance(kept, Failure):
            yield self._to_each(RESULTS[kept])
            return
        for start in range(0, len(self._recipients), GROUP):
            results = yield Deliver(kept, self._recipients[start : start + GROUP])
            yield Send(b"".join(RESULTS[result] for result in results))

    def _break(self) -> Effects:
        yield Drop("bare-line-end")
        yield self._to_each(replies.BARE_LINE_END)
        # A close with octets unread would take the replies from a sender that still sends; it is
        # read out, and nothing of it is run.
        while not self._conversation.has_passed_end:
            octets = yield Receive(lingers=True)
            if isinstance(octets, Stop) or not octets:
                break
            self._conversation.feed(octets)
        self._happened(Outcome.ENDED)

    def _to_each(self, reply: bytes) -> Send:
        """Return one reply for each recipient, in order: RFC 2033, section 4.2."""
        return Send(reply * len(self._recipients))
