"""What happened in a session, noted as it happens: bounded, and without a secret. Pure.

Of what a client says only our own words for it are kept, and numbers: somebody may type a password
where a command belongs.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pillarbox.journal.session_record import FIRST_STEPS, Step, Told
from pillarbox.sasl.mechanisms import MECHANISMS
from pillarbox.server.authorization import STLS_INJECTION, TLS_FIRST
from pillarbox.server.effects import (
    Commit,
    Effect,
    Opened,
    OpenMaildrop,
    Send,
    StartTls,
    Transmit,
)
from pillarbox.server.notes import Note
from pillarbox.server.refusals import FAULTS, REMOVAL_FAILED
from pillarbox.server.session import BAD_COMMANDS
from pillarbox.wire.pop3.events import Fault, HttpRequest, Malformed, StlsInjection

LAST_STEPS = 50
REPLY_OCTETS = 120

BEFORE, INSIDE, UPDATE = "A", "T", "U"
STARS = "***"
STARRED = {"USER", "PASS", "APOP", "HELO"}  # names too, while nobody knows whose they are
UNKNOWN = "?"
VERBS = {"AUTHLIST": "AUTH", "ACK": "ACKS"}

FAULT_NOTES = {
    Fault.TOO_LONG: Note.TOO_LONG,
    Fault.UNKNOWN: Note.UNKNOWN_COMMAND,
    Fault.WRONG_STATE: Note.WRONG_STATE,
    Fault.ARGUMENTS: Note.BAD_ARGUMENTS,
    Fault.NO_NAME: Note.NO_NAME,
    Fault.NOT_BASE64: Note.NOT_BASE64,
    Fault.CANCELLED: Note.CANCELLED,
}
# What a refusal says: what was wrong. Others are told by the driver, who knows more.
REFUSED = {
    TLS_FIRST: Note.BEFORE_TLS,
    STLS_INJECTION: Note.STLS_INJECTION,
    REMOVAL_FAILED: Note.REMOVAL_FAILED,
    "TLS cannot be started now.": Note.NO_TLS_NOW,
    "Unknown mechanism.": Note.UNKNOWN_MECHANISM,
    "There was no timestamp for APOP.": Note.NO_TIMESTAMP,
    "The message cannot be read now.": Note.UNREADABLE,
    "The message is for clients that say UTF8.": Note.UTF8_ONLY,
    **{template: FAULT_NOTES[fault] for fault, template in FAULTS.items()},
}
NO_SUCH_MESSAGE = "No such message."
ENDS = {"timeout": Note.TIMEOUT, "drained": Note.DRAINED, "revoked": Note.REVOKED}


@dataclass(slots=True)
class _Pending:
    """A step that is going on, or that more may be folded into: cheaper than a Step each."""

    at: float
    stage: str
    what: str
    first: str
    last: str
    number: int | None = None
    sent_before: int = 0
    octets: int = 0
    count: int = 1
    reply: str | None = None
    is_ok: bool = False
    notes: list[str] = field(default_factory=list)

    def is_like(self, other: "_Pending") -> bool:
        """Return whether both are one step in a person's eyes."""
        return (
            self.what == other.what
            and self.is_ok == other.is_ok
            and self.stage == other.stage
            and self.notes == other.notes
        )

    def fold(self, other: "_Pending") -> None:
        """Take one more like this in."""
        self.last = other.last
        self.count += 1
        self.octets += other.octets

    def step(self, begun: float) -> Step:
        """Return it as it is told."""
        return Step(
            at_ms=int(1000 * (self.at - begun)),
            stage=self.stage,
            what=self.what,
            first=self.first,
            last=self.last,
            count=self.count,
            reply=self.reply or "",
            octets=self.octets,
            notes=tuple(self.notes),
        )


