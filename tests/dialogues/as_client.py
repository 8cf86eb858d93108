"""Plays a dialogue to our own client: it must send the same octets and understand the replies."""

import base64
import re
from collections.abc import Iterator

from pillarbox.wire.pop3 import commands, events, verbs
from pillarbox.wire.pop3.answers import Answer, Challenge, End, Greeting, Octets, Reply, ReplyLine
from pillarbox.wire.pop3.client import ClientConversation
from pillarbox.wire.pop3.commands import Command, UnsendableFault, encode
from pillarbox.wire.pop3.events import Event, Malformed
from pillarbox.wire.pop3.grammar import decode_response, parse
from pillarbox.wire.pop3.state import State
from tests.dialogues.core import Core, Exchange
from tests.wire.hearing import heard

REPLY = re.compile(r"(\+OK|-ERR)(?: (?:\[([A-Z0-9/-]+)\] )?(.*))?")
LAST = (verbs.Auth, verbs.Stls, verbs.Quit)
NO_COMMANDS = (Malformed, events.StlsInjection, events.HttpRequest, events.AuthList)


class Hearing:
    """One session of our client, given `octets` of what the server said in a chunk."""

    def __init__(self, greeting: bytes, octets: int) -> None:
        self.commands = 0  # that our client can say too
        self._octets = octets
        self._client = ClientConversation()
        self._asked: Command = verbs.Noop()
        self._is_challenged = False
        self._said = greeting
        self._expected: list[Answer] = [Greeting(*_reply(greeting.removesuffix(b"\r\n")))]

    def exchange(self, exchange: Exchange) -> None:
        command = _command(exchange.sent, is_response=self._is_challenged)
        if command is None and not self._is_challenged:
            return
        if command is not None:
            assert exchange.sent == self._client.send(command)
            self.commands += 1
        was_challenged = self._is_challenged
        if not was_challenged and command is not None:
            self._asked = command
        answers = list(_answers(self._asked, exchange.said))
        self._said += exchange.said
        self._expected += answers
        self._is_challenged = isinstance(answers[-1], Challenge)
        if was_challenged or isinstance(command, LAST):
            self.hear()
        if isinstance(command, verbs.Stls) and exchange.said.startswith(b"+OK"):
            self._client.secured()

    def hear(self) -> None:
        """Let the client read what was said since it last did."""
        starts = range(0, len(self._said), self._octets)
        chunks = [self._said[start : start + self._octets] for start in starts]

        assert (self._expected, None) == heard(self._client, chunks)

        self._said, self._expected = b"", []


def play_to_client(core: Core, octets: int) -> int:
    """Play what a core said, when it was fed octet by octet; return how much our client sent."""
    hearing = Hearing(core.greeting, octets)
    for exchange in _lines(core):
        hearing.exchange(exchange)
    hearing.hear()
    return hearing.commands


def _lines(core: Core) -> Iterator[Exchange]:
    """Yield each line that was answered, with its answer."""
    sent = b""
    for exchange in core.exchanges:
        sent += exchange.sent
        if exchange.said:
            yield Exchange(sent, exchange.said)
        if exchange.said or sent.endswith(b"\r\n"):
            sent = b""


def _command(line: bytes, *, is_response: bool) -> Command | None:
    """Return what our client would have to say to send this line, None where it never would."""
    text = line.removesuffix(b"\r\n")
    command = _response(text) if is_response else _same(text)
    try:
        return command if command is not None and encode(command) == line else None
    except UnsendableFault:
        return None


def _response(text: bytes) -> Command | None:
    if text == b"*":
        return commands.AuthCancel()
    response = decode_response(text)
    return None if response is None else verbs.AuthResponse(response)


def _same(text: bytes) -> Command | None:
    event: Event = Malformed(events.Fault.UNKNOWN)
    for state in (State.AUTHORIZATION, State.TRANSACTION):
        if isinstance(event, Malformed):
            event = parse(text, state, "somebody")
    if isinstance(event, events.Pass):
        return commands.Pass(event.secret)
    return None if isinstance(event, NO_COMMANDS) else event


def _answers(command: Command, said: bytes) -> Iterator[Answer]:
    """Read what a server said as simply as can be."""
    first, *lines = said.split(b"\r\n")
    if first.startswith(b"+ "):
        yield Challenge(base64.b64decode(first[2:]))
        return
    reply = Reply(command, *_reply(first))
    yield reply
    unstuffed = [line.removeprefix(b".") for line in lines[:-2]]
    match command:
        case verbs.Capa() | verbs.Lang(None) | verbs.List(None) | verbs.Uidl(None) if reply.is_ok:
            yield from map(ReplyLine, unstuffed)
            yield End()
        case verbs.Retr() | verbs.Top() if reply.is_ok:
            message = b"".join(line + b"\r\n" for line in unstuffed)
            assert reply.text in {f"{len(message)} octets", "Top of message follows."}
            yield from [Octets(message)] if message else []
            yield End()
        case _:
            assert lines == [b""]


def _reply(line: bytes) -> tuple[bool, str | None, str]:
    match = REPLY.fullmatch(line.decode("utf-8"))
    assert match, line
    return match[1] == "+OK", match[2], match[3] or ""
