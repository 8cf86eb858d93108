"""Plays the dialogues of POP2 and POP1, in the form of `player`, on the core and on the server."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from pillarbox.base.names import Identity
from pillarbox.sasl.exchange import Refusal, TryPassword
from pillarbox.server.effects import Closed, Commit, Effect, OpenMaildrop, Receive, Send, Transmit
from pillarbox.server.pop1 import Pop1Session
from pillarbox.server.pop2 import Pop2Session
from pillarbox.server.transmission import transmitted
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.memory import MemoryStore
from pillarbox.store.store import Maildrop, MaildropInUseError
from tests.dialogues.core import Place
from tests.dialogues.player import PASSWORD, Dialogue, check_line

SESSIONS: dict[str, Callable[[], Pop1Session | Pop2Session]] = {
    "pop1": Pop1Session,
    "pop2": lambda: Pop2Session("localhost"),
}
DIALOGUES = {
    f"{path.parent.name}/{path.stem}": path
    for kind in SESSIONS
    for path in sorted((Path(__file__).parent / kind).glob("*.txt"))
}


class Core:
    """A session with everything around it in memory."""

    def __init__(self, kind: str, dialogue: Dialogue) -> None:
        self.place = Place(MemoryStore(MemoryBlobs()), dialogue)
        self.said = b""
        self.is_over = False
        self._maildrop: Maildrop | None = None
        self._effects: Generator[Effect, Any, None] = SESSIONS[kind]().run()
        self._go_on(None)

    def hear(self, octets: bytes) -> None:
        if not self.is_over:
            self._go_on(octets)

    def next_line(self) -> bytes:
        line, end, self.said = self.said.partition(b"\r\n")
        return line + end

    def end(self) -> None:
        if self._maildrop is not None:
            self._maildrop.release()

    def _go_on(self, answer: object) -> None:
        """Perform effects until the session waits to hear something."""
        try:
            while not isinstance(effect := self._effects.send(answer), Receive):
                answer = self._perform(effect)
        except StopIteration:
            self.is_over = True

    def _perform(self, effect: Effect) -> object:
        match effect:
            case Send(octets):
                self.said += octets
            case TryPassword(name, password):
                account = self.place.accounts.get(name)
                is_right = account is not None and password.reveal() == PASSWORD
                return Identity(account) if account and is_right else Refusal.NOT_ACCEPTED
            case OpenMaildrop(identity):
                return self._open(identity)
            case Transmit():
                reader = self.place.store.read(effect.message.digest)
                self.said += effect.first + b"".join(transmitted(effect, reader))
            case Commit(marked) if self._maildrop is not None:
                self._maildrop.commit(marked)
                self._maildrop.release()
        return True

    def _open(self, identity: Identity) -> object:
        try:
            self._maildrop = self.place.store.open_maildrop(identity.account)
        except MaildropInUseError:
            return Closed.IN_USE
        return self._maildrop.messages


def play_on_core(kind: str, dialogue: Dialogue, octets: int) -> None:
    """Play a dialogue with `octets` in a chunk."""
    core = Core(kind, dialogue)
    for step, text in dialogue.steps:
        match step:
            case "C":
                assert (b"", False) == (core.said, core.is_over)
                for start in range(0, len(text), octets):
                    core.hear(text[start : start + octets])
            case "close":
                assert (b"", True) == (core.said, core.is_over)
            case "drop":
                core.hear(b"")
            case _:
                check_line(step, text, core.next_line())

    assert core.said == b""
    core.end()
    core.place.check(dialogue)