class Timeline:
    """One session's; `now` tells seconds that only go forward."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._begun = now()
        self._pending = _Pending(self._begun, BEFORE, "connect", "", "")
        self._before: _Pending | None = None  # the one that more may be folded into
        self._steps: list[_Pending] = []
        self._last: deque[_Pending] = deque(maxlen=LAST_STEPS)
        self._left_out = 0
        self._counts: Counter[str] = Counter()
        self._stage = BEFORE
        self._bad_commands = 0
        self._marked: set[int] = set()
        self.sent = 0
        self.read: set[int] = set()
        self.seen: set[int] = set()
        self.removed: set[int] = set()

    def heard(self, event: object) -> None:
        """Note a command as it is heard, before anything comes of it."""
        what, note = _named(event)
        number = getattr(event, "number", None)
        self._begin(what, _arguments(what, number, event))
        self._pending.number = number
        self._counts[what] += 1
        if note is not None:
            self.note(note)

    def saw(self, effect: Effect, answer: object, sent: int) -> None:
        """Note what was done, what came of it, and how many octets have been sent until now."""
        self.sent = sent
        match effect:
            case Send():
                self._said(effect)
            case Transmit(first, message, lines) if answer:
                self._reply(first)
                (self.read if lines is None else self.seen).add(message.id)
            case StartTls() if answer is None:
                self.note(Note.STLS_INJECTION)
            case OpenMaildrop() if isinstance(answer, Opened):
                self._stage = INSIDE
            case Commit(marked):
                self._pending.stage = UPDATE
                if answer:
                    self.removed.update(message.id for message in marked)
                    self._marked.clear()

    def note(self, note: str) -> None:
        """Note what was wrong with what is going on, once."""
        if note not in self._pending.notes:
            self._pending.notes.append(note)

    def secured(self, parameters: str | None) -> None:
        """Note that TLS is on."""
        self._begin("tls", "")
        self._pending.reply, self._pending.is_ok = parameters or "", True

    def ended(self, how: str) -> None:
        """Note how the session ended."""
        if self._pending.stage == UPDATE:
            self._stage = UPDATE
        self._begin("end", "")
        self._pending.reply = how
        if how in ENDS:
            self.note(ENDS[how])
        elif how.startswith(("The TLS handshake", "TLS:")):
            self.note(Note.HANDSHAKE_FAILED)
        if self._stage == INSIDE and self._marked:
            self.note(Note.LEFT_WITHOUT_QUIT)
        if self._stage == BEFORE and self._bad_commands >= BAD_COMMANDS:
            self.note(Note.TOO_MANY_BAD_COMMANDS)

    def told(self) -> Told:
        """Return what there is to tell after the end."""
        before = [] if self._before is None else [self._before]
        self._pending.octets = self.sent - self._pending.sent_before
        steps = [*self._steps, *self._last, *before, self._pending]
        found = tuple(step.step(self._begun) for step in steps)
        return Told(found, self._left_out, dict(self._counts))

    def _begin(self, what: str, arguments: str) -> None:
        self._close()
        self._pending = _Pending(
            self._now(), self._stage, what, arguments, arguments, sent_before=self.sent
        )

    def _close(self) -> None:
        """Count what is going on as done."""
        pending, before = self._pending, self._before
        pending.octets = self.sent - pending.sent_before
        if pending.is_ok and pending.what == "DELE" and pending.number is not None:
            self._marked.add(pending.number)
        elif pending.is_ok and pending.what == "RSET":
            self._marked.clear()
        if before is not None and before.is_like(pending):
            before.fold(pending)
            return
        if before is not None:
            self._keep(before)
        self._before = pending

    def _keep(self, step: _Pending) -> None:
        if len(self._steps) < FIRST_STEPS:
            self._steps.append(step)
            return
        if len(self._last) == LAST_STEPS:
            self._left_out += 1
        self._last.append(step)

    def _said(self, effect: Send) -> None:
        self._reply(effect.octets)
        if effect.is_fault and self._stage == BEFORE:
            self._bad_commands += 1
        if effect.why == NO_SUCH_MESSAGE:
            is_marked = self._pending.number in self._marked
            self.note(Note.MARKED if is_marked else Note.NO_SUCH_MESSAGE)
        elif effect.why in REFUSED:
            self.note(REFUSED[effect.why])

    def _reply(self, octets: bytes) -> None:
        if self._pending.reply is None:
            line = octets[:REPLY_OCTETS].partition(b"\r\n")[0]
            self._pending.reply = line.decode("utf-8", "replace")
            self._pending.is_ok = line.startswith(b"+")


def _named(event: object) -> tuple[str, Note | None]:
    match event:
        case Malformed(fault):
            return event.verb or UNKNOWN, FAULT_NOTES[fault]
        case Fault():
            return UNKNOWN, FAULT_NOTES[event]
        case HttpRequest():
            return "HTTP", Note.HTTP
        case StlsInjection():
            return "STLS", Note.STLS_INJECTION
        case _:
            name = type(event).__name__.upper()
            return VERBS.get(name, name), None


def _arguments(what: str, number: int | None, event: object) -> str:
    if what in STARRED:
        return STARS
    if number is not None:
        lines = getattr(event, "lines", None)
        return str(number) if lines is None else f"{number} {lines}"
    mechanism = getattr(event, "mechanism", None)
    if mechanism is None:
        return ""
    return mechanism if mechanism in MECHANISMS else UNKNOWN
