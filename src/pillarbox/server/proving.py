"""Has secrets tried, and puts on record what came of each attempt."""

from contextlib import suppress

from pillarbox.base.errors import Fault, OperatorFault, StoreFault
from pillarbox.base.names import Identity, SignIn
from pillarbox.net.pool import PoolFullError
from pillarbox.sasl.exchange import Ask, Refusal, ScramAccount
from pillarbox.server.asking import GuessedFault, asked, name_of
from pillarbox.server.visit import Visit


class Proving:
    """The attempts of one client; `name` is the one that was tried last."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._services = visit.services
        self._peer = visit.peer
        self._has_asked = False  # what came of what was tried last is not noted yet
        self.name = ""
        self.refused_name = ""  # the last that did not come in

    async def ask(self, ask: Ask) -> Identity | ScramAccount | Refusal:
        """Ask the accounts; what is slow on purpose waits apart from what is not."""
        if self._has_asked:
            # SCRAM shows that a proof is right before its end, and a bearer token's refusal waits
            # for an answer: whoever leaves an exchange may know what they wanted to know.
            await self.not_accepted("")
        self.name = name_of(ask)
        try:
            mark, delay = await self._services.disk.run(self._before, self._visit.sign_in())
            self._visit.ending.proof_begins(mark)
            if delay is None:
                return await self._throttled()
            await self._peer.pause(delay)
            answer = await asked(ask, self._services)
            self._has_asked = True
        except (PoolFullError, StoreFault) as fault:
            self.note_refused("busy", fault)
            await self._give_back()
            return Refusal.TRY_LATER
        except GuessedFault as fault:
            self.note_refused("busy", fault)
            await self._count("")
            await self._peer.pause(self._services.timers.throttled)
            return Refusal.TRY_LATER
        except OperatorFault as fault:
            self.note_refused("misconfigured", fault)
            return Refusal.TELL_ADMINISTRATOR
        return Refusal.NOT_ACCEPTED if answer is None else answer

    def proved(self, identity: Identity) -> None:
        """Note that the proof is right, before the account's state is read."""
        self._has_asked = False
        self._visit.ending.proved(identity)

    async def not_accepted(self, mechanism: str) -> None:
        """Note that a name or a secret was not accepted."""
        self.note_refused("not-accepted")
        if self._has_asked:
            await self._count(mechanism)
        else:
            # Nobody can be called that, or there was no secret: nothing was tried, and nothing is
            # counted or written. Nor is it free.
            await self._peer.pause(self._services.timers.throttled)

    def end(self) -> None:
        """Note what was left unanswered at the end of the connection."""
        if not self._has_asked:
            return
        self.note_refused("not-accepted")
        services = self._services
        with suppress(PoolFullError):  # nobody waits for it
            services.disk.start(services.admission.refused, self.name, self._visit.sign_in())

    def note_refused(self, why: str, fault: Fault | None = None) -> None:
        """Put on record that nobody comes in, and why."""
        self._visit.timeline.note(why)
        self.refused_name = self.name
        self._visit.note("login.refused", why=why, fault=fault)

    def _before(self, sign_in: SignIn) -> tuple[int, float | None]:
        # The mark first: what ends sessions after it may be what the proof is made against.
        services = self._services
        return services.endings.mark(), services.admission.delay(self.name, sign_in)

    async def _throttled(self) -> Refusal:
        self.note_refused("throttled")
        await self._peer.pause(self._services.timers.throttled)
        return Refusal.TRY_LATER

    async def _give_back(self) -> None:
        """Let what was not tried be no failure; whoever asks on and on waits for that."""
        services = self._services
        with suppress(PoolFullError, StoreFault):
            await services.disk.run(services.admission.give_back, self._visit.sign_in())
        await self._peer.pause(services.timers.throttled)

    async def _count(self, mechanism: str) -> None:
        """Have what was tried count as refused."""
        self._has_asked = False
        services, sign_in = self._services, self._visit.sign_in(mechanism)
        with suppress(PoolFullError, StoreFault):  # it counts as a failure already
            await services.disk.run(services.admission.refused, self.name, sign_in)
