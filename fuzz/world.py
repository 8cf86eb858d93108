"""What is around a session: accounts and a maildrop in memory, as kind or unkind as the knobs say.

It holds what every session must keep to, whatever its client sends: nobody's maildrop opens without
a right secret, nothing is removed without a QUIT, nothing happens behind the end of the stream.
"""

from collections.abc import Generator, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fuzz.knobs import Knobs, require
from fuzz.sasl_exchanges import END_POINT, MROSE, REFUSALS, Accounts
from pillarbox.base.names import AccountId, Identity
from pillarbox.sasl.exchange import FindScram, TryDigest, TryPassword, TryToken
from pillarbox.server.effects import (
    Closed,
    Commit,
    Effect,
    Opened,
    OpenMaildrop,
    Receive,
    Secured,
    Send,
    StartTls,
    Transmit,
)
from pillarbox.server.transmission import transmitted
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.memory import MemoryStore
from pillarbox.store.store import Message

MESSAGES = Path(__file__).parents[1] / "tests" / "dialogues" / "messages"
FILES = ("one.eml", "dots.eml", "utf8.eml", "bare-lf.eml", "empty.eml", "raw-8bit.eml")
CLOSED = (None, *Closed)
REMOVING = (b"QUIT", b"RCVD", b"FOLD")  # in POP3 and POP2, in POP1, in POP2


@cache
def stored() -> tuple[MemoryStore, Sequence[Message]]:
    """Return a store, and the view of its one maildrop."""
    store = MemoryStore(MemoryBlobs())
    for file in FILES:
        with store.incoming() as incoming:
            incoming.write((MESSAGES / file).read_bytes())
            store.deliver(incoming.keep(), AccountId(1))
    return store, store.open_maildrop(Identity(AccountId(1))).messages


class World:
    """Performs a session's effects in memory."""

    def __init__(self, knobs: Knobs) -> None:
        self._accounts = Accounts(knobs.choice(REFUSALS))
        self._closed = knobs.choice(CLOSED)
        self._commits, self._reads = not knobs.flag(), not knobs.flag()
        self._injects = knobs.flag()
        self._may_open = self._is_at_end = False
        self._heard = bytearray()
        self.said: list[bytes] = []

    def play(self, session: Generator[Effect, Any, None], chunks: Iterable[bytes]) -> None:
        """Let a client send chunks and go; raise AssertionError where the session breaks a rule."""
        left, answer = iter(chunks), None
        try:
            while True:
                effect = session.send(answer)
                answer = self._hear(left) if isinstance(effect, Receive) else self._do(effect)
        except StopIteration:
            return

    def _hear(self, left: Iterable[bytes]) -> bytes:
        require(not self._is_at_end, "a session that reads behind the end")
        octets = next(iter(left), b"")
        self._is_at_end = not octets
        self._heard += octets
        return octets

    def _do(self, effect: Effect) -> object:
        match effect:
            case Send(octets):
                self.said.append(octets)
            case TryPassword() | TryDigest() | FindScram() | TryToken():
                return self._ask(effect)
            case StartTls() if not self._injects:
                return Secured(END_POINT)
            case OpenMaildrop(identity, _):
                return self._open(identity)
            case Transmit():
                return self._transmit(effect)
            case Commit():
                return self._commit(effect)
        return None

    def _ask(self, ask: TryPassword | TryDigest | FindScram | TryToken) -> object:
        require(not self._is_at_end, "an attempt behind the end")
        answer = self._accounts.answer(ask)
        self._may_open = isinstance(answer, Identity) or isinstance(ask, FindScram)
        return answer

    def _open(self, identity: Identity) -> object:
        require(self._may_open and identity == MROSE, "a maildrop for somebody who may not")
        return self._closed or Opened(stored()[1], None, 0)

    def _transmit(self, effect: Transmit) -> bool:
        store, view = stored()
        require(effect.message in view, "a message of the view")
        if not self._reads:
            return False
        octets = effect.first + b"".join(transmitted(effect, store.read(effect.message.digest)))
        require(effect.is_bare or octets.endswith(b".\r\n"), "a message with its end")
        return True

    def _commit(self, effect: Commit) -> bool:
        marked = effect.marked
        asked = any(verb in self._heard.upper() for verb in REMOVING)
        require(asked or not marked, "a removal that nobody asked for")
        require(not self._is_at_end or not marked, "a removal behind the end")
        view = stored()[1]
        require(len({each.id for each in marked}) == len(marked), "a message marked twice")
        require(all(each in view for each in marked), "a mark on another's message")
        return self._commits
