"""The AUTHORIZATION state: TLS, names and secrets, until somebody is let in. Pure.

RFC 1939, section 4; RFC 2595; RFC 5034.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.base.words import N_
from pillarbox.sasl.apop import ApopProof
from pillarbox.sasl.exchange import Challenge, Exchange, Refusal, TryDigest, TryPassword
from pillarbox.sasl.facts import APOP, USER
from pillarbox.sasl.mechanisms import MECHANISMS, Mechanism, Situation
from pillarbox.server.channel import Channel, allows_logins, allows_passwords, mechanisms, offer
from pillarbox.server.effects import Effect, NoteRefused, Send, StartTls
from pillarbox.server.refusals import REFUSALS
from pillarbox.server.site import Site
from pillarbox.server.voice import Voice
from pillarbox.wire.pop3 import events, replies, verbs
from pillarbox.wire.pop3.capa import Offer, Terms
from pillarbox.wire.pop3.events import Event
from pillarbox.wire.pop3.replies import Code
from pillarbox.wire.pop3.state import Outcome

Attempt = Generator[Effect, Any, Identity | None]
Hear = Callable[[], Generator[Effect, Any, Secret | None]]

STLS_INJECTION = N_("Octets came in behind STLS.")
TLS_FIRST = N_("Passwords are taken over TLS only. Use STLS.")


class Authorization:
    """What is known before login; `hear` waits for the answer to a challenge."""

    def __init__(
        self, site: Site, channel: Channel, voice: Voice, nonce: Callable[[], str], hear: Hear
    ) -> None:
        self._site = site
        self._voice = voice
        self._nonce = nonce
        self._hear = hear
        self.channel = channel
        self.is_utf8 = False
        self.mechanism = ""  # the last that was tried, as SignIn has it
        self.terms: Terms | None = None  # once somebody has been let in

    @property
    def offer(self) -> Offer:
        """What CAPA announces."""
        return offer(self.channel, self._site, stls=self._may_secure, terms=self.terms)

    @property
    def _may_secure(self) -> bool:
        # RFC 6856, section 2.1: STLS does not follow UTF8.
        return self.channel.offers_stls and not self.channel.is_secure and not self.is_utf8

    def secure(
        self, event: verbs.Stls | events.StlsInjection
    ) -> Generator[Effect, Any, Outcome | None]:
        """Yield what STLS leads to; return what happened, None where it is refused.

        Where TLS does not begin, the session ends: nobody knows what the client takes for TLS.
        """
        if not self._may_secure:
            yield self._err(N_("TLS cannot be started now."))
            return None
        if isinstance(event, events.StlsInjection):
            yield self._err(STLS_INJECTION)
            return Outcome.ENDED
        ready = self._voice.ok(N_("Begin TLS."))
        secured = yield StartTls(ready, self._voice.err(STLS_INJECTION))
        if secured is None:
            return Outcome.ENDED
        # The timestamp crossed the network in plaintext, and anybody may have changed it there.
        self.channel = replace(
            self.channel, is_secure=True, end_point=secured.end_point, timestamp=None
        )
        return Outcome.SECURED

    def attempt(self, event: Event) -> Attempt:
        """Yield what a command leads to; return who has been let in, if anybody."""
        match event:
            case verbs.Utf8():
                self.is_utf8 = True
                yield Send(self._voice.ok(N_("UTF-8 from now on.")))
            case events.AuthList():
                names = mechanisms(self.channel, self._site)
                for block in self._voice.listing(N_("Mechanisms follow."), names):
                    yield Send(block)
            case verbs.Auth(name, initial):
                return (yield from self._authenticate(name, initial))
            case verbs.Apop(name, digest) if allows_logins(self.channel, self._site):
                return (yield from self._apop(name, digest))
            case _ if not allows_passwords(self.channel, self._site):
                # RFC 8314, section 4.1: the same answer whatever the name and the password.
                yield self._err(TLS_FIRST)
            case verbs.User():
                yield Send(self._voice.ok())  # RFC 1939, section 13: for unknown names too
            case events.Pass(name, secret):
                self.mechanism = USER
                return (yield from self._answered((yield TryPassword(name, secret))))
        return None

    def _apop(self, name: str, digest: str) -> Attempt:
        timestamp = self.channel.timestamp
        if timestamp is None:
            yield self._err(N_("There was no timestamp for APOP."))
            return None
        self.mechanism = APOP
        proof = ApopProof(timestamp.encode("ascii"), digest)
        return (yield from self._answered((yield TryDigest(name, proof))))

    def _authenticate(self, name: str, initial: Secret | None) -> Attempt:
        mechanism = MECHANISMS.get(name)
        if name in mechanisms(self.channel, self._site) and mechanism is not None:
            self.mechanism = name
            outcome = yield from self._exchange(mechanism, initial)
            return (yield from self._answered(outcome)) if outcome is not None else None
        secured = replace(self.channel, is_secure=True)
        if not self.channel.is_secure and name in mechanisms(secured, self._site):
            yield self._err(TLS_FIRST)
        else:
            yield self._err(N_("Unknown mechanism."))
        return None

    def _exchange(
        self, mechanism: Mechanism, initial: Secret | None
    ) -> Generator[Effect, Any, Identity | Refusal | None]:
        """Run a mechanism; return None where the client ended it, which was answered already."""
        exchange: Exchange = mechanism.begin(self._situation(), initial)
        answer: Any = None
        while True:
            try:
                ask = exchange.send(answer)
            except StopIteration as end:
                outcome: Identity | Refusal = end.value
                return outcome
            if isinstance(ask, Challenge):
                yield Send(replies.challenge(ask.octets))
                answer = yield from self._hear()
                if answer is None:
                    exchange.close()
                    return None
            else:
                answer = yield ask

    def _situation(self) -> Situation:
        end_point = self.channel.end_point
        return Situation(
            nonce=self._nonce,
            hostname=self._site.hostname,
            end_point=end_point,
            offers_plus=end_point is not None,
        )

    def _answered(self, outcome: Identity | Refusal) -> Attempt:
        """Say why nobody was let in; say nothing yet where somebody was."""
        if isinstance(outcome, Refusal):
            if outcome is Refusal.NOT_ACCEPTED:
                yield NoteRefused(self.mechanism)
            yield self._err(*REFUSALS[outcome])
            return None
        return outcome

    def _err(self, template: str, code: Code | None = None) -> Send:
        return self._voice.refusal(template, code)
