r"""Golden dialogues of LMTP: read from text, played on the pure core and on the served port.

`C:` is a line of the client's, `C=` octets with backslash escapes and no line end of their own;
consecutive ones are sent at once. `S:` is the line that comes back, `S~` a pattern of it. `closed`:
the server ends the connection. `drop`: the client does. `idle`, `shutdown`: what ends a wait.
`then maildrop NAME = a | b` is what was stored, with escapes; `\e` is a message of no octets.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId
from pillarbox.delivery.arrival import failure_of
from pillarbox.delivery.effects import (
    Deliver,
    Drop,
    Effect,
    Failure,
    Keep,
    Receive,
    Refusal,
    Resolve,
    Send,
    Stop,
    Write,
)
from pillarbox.delivery.session import Session
from pillarbox.message.served import Survey
from pillarbox.store.blobs.port import Digest
from pillarbox.store.quota import MaildropFullError, NeverFitsError, Use
from pillarbox.store.store import Kept
from tests.delivery.desk import Given, Served

FOLDER = Path(__file__).parents[1] / "dialogues" / "lmtp"
DIALOGUES = {path.stem: path for path in sorted(FOLDER.glob("*.txt"))}
STEP = re.compile(r"(C:|C=|S:|S~)(?: (.*))?|(closed|drop|idle|shutdown)")
GIVEN = re.compile(r"given (account|disabled|failing|unreadable) (\w+)")
QUOTA = re.compile(r"given quota (\w+) (\d+)")
THEN = re.compile(r"then maildrop (\w+) =(.*)")


@dataclass
class Dialogue:
    """What is given, what is said, and what is then in the maildrops."""

    given: Given = field(default_factory=Given)
    steps: list[tuple[str, bytes]] = field(default_factory=list)
    then: dict[str, list[bytes]] = field(default_factory=dict)


def read(path: Path) -> Dialogue:
    dialogue = Dialogue()
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("given "):
            _read_given(dialogue.given, line)
        elif then := THEN.fullmatch(line):
            dialogue.then[then[1]] = [octets_of(text) for text in then[2].split(" | ") if text]
        elif not line.startswith("#"):
            _read_step(dialogue.steps, line)
    return dialogue


def octets_of(text: str) -> bytes:
    text = text.removeprefix(" ").removesuffix("\\e")
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def _read_given(given: Given, line: str) -> None:
    if line == "given no space":
        given.has_space = False
    elif line.startswith("given message octets "):
        given.message_octets = int(line.rpartition(" ")[2])
    elif quota := QUOTA.fullmatch(line):
        given.quotas[quota[1]] = int(quota[2])
    else:
        match = GIVEN.fullmatch(line)
        assert match, line
        accounts = given.accounts if match[1] == "account" else getattr(given, match[1])
        accounts.append(match[2])


def _read_step(steps: list[tuple[str, bytes]], line: str) -> None:
    match = STEP.fullmatch(line)
    assert match, line
    kind, text, event = match.groups()
    if event:
        steps.append((event, b""))
        return
    is_raw = kind == "C="
    octets = octets_of(text) if is_raw else (text or "").encode() + b"\r\n"
    if kind[0] == "C" and steps and steps[-1][0] == "C":
        octets = steps.pop()[1] + octets  # said in one go
    steps.append((kind[0] if kind[0] == "C" else kind, octets))


def check_line(kind: str, expected: bytes, line: bytes) -> None:
    if kind == "S:":
        assert expected == line
    else:
        assert re.fullmatch(expected.removesuffix(b"\r\n"), line.removesuffix(b"\r\n")), line


class Core:
    """A session with everything around it in memory."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.given = dialogue.given
        self.maildrops: dict[str, list[bytes]] = {name: [] for name in self.given.names}
        self.said = b""
        self.is_over = False
        self.lingers = False
        self._message = b""
        self._effects = Session("mail.example.org", self.given.message_octets).run()
        self._go_on(None)

    def hear(self, answer: bytes | Stop) -> None:
        if not self.is_over:
            self._go_on(answer)

    def next_line(self) -> bytes:
        line, end, self.said = self.said.partition(b"\r\n")
        return line + end

    def _go_on(self, answer: Any) -> None:
        """Perform effects until the session waits to hear something."""
        try:
            while not isinstance(effect := self._effects.send(answer), Receive):
                answer = self._perform(effect)
            self.lingers = effect.lingers
        except StopIteration:
            self.is_over = True

    def _perform(self, effect: Effect) -> object:
        match effect:
            case Send(octets):
                self.said += octets
            case Write(octets):
                self._message += octets
            case Drop():
                self._message = b""
            case Resolve(recipient):
                return self._resolve(recipient)
            case Keep():
                return self._keep()
            case Deliver(_, accounts):
                return [self._deliver(account) for account in accounts]
        return None

    def _resolve(self, recipient: str) -> AccountId | Refusal:
        try:
            found = self.given.resolve(recipient)
        except StoreFault:
            return Refusal.TRY_LATER
        if isinstance(found, Refusal) or not self._use(found).is_full:
            return found
        return Refusal.FULL

    def _use(self, account: AccountId) -> Use:
        name = self.given.names[account - 1]
        used = sum(map(len, self.maildrops[name]))
        return Use(used, self.given.quotas.get(name, 0))

    def _keep(self) -> Kept | Failure:
        self._kept, self._message = self._message, b""
        kept = Kept(Digest(bytes(32)), len(self._kept), Survey().finish())
        return kept if self.given.has_space else Failure.NO_SPACE

    def _deliver(self, account: AccountId) -> Failure | None:
        name = self.given.names[account - 1]
        if name in self.given.failing:
            return Failure.FAULT
        try:
            self._use(account).refuse(len(self._kept))
        except (MaildropFullError, NeverFitsError) as fault:
            return failure_of(fault)
        self.maildrops[name].append(self._kept)
        return None


def play_on_core(dialogue: Dialogue, octets: int) -> None:
    """Play a dialogue with `octets` in a chunk."""
    core = Core(dialogue)
    for kind, text in dialogue.steps:
        match kind:
            case "C":
                assert (core.said, core.is_over) == (b"", False)
                for chunk in _chunks(text, octets):
                    core.hear(chunk)
            case "closed":
                assert core.said == b""
                assert core.is_over or core.lingers
            case "drop":
                core.hear(b"")
            case "idle":
                core.hear(Stop.IDLE)
            case "shutdown":
                core.hear(Stop.SHUTDOWN)
            case _:
                check_line(kind, text, core.next_line())

    assert core.said == b""
    assert dialogue.then == {name: core.maildrops[name] for name in dialogue.then}


def _chunks(text: bytes, octets: int) -> Iterator[bytes]:
    for start in range(0, len(text), octets):
        yield text[start : start + octets]


async def play_on_port(dialogue: Dialogue, served: Served) -> None:
    """Play a dialogue on the real server; what is stored then is the caller's to look at."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    async with asyncio.timeout(20):
        for kind, text in dialogue.steps:
            match kind:
                case "C":
                    writer.write(text)
                    await writer.drain()
                case "closed":
                    assert await reader.read() == b""
                case "drop":
                    writer.close()
                case "idle":
                    pass  # the server's own timer runs out
                case "shutdown":
                    served.service.drain()
                case _:
                    check_line(kind, text, await reader.readline())
        writer.close()
        await writer.wait_closed()
