"""Plays a dialogue on the pure core: a session's effects performed in memory, without any wait."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from pillarbox.base.names import AccountId, Identity, SessionId, SignIn
from pillarbox.base.secret import Secret
from pillarbox.sasl.exchange import (
    Ask,
    DigestProof,
    FindScram,
    Refusal,
    ScramAccount,
    ScramHash,
    ScramVerifier,
    TryDigest,
    TryPassword,
    TryToken,
)
from pillarbox.sasl.scram_keys import derive
from pillarbox.server.admission import Admitted, Denied
from pillarbox.server.effects import (
    Closed,
    Commit,
    Effect,
    Effects,
    Opened,
    OpenMaildrop,
    Receive,
    Secured,
    Send,
    StartTls,
    Transmit,
)
from pillarbox.server.pop1 import Pop1Session
from pillarbox.server.pop2 import Pop2Session
from pillarbox.server.service import begin_pop3
from pillarbox.server.transmission import transmitted
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.blobs.port import CHUNK_OCTETS
from pillarbox.store.memory import MemoryStore
from pillarbox.store.store import Maildrop, MaildropInUseError, Store
from tests.dialogues.player import PASSWORD, Dialogue, check_line, message

SALT, ITERATIONS = b"a salt for tests", 4096
END_POINT = b"the hash of a certificate"
SIGN_IN = SignIn(SessionId("test"), "127.0.0.1", "pop3", None)


class Place:
    """A store with the dialogue's maildrops, and its accounts, each with the one password."""

    def __init__(self, store: Store, dialogue: Dialogue) -> None:
        self.store = store
        self.too_soon = dialogue.too_soon
        self.login_delay_seconds = dialogue.view_terms.login_delay_seconds
        self.accounts = {
            name: AccountId(number) for number, name in enumerate(dialogue.maildrops, start=1)
        }
        for name, files in dialogue.maildrops.items():
            for file in files:
                self.deliver(name, message(file))
        self.held: list[Maildrop] = [
            store.open_maildrop(Identity(self.accounts[name])) for name in dialogue.in_use
        ]

    def deliver(self, name: str, octets: bytes) -> None:
        with self.store.incoming() as incoming:
            incoming.write(octets)
            self.store.deliver(incoming.keep(), self.accounts[name])

    def try_password(self, name: str, password: Secret) -> Identity | None:
        return self._identity(name) if password.reveal() == PASSWORD else None

    def recall(self, name: str, password: Secret) -> Identity | None:
        return None

    def try_digest(self, name: str, proof: DigestProof) -> Identity | None:
        return self._identity(name) if proof.is_of(Secret(PASSWORD)) else None

    def find_scram(self, name: str, hash_: ScramHash) -> ScramAccount:
        identity = self._identity(name)
        keys = derive(PASSWORD, SALT, ITERATIONS, hash_)
        verifiers = [] if identity is None else [ScramVerifier(identity, *keys)]
        return ScramAccount(SALT, ITERATIONS, verifiers)

    def try_token(self, name: str | None, token: Secret) -> Identity | None:
        owner = token.reveal().decode().removeprefix("token-of-")
        return self._identity(owner) if name in {None, "", owner} else None

    def delay(self, name: str, sign_in: SignIn) -> float | None:
        return 0.0

    def refused(self, name: str, sign_in: SignIn) -> None:
        return None

    def give_back(self, sign_in: SignIn) -> None:
        return None

    def enter(self, name: str, identity: Identity, sign_in: SignIn) -> Admitted | Denied:
        is_too_soon = identity in [self._identity(name) for name in self.too_soon]
        return Denied.LOGIN_DELAY if is_too_soon else Admitted(self.login_delay_seconds)

    def _identity(self, name: str) -> Identity | None:
        account = self.accounts.get(name)
        return None if account is None else Identity(account)

    def maildrop(self, name: str) -> list[bytes]:
        """Return what is stored, once every session has ended."""
        for held in self.held:
            held.release()
        maildrop = self.store.open_maildrop(Identity(self.accounts[name]))
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
        self.terms = dialogue.view_terms
        self.place = Place(MemoryStore(MemoryBlobs()), dialogue)
        self.said = b""
        self.is_over = False
        self.exchanges: list[Exchange] = []
        self._maildrop: Maildrop | None = None
        self._has_unread = False
        site = dialogue.site
        sessions: dict[str, Callable[[], Effects]] = {
            "pop3": partial(
                begin_pop3,
                site,
                END_POINT if dialogue.is_secure else None,
                is_secure=dialogue.is_secure,
                offers_stls=dialogue.offers_stls,
            ),
            "pop2": Pop2Session(site.hostname).run,
            "pop1": Pop1Session().run,
        }
        self._effects = sessions[dialogue.protocol]()
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
                return None if self._has_unread else Secured(END_POINT)
            case TryPassword() | TryDigest() | FindScram() | TryToken():
                return self._ask(effect)
            case OpenMaildrop(identity, _):
                return self._open(identity)
            case Transmit():
                self._transmit(effect)
            case Commit(marked, had, was_listed) if self._maildrop is not None:
                self._maildrop.commit(marked, had, was_listed=was_listed)
                self._maildrop.release()
        return True

    def _ask(self, ask: Ask) -> object:
        place = self.place
        match ask:
            case TryPassword(name, password):
                return place.try_password(name, password) or Refusal.NOT_ACCEPTED
            case TryDigest(name, proof):
                return place.try_digest(name, proof) or Refusal.NOT_ACCEPTED
            case FindScram(name, hash_):
                return place.find_scram(name, hash_)
            case TryToken(name_or_none, token):
                return place.try_token(name_or_none, token) or Refusal.NOT_ACCEPTED

    def _open(self, identity: Identity) -> object:
        try:
            self._maildrop = self.place.store.open_maildrop(identity)
        except MaildropInUseError:
            return Closed.IN_USE
        if self.place.enter("", identity, SIGN_IN) is Denied.LOGIN_DELAY:
            self.end()
            return Closed.LOGIN_DELAY
        terms = self.terms
        return Opened(self._maildrop.messages, terms.expire_days, terms.login_delay_seconds)

    def _transmit(self, effect: Transmit) -> None:
        reader = self.place.store.read(effect.message.digest)
        self.said += effect.first + b"".join(transmitted(effect, reader))


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
