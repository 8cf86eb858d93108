"""One POP3 session, from greeting to goodbye, as a generator of effects. Pure.

RFC 1939. The session decides and words the replies; the driver waits, reads and writes.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.sasl.plain import read_plain
from pillarbox.server.effects import (
    Admit,
    Closed,
    Effect,
    OpenMaildrop,
    Receive,
    Refusal,
    Send,
    StartTls,
)
from pillarbox.server.transaction import Transaction
from pillarbox.wire.pop3 import events, replies
from pillarbox.wire.pop3.capa import Channel, capabilities, mechanisms
from pillarbox.wire.pop3.events import Event
from pillarbox.wire.pop3.replies import Code, err, ok
from pillarbox.wire.pop3.server import ServerConversation
from pillarbox.wire.pop3.state import Outcome, State

IMPLEMENTATION = "Pillarbox"  # without a version: it would only help an attacker
Effects = Generator[Effect, Any, None]

NOT_ACCEPTED = "Name or password not accepted."
REFUSALS = {
    Refusal.NOT_ACCEPTED: err(NOT_ACCEPTED, Code.AUTH),
    Refusal.TRY_LATER: err("Try again later.", Code.SYS_TEMP),
}
CLOSED = {
    Closed.IN_USE: err("Another session has the maildrop.", Code.IN_USE),
    Closed.TRY_LATER: err("Try again later.", Code.SYS_TEMP),
}
STLS_REFUSAL = err("Octets came in behind STLS.")
TLS_FIRST = err("Passwords are taken over TLS only. Use STLS.")


class Session:
    """A session's memory; `run` is its life."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._conversation = ServerConversation()
        self._transaction = Transaction(())

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._conversation.state

    def run(self) -> Effects:
        """Yield effects until the session is over; the driver sends each one's answer back in."""
        yield Send(ok("Pillarbox ready."))
        while self.state is not State.CLOSED:
            event = self._conversation.next_event()
            if event is not None:
                yield from self._handle(event)
                continue
            octets = yield Receive()
            if octets:
                self._conversation.feed(octets)
            else:
                self._end()  # RFC 1939, section 6: leaving without QUIT removes nothing

    def _end(self) -> None:
        self._conversation.happened(Outcome.ENDED)

    def _handle(self, event: Event) -> Effects:
        match event:
            case events.Malformed(fault):
                yield Send(err(replies.FAULTS[fault]))
            case events.Capa():
                lines = capabilities(self._channel, IMPLEMENTATION)
                yield from self._listing("Capabilities follow.", lines)
            case events.Quit():
                yield from self._quit()
            case _ if self.state is State.AUTHORIZATION:
                yield from self._authorize(event)
            case _:
                yield from self._transaction.handle(event)

    def _listing(self, first: str, lines: list[str]) -> Effects:
        for block in replies.multi_line(first, lines):
            yield Send(block)

    # AUTHORIZATION

    def _authorize(self, event: Event) -> Effects:
        match event:
            case events.Stls() | events.StlsInjection() if not self._can_be_secured:
                yield Send(err("TLS cannot be started now."))
            case events.StlsInjection():
                yield Send(STLS_REFUSAL)
                self._end()
            case events.Stls():
                yield from self._secure()
            case events.AuthList() if self._channel.allows_passwords:
                yield from self._listing("Mechanisms follow.", mechanisms(self._channel))
            case _ if not self._channel.allows_passwords:
                # RFC 8314, section 4.1: the same answer whatever the name and the password.
                yield Send(TLS_FIRST)
            case events.User():
                yield Send(ok())  # RFC 1939, section 13: for unknown names too
            case events.Pass(name, secret):
                yield from self._admit(name, secret)
            case events.Auth(mechanism, initial):
                yield from self._authenticate(mechanism, initial)

    @property
    def _can_be_secured(self) -> bool:
        return self._channel.offers_stls and not self._channel.is_secure

    def _secure(self) -> Effects:
        is_secure = yield StartTls(ok("Begin TLS."), STLS_REFUSAL)
        if is_secure:
            # RFC 2595, section 4: nothing that was said before counts any more.
            self._conversation.happened(Outcome.SECURED)
            self._channel = replace(self._channel, is_secure=True)
        else:
            self._end()

    def _authenticate(self, mechanism: str, initial: Secret | None) -> Effects:
        if mechanism not in mechanisms(self._channel):
            yield Send(err("Unknown mechanism."))
            return
        response = initial
        if response is None:
            response = yield from self._challenge()
        if response is not None:
            attempt = read_plain(response)
            if attempt is None:
                yield Send(err("Bad response."))
            else:
                yield from self._admit(attempt.name, attempt.secret)

    def _challenge(self) -> Generator[Effect, Any, Secret | None]:
        """Send an empty challenge; return the response, None where the exchange is over."""
        yield Send(replies.challenge())
        self._conversation.challenged()
        while (event := self._conversation.next_event()) is None:
            octets = yield Receive()
            if not octets:
                self._end()
                return None
            self._conversation.feed(octets)
        if isinstance(event, events.AuthResponse):
            return event.response
        yield from self._handle(event)
        return None

    def _admit(self, name: str, secret: Secret) -> Effects:
        account: AccountId | Refusal = yield Admit(name, secret)
        if isinstance(account, Refusal):
            yield Send(REFUSALS[account])
            return
        # RFC 1939, section 4: the lease first, then +OK.
        messages = yield OpenMaildrop(account)
        if isinstance(messages, Closed):
            yield Send(CLOSED[messages])
            return
        self._conversation.happened(Outcome.ADMITTED)
        self._transaction = Transaction(messages)
        yield Send(ok(f"{len(messages)} messages"))

    # UPDATE

    def _quit(self) -> Effects:
        was_admitted = self.state is State.TRANSACTION
        self._conversation.happened(Outcome.QUIT)
        if not was_admitted:
            yield Send(ok("Goodbye."))
            return
        yield from self._transaction.update()
        self._conversation.happened(Outcome.UPDATED)
