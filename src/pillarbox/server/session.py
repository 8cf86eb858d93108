"""One POP3 session, from greeting to goodbye, as a generator of effects. Pure.

RFC 1939. The session decides and words the replies; the driver waits, reads and writes.
"""

from collections.abc import Callable, Generator
from typing import Any

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.base.words import N_
from pillarbox.server.authorization import Authorization
from pillarbox.server.channel import Channel
from pillarbox.server.effects import (
    Closed,
    Effect,
    Effects,
    Opened,
    OpenMaildrop,
    Receive,
    Send,
    Watch,
    unwatched,
)
from pillarbox.server.refusals import FAULTS, REFUSALS
from pillarbox.server.site import Site
from pillarbox.server.transaction import Transaction, View
from pillarbox.server.voice import Voice, find_language
from pillarbox.wire.pop3 import events, verbs
from pillarbox.wire.pop3.capa import Terms, capabilities
from pillarbox.wire.pop3.events import Event
from pillarbox.wire.pop3.replies import Code
from pillarbox.wire.pop3.server import ServerConversation
from pillarbox.wire.pop3.state import Outcome, State

BAD_COMMANDS = 10  # before login; whoever sends more is no mail client


class Session:
    """A session's memory; `run` is its life.

    `nonce` returns another 24 or more letters and digits at each call, never guessable.
    """

    def __init__(
        self, site: Site, channel: Channel, nonce: Callable[[], str], watch: Watch = unwatched
    ) -> None:
        self._site = site
        self._watch = watch
        self._voice = Voice()
        self._conversation = ServerConversation()
        self._authorization = Authorization(site, channel, self._voice, nonce, self._hear)
        self._transaction = Transaction((), View(), self._voice)
        self._bad_commands = 0

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._conversation.state

    def run(self) -> Effects:
        """Yield effects until the session is over; the driver sends each one's answer back in."""
        timestamp = self._authorization.channel.timestamp
        greeting = "Pillarbox ready." if timestamp is None else f"Pillarbox ready. {timestamp}"
        yield Send(self._voice.ok(greeting))
        while self.state is not State.CLOSED:
            event = self._conversation.next_event()
            if event is not None:
                yield from self._counted(self._handle(event))
                continue
            octets = yield Receive()
            if octets:
                self._conversation.feed(octets)
            else:
                self._end()  # RFC 1939, section 6: leaving without QUIT removes nothing

    def _end(self) -> None:
        # The tenth bad command may be one that ends the session by itself.
        if self.state is not State.CLOSED:
            self._conversation.happened(Outcome.ENDED)

    def _counted(self, effects: Effects) -> Effects:
        """Pass effects on; end the session after the tenth bad command before login."""
        answer: Any = None
        while True:
            try:
                effect = effects.send(answer)
            except StopIteration:
                return
            answer = yield effect
            if self.state is State.AUTHORIZATION and isinstance(effect, Send):
                self._bad_commands += effect.is_fault
                if self._bad_commands >= BAD_COMMANDS:
                    self._end()

    def _handle(self, event: Event) -> Effects:
        self._watch(event)
        match event:
            case events.Malformed(fault):
                yield self._err(FAULTS[fault])
            case events.HttpRequest():
                yield self._err(N_("This is no web server."))
                self._end()
            case verbs.Capa():
                lines = capabilities(self._authorization.offer)
                yield from self._listing(N_("Capabilities follow."), lines)
            case verbs.Lang(tag):
                yield from self._lang(tag)
            case verbs.Quit():
                yield from self._quit()
            case _ if self.state is State.AUTHORIZATION:
                yield from self._authorize(event)
            case _:
                yield from self._transaction.handle(event)

    def _listing(self, first: str, lines: list[str]) -> Effects:
        for block in self._voice.listing(first, lines):
            yield Send(block)

    def _err(self, template: str, code: Code | None = None) -> Send:
        return self._voice.refusal(template, code)

    def _lang(self, tag: str | None) -> Effects:
        languages = self._site.languages
        if tag is None:
            lines = [f"{each.tag} {each.name}" for each in languages.values()]
            yield from self._listing(N_("Languages follow."), lines)
            return
        language = find_language(languages, tag)
        if language is None:
            yield self._err(N_("No such language."))
            return
        self._voice.language = language
        yield Send(self._voice.ok(N_("{tag} Language changed."), tag=language.tag))

    # AUTHORIZATION

    def _authorize(self, event: Event) -> Effects:
        if isinstance(event, verbs.Stls | events.StlsInjection):
            yield from self._secure(event)
            return
        identity = yield from self._authorization.attempt(event)
        if identity is not None:
            yield from self._admit(identity)

    def _secure(self, event: verbs.Stls | events.StlsInjection) -> Effects:
        outcome = yield from self._authorization.secure(event)
        if outcome is Outcome.SECURED:
            self._voice.reset()  # RFC 2595, section 4: nothing that was said before counts any more
            self._conversation.happened(outcome)
        elif outcome is Outcome.ENDED:
            self._end()

    def _hear(self) -> Generator[Effect, Any, Secret | None]:
        """Return the answer to a challenge, None where the exchange is over."""
        self._conversation.challenged()
        while (event := self._conversation.next_event()) is None:
            octets = yield Receive()
            if not octets:
                self._end()
                return None
            self._conversation.feed(octets)
        if isinstance(event, verbs.AuthResponse):
            return event.response
        yield from self._handle(event)
        return None

    def _admit(self, identity: Identity) -> Effects:
        # RFC 1939, section 4: the lease first, then +OK.
        opened: Opened | Closed = yield OpenMaildrop(identity, self._authorization.mechanism)
        if isinstance(opened, Closed):
            yield self._err(*REFUSALS[opened])
            return
        self._conversation.happened(Outcome.ADMITTED)
        self._authorization.terms = Terms(opened.expire_days, opened.login_delay_seconds)
        view = View(
            is_utf8=self._authorization.is_utf8,
            utf8_headers=self._site.utf8_headers,
            has_last=self._site.last,
        )
        self._transaction = Transaction(opened.messages, view, self._voice)
        yield Send(self._voice.ok(N_("{count} messages"), count=len(opened.messages)))

    # UPDATE

    def _quit(self) -> Effects:
        was_admitted = self.state is State.TRANSACTION
        self._conversation.happened(Outcome.QUIT)
        if not was_admitted:
            yield Send(self._voice.ok(N_("Goodbye.")))
            return
        yield from self._transaction.update()
        self._conversation.happened(Outcome.UPDATED)
