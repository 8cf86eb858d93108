"""Our server and the model side by side: the same octets to both, the same answers from both."""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256

from pillarbox.base.names import AccountId
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.memory import MemoryStore
from tests.dialogues.core import Core, Place
from tests.dialogues.player import Dialogue, message
from tests.model.answers import Answer, DifferenceError, Reader
from tests.model.maildrops import Mail, World
from tests.model.model import Model, Site
from tests.wire.cutting import cut

ASCII = ("one", "two", "three", "dots", "dot-first", "dot-at-end", "empty", "empty-header")
OTHERS = ("header-only", "bare-lf", "bare-cr", "blank-lines", "eight-bit", "no-final-newline")
SURROGATES = ("utf8",)
RAW = ("raw-8bit", "nul")
NAMES = ("mrose", "crew")


class Store(MemoryStore):
    """Shows what is in it, whoever has the lease."""

    def view(self, account: AccountId) -> list[bytes]:
        return [each.digest for each in self._maildrops.get(account, ())]


class Both:
    """The same store of two makers: ours, and the model's lists."""

    def __init__(self) -> None:
        maildrops: dict[str, list[str]] = {"mrose": [], "crew": []}
        self.store = Store(MemoryBlobs())
        self.place = Place(self.store, Dialogue(maildrops=maildrops))
        self.world = World({name: [] for name in NAMES})

    def deliver(self, name: str, mail: Mail) -> None:
        self.place.deliver(name, mail.octets)
        self.world.deliver(name, mail)

    def let_wait(self, names: Iterable[str]) -> None:
        """Who has logged in too short a time ago."""
        self.world.too_soon = set(names)
        self.place.too_soon = list(names)

    def check(self) -> None:
        """Compare what is stored: every message that nobody removed, and no other."""
        for name in NAMES:
            expected = [sha256(each.mail.octets).digest() for each in self.world.maildrops[name]]
            stored = self.store.view(self.place.accounts[name])
            if expected != stored:
                raise DifferenceError("the maildrop of {}: {} {}", name, expected, stored)


class Pair:
    """One session with ours, and one with the model."""

    def __init__(self, both: Both, site: Site, *, secure: bool) -> None:
        self._both = both
        self.core = _core(both, site, secure=secure)
        greeting = self.core.next_line()
        start = greeting.find(b"<")
        timestamp = greeting[start : greeting.find(b">") + 1] if start >= 0 else b""
        if site.apop != bool(timestamp) or not greeting.startswith(b"+OK"):
            raise DifferenceError("the greeting: {}", greeting)
        self.model = Model(both.world, site, secure=secure, timestamp=timestamp)
        self._half = b""
        self.dialogue: list[tuple[bytes, bytes]] = [(b"", greeting)]

    def say(self, octets: bytes, places: Iterable[int] = ()) -> None:
        """Send octets in one segment, cut at these places; compare all that comes back."""
        chunks = [chunk for chunk in cut(octets, places) if chunk]
        for number, chunk in enumerate(chunks, start=1):
            self.core.hear(chunk, has_more=number < len(chunks))
        said, self.core.said = self.core.said, b""
        self.dialogue.append((octets, said))
        reader = Reader(said, self._both.world)
        *lines, half = (self._half + octets).split(b"\r\n")
        self._half = half
        for number, line in enumerate(lines, start=1):
            has_more = number < len(lines) or bool(half)
            self._expect(reader, self.model.hear(line, has_more=has_more))
        self._expect(reader, self.model.overhear(half))
        reader.end()
        self._check_end()

    def _expect(self, reader: Reader, answer: Answer | None) -> None:
        if answer is not None:
            reader.expect(answer)

    def drop(self) -> None:
        """Let the connection end without a word."""
        if not self.core.is_over:
            self.core.hear(b"")
        self.core.end()
        self.model.drop()
        if self.core.said or not self.core.is_over:
            raise DifferenceError("an answer to nobody, or a session without a client")
        self._both.check()

    def _check_end(self) -> None:
        if self.model.over != self.core.is_over:
            raise DifferenceError("over: {}, {}", self.model.over, self.core.is_over)
        if self.core.is_over:
            self.core.end()
            self.model.drop()
            self._both.check()


def _core(both: Both, site: Site, *, secure: bool) -> Core:
    flags = {"secure"} if secure else set[str]()
    flags |= {"plaintext allowed"} if site.passwords_in_clear else set()
    flags |= set() if site.certificate else {"no certificate"}
    settings = {
        "apop": site.apop,
        "last": site.last,
        "utf8_headers": site.headers,
        "retention_days": site.retention_days,
        "login_delay_seconds": site.login_delay,
    }
    core = Core(Dialogue(flags=flags, settings=settings))
    core.place = both.place
    return core


@cache
def mails() -> tuple[Mail, ...]:
    """Return the mail that is delivered, that with UTF-8 in its header with its surrogate."""
    plain = [Mail(message(f"{name}.eml")) for name in (*ASCII, *OTHERS, *RAW)]
    return (*plain, *(Mail(octets, surrogate(octets)) for octets in map(_message, SURROGATES)))


def _message(name: str) -> bytes:
    return message(f"{name}.eml")


def surrogate(octets: bytes) -> bytes:
    """Return what our server sends of a message to a client that did not say UTF8.

    What becomes of a header is tests/message's to judge; here it must be ASCII, the body the same,
    and whatever LIST, RETR and TOP say of it must fit together.
    """
    both = Both()
    both.deliver("mrose", Mail(octets))
    pair = Pair(both, Site(), secure=True)
    pair.core.hear(b"USER mrose\r\nPASS correct horse\r\n")
    pair.core.said = b""
    pair.core.hear(b"RETR 1\r\n")
    _, _, sent = pair.core.said.removesuffix(b".\r\n").partition(b"\r\n")
    assert sent.partition(b"\r\n\r\n")[0].isascii()
    assert octets.partition(b"\r\n\r\n")[2] == sent.partition(b"\r\n\r\n")[2]
    return sent.replace(b"\r\n..", b"\r\n.")
