"""Plays a dialogue on the pure core: a session's effects performed in memory, without any wait."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.server.effects import (
    Admit,
    Closed,
    Commit,
    Effect,
    OpenMaildrop,
    Receive,
    Refusal,
    Send,
    StartTls,
    Transmit,
)
from pillarbox.server.session import Session
from pillarbox.server.transmission import top, whole
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.blobs.port import CHUNK_OCTETS
from pillarbox.store.memory import MemoryStore
from pillarbox.store.served import served_chunks
from pillarbox.store.store import Maildrop, MaildropInUseError, Store
from pillarbox.wire.pop3.capa import Channel
from tests.dialogues.player import PASSWORD, Dialogue, check_line, message


class Place:
    """A store with the dialogue's maildrops, and its accounts, each with the one password."""

    def __init__(self, store: Store, dialogue: Dialogue) -> None:
        self.store = store
        self.accounts = {
            name: AccountId(number) for number, name in enumerate(dialogue.maildrops, start=1)
        }
        for name, files in dialogue.maildrops.items():
            for file in files:
                self.deliver(name, message(file))
        self.held: list[Maildrop] = [
            store.open_maildrop(self.accounts[name]) for name in dialogue.in_use
        ]

    def deliver(self, name: str, octets: bytes) -> None:
        with self.store.incoming() as incoming:
            incoming.write(octets)
            self.store.deliver(incoming.keep(), self.accounts[name])

    def try_password(self, name: str, secret: Secret) -> AccountId | None:
        return self.accounts.get(name) if secret.reveal() == PASSWORD else None

    def maildrop(self, name: str) -> list[bytes]:
        """Return what is stored, once every session has ended."""
        for held in self.held:
            held.release()
        maildrop = self.store.open_maildrop(self.accounts[name])
        found = []
        for each in maildrop.messages:
            reader = self.store.read(each.digest)
            found.append(b"".join(iter(partial(reader.read, CHUNK_OCTETS), b"")))
            reader.close()
        maildrop.release()
        return found

    def check(self, dialogue: Dialogue) -> None:
        for name, files in dialogue.then.items():
            assert [message(file) for file in files] == self.maildrop(name)


@dataclass(frozen=True)
class Exchange:
    """Octets that the client sent, and what the server said to them."""

    sent: bytes
    said: bytes


class Core:
    """A session with everything around it in memory."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.place = Place(MemoryStore(MemoryBlobs()), dialogue)
        self.said = b""
        self.is_over = False
        self.exchanges: list[Exchange] = []
        self._maildrop: Maildrop | None = None
        self._has_unread = False
        channel = Channel(
            is_secure=dialogue.is_secure,
            offers_stls=dialogue.offers_stls,
            allows_plaintext=dialogue.allows_plaintext,
        )
        self._effects = Session(channel).run()
        self._go_on(None)
        self.greeting = self.said

    def hear(self, octets: bytes, *, has_more: bool = False) -> None:
        """Take a chunk; `has_more` of the same segment may have come in behind it."""
        before = len(self.said)
        self._has_unread = has_more
        if not self.is_over:
            self._go_on(octets)
        self.exchanges.append(Exchange(octets, self.said[before:]))

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
            case StartTls(ready, refusal):
                self.said += refusal if self._has_unread else ready
                return not self._has_unread
            case Admit(name, secret):
                return self.place.try_password(name, secret) or Refusal.NOT_ACCEPTED
            case OpenMaildrop(account):
                return self._open(account)
            case Transmit():
                self._transmit(effect)
            case Commit(marked) if self._maildrop is not None:
                self._maildrop.commit(marked)
        return True

    def _open(self, account: AccountId) -> object:
        try:
            self._maildrop = self.place.store.open_maildrop(account)
        except MaildropInUseError:
            return Closed.IN_USE
        return self._maildrop.messages

    def _transmit(self, effect: Transmit) -> None:
        form, lines = effect.message.form, effect.lines
        chunks = served_chunks(self.place.store.read(effect.message.digest), form)
        octets = whole(chunks, form) if lines is None else top(chunks, form, lines)
        self.said += effect.first + b"".join(octets)


def play_on_core(dialogue: Dialogue, octets: int) -> Core:
    """Play a dialogue with `octets` in a chunk."""
    core = Core(dialogue)
    for kind, text in dialogue.steps:
        match kind:
            case "C":
                assert (b"", False) == (core.said, core.is_over)
                for chunk, has_more in _chunks(text, octets):
                    core.hear(chunk, has_more=has_more)
            case "tls":
                assert (b"", False) == (core.said, core.is_over)
            case "close":
                assert (b"", True) == (core.said, core.is_over)
            case "drop":
                core.hear(b"")
            case _:
                check_line(kind, text, core.next_line())

    assert core.said == b""
    core.end()
    core.place.check(dialogue)
    return core


def _chunks(text: bytes, octets: int) -> Iterator[tuple[bytes, bool]]:
    for start in range(0, len(text), octets):
        yield text[start : start + octets], start + octets < len(text)
