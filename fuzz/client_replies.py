"""What a server may say to a client's commands: any octets, in any chunks."""

from collections.abc import Sequence
from contextlib import suppress

from fuzz.knobs import Knobs, chunked, require
from pillarbox.base.errors import PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.faults import BadListingFault
from pillarbox.client.listing import ListingReader, read_named
from pillarbox.sasl.apop import find_timestamp
from pillarbox.wire.pop3 import verbs
from pillarbox.wire.pop3.announced import read_announced
from pillarbox.wire.pop3.answers import (
    Answer,
    Challenge,
    End,
    Greeting,
    Octets,
    Reply,
    ReplyLine,
    UnreadableChallenge,
)
from pillarbox.wire.pop3.client import REPLY_OCTETS, ClientConversation
from pillarbox.wire.pop3.commands import AuthCancel, Command, Pass

MOST_OCTETS = 2048
HELD_OCTETS = 4  # that the end of a message may begin with, held until more is known
UNFOLDED = 20_000  # twice the longest reply line, and something
MOST_COMMANDS = 16
LISTED = verbs.Capa | verbs.Lang | verbs.List | verbs.Uidl

PLAIN: Sequence[Command] = (
    *(verbs.Capa(), verbs.Utf8(), verbs.Lang(None), verbs.Lang("ja"), verbs.User("mrose")),
    *(Pass(Secret(b"s")), verbs.Apop("mrose", "0" * 32), verbs.Stat(), verbs.List(None)),
    *(verbs.List(1), verbs.Uidl(None), verbs.Uidl(1), verbs.Retr(1), verbs.Top(1, 0)),
    *(verbs.Dele(1), verbs.Noop(), verbs.Rset(), verbs.Last()),
)
BARRIERS: Sequence[Command] = (  # nothing may be sent behind these before the answer has come
    verbs.Quit(),
    verbs.Stls(),
    verbs.Auth("PLAIN", None),
    verbs.Auth("SCRAM-SHA-256", Secret(b"n,,n=mrose,r=abc")),
)


def one_input(octets: bytes) -> None:
    """Send commands in turn, hear what was said, and answer challenges.

    Nothing but a PeerFault may come of it, and then the same one for ever.
    """
    knobs = Knobs(octets)
    commands = [knobs.choice((*PLAIN, *BARRIERS)) for _ in range(knobs.number(MOST_COMMANDS))]
    client = _Client(commands, pipelines=knobs.flag(), cancels=knobs.flag())
    sizes = knobs.sizes()
    for chunk in chunked(knobs.unfolded(UNFOLDED), sizes):
        if not client.hear(chunk):
            return


class _Client:
    """A caller of the conversation that does all that it asks for."""

    def __init__(self, commands: list[Command], *, pipelines: bool, cancels: bool) -> None:
        self._conversation = ClientConversation()
        self._to_send = commands
        self._pipelines, self._cancels = pipelines, cancels
        self._awaited: list[Command] = []
        self._lines: list[bytes] = []
        self._may_send = True
        self._fed = 0

    def hear(self, chunk: bytes) -> bool:
        """Return whether the conversation goes on."""
        self._fed = len(chunk)
        self._conversation.feed(chunk)
        try:
            while (answer := self._conversation.next_answer()) is not None:
                self._take(answer)
        except PeerFault as fault:
            self._check_end(fault)
            return False
        return True

    def _check_end(self, fault: PeerFault) -> None:
        require(str(fault), "a fault says what is wrong")
        with suppress(type(fault)):
            self._conversation.next_answer()
            require(claim=False, why="a fault that came once and went")

    def _take(self, answer: Answer) -> None:
        match answer:
            case Greeting(text=text):
                _check_text(text)
                find_timestamp(text.encode("utf-8"))
                self._send()
            case Reply():
                self._take_reply(answer)
            case ReplyLine(line):
                require(len(line) < REPLY_OCTETS and b"\r\n" not in line, "a line with its end")
                self._lines.append(line)
            case Octets(octets):
                require(0 < len(octets) <= self._fed + HELD_OCTETS, "no more than came")
            case End():
                self._read_listing()
                self._send()
            case Challenge():
                gives_up = self._cancels
                self._conversation.send(
                    AuthCancel() if gives_up else verbs.AuthResponse(Secret(b"\0a\0b"))
                )
            case UnreadableChallenge():
                self._conversation.send(AuthCancel())

    def _take_reply(self, reply: Reply) -> None:
        require(self._awaited.pop(0) is reply.command, "replies in the order of the commands")
        _check_text(reply.text)
        require(reply.code is None or reply.code == reply.code.upper(), "a code in upper case")
        read_named(reply.text)
        if isinstance(reply.command, verbs.Stls) and reply.is_ok:
            self._conversation.secured()
        self._send()

    def _read_listing(self) -> None:
        lines, self._lines = self._lines, []
        read_announced(lines)
        with suppress(BadListingFault):
            reader = ListingReader()
            for line in lines:
                reader.listed(line)
                reader.named(line)
            reader.finish()

    def _send(self) -> None:
        """Send all that may be sent now: one command, or those up to the next barrier."""
        while self._to_send and not any(command in BARRIERS for command in self._awaited):
            if self._awaited and not self._pipelines:
                return
            command = self._to_send.pop(0)
            self._awaited.append(command)
            require(self._conversation.send(command).endswith(b"\r\n"), "a whole line")


def _check_text(text: str) -> None:
    require(text.isprintable(), "a text that cannot be shown")


_ALL = (*PLAIN, *BARRIERS)


def _seed(commands: Sequence[Command], said: bytes, knobs: bytes = b"\1\0\0") -> bytes:
    asked = bytes([len(commands)]) + bytes(map(_ALL.index, commands))
    return asked + knobs + said


_SAID: Sequence[tuple[Sequence[Command], bytes]] = (
    ([verbs.Capa()], b"+OK <1.2@mail.example>\r\n+OK\r\nTOP\r\nSASL PLAIN LOGIN\r\n.\r\n"),
    (
        [verbs.List(None), verbs.Uidl(None)],
        b"+OK\r\n+OK 2\r\n1 12\r\n2 3\r\n.\r\n+OK\r\n1 a\r\n.\r\n",
    ),
    ([verbs.Retr(1), verbs.Top(1, 0)], b"+OK\r\n+OK\r\n..a\r\nb\r\n.\r\n+OK\r\n.\r\n"),
    ([verbs.Auth("PLAIN", None)], b"+OK\r\n+ \r\n+OK\r\n"),
    ([BARRIERS[3]], b"+OK\r\n+ cj1hYmM=\r\n+ dj1h\r\n-ERR [AUTH] no\r\n"),
    ([verbs.Stls(), verbs.Capa()], b"+OK\r\n+OK\r\n-ERR [SYS/TEMP] later\r\n"),
    ([verbs.Quit()], b"+OK\r\n-ERR [IN-USE] x\xff\x80\r\n"),
    ([verbs.Uidl(1), verbs.List(1), verbs.Stat()], b"+OK\r\n+OK 1 abc\r\n+OK 1 4\r\n+OK 1 2\r\n"),
    ([], b"+OK \xff\xff\r\n"),
)
SEEDS = tuple(
    _seed(commands, said, knobs) for commands, said in _SAID for knobs in (b"\1\0\0", b"\0\1\1\0")
)
WORDS = (b"+OK", b"-ERR ", b"+ ", b"\r\n", b"\r\n.\r\n", b"..", b"[AUTH]", b"[SYS/TEMP]", b"1 ")
