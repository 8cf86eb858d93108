"""The state machine: what clients may do, chosen by Hypothesis, done to server and model alike."""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import ClassVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.model.answers import DifferenceError
from tests.model.maildrops import Mail
from tests.model.model import PASSWORD, WEB, Model, Site
from tests.model.sessions import NAMES, Both, Pair, mails

MOST_SESSIONS = 2
SITES = (
    Site(),
    Site(last=True, headers="as they are"),
    Site(headers="refuse", apop=True),
    Site(passwords_in_clear=True, certificate=False, retention_days=30),
    Site(passwords_in_clear=True, last=True, login_delay=60),
)


def _base64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


def _line(text: str) -> bytes:
    return text.encode("utf-8")


_PLAINS = (b"\0mrose\0" + PASSWORD, b"crew\0crew\0" + PASSWORD)
_BAD_PLAINS = (b"\0mrose\0wrong", b"crew\0mrose\0x", b"\0mrose", b"", b"\0\0x", b"\0nobody\0x")
_RESPONSES = (
    *map(_base64, (*_PLAINS, *_BAD_PLAINS, b"mrose", b"crew", b"nobody", PASSWORD, b"wrong")),
    *(b"*", b"!!!!", b"QUIT", b"bXJvc2V=", b"bXJvc2U", b"A" * 12_284),
)
_NUMBERS = (
    "",
    "1",
    "1",
    "2",
    "2",
    "3",
    "3",
    "4",
    "5",
    "6",
    "0",
    "-1",
    "x",
    "1x",
    "4294967297",
    "1 ",
)
_LINES = ("0", "0", "1", "2", "3", "100", "-1", "", "x", "9999999999")

NUMBERED = st.builds(
    lambda verb, number: _line(f"{verb} {number}" if number else verb),
    st.sampled_from(("RETR", "DELE", "LIST", "UIDL", "retr", "Dele", "lisT", "DELE", "RETR")),
    st.sampled_from(_NUMBERS),
)
TOPS = st.builds(
    lambda number, lines: _line(f"TOP {number} {lines}"),
    st.sampled_from(_NUMBERS[1:]),
    st.sampled_from(_LINES),
)
BARE = st.sampled_from(
    [
        *(b"STAT", b"LIST", b"UIDL", b"NOOP", b"RSET", b"LAST", b"CAPA", b"LANG", b"stat", b"Uidl"),
        *(b"STAT ", b"NOOP x", b"RSET 1", b"LAST 1", b"STAT 1", b"CAPA x", b"UTF8", b"STLS"),
        *(b"LANG ja", b"LANG *", b"LANG en-GB", b"LANG JA-jp", b"LANG fr", b"LANG j", b"LANG a b"),
    ]
)
BEFORE = st.sampled_from(
    [
        *(b"USER mrose", b"USER crew", b"user mrose ", b"USER nobody", b"USER", b"USER "),
        *(
            b"PASS " + PASSWORD,
            b"PASS " + PASSWORD,
            b"PASS wrong",
            b"PASS",
            b"PASS " + PASSWORD + b" ",
        ),
        *(b"AUTH", b"AUTH PLAIN", b"AUTH LOGIN", b"auth login", b"AUTH PLAIN =", b"AUTH LOGIN ="),
        *(b"AUTH PLAIN " + _base64(each) for each in (*_PLAINS, *_BAD_PLAINS[:2])),
        *(b"AUTH LOGIN bXJvc2U=", b"AUTH LOGIN Y3Jldw==", b"AUTH PLAIN !!", b"AUTH X-NONE"),
        *(b"AUTH CRAM-MD5", b"AUTH PLAIN " + b"A" * 300, b"AUTH PLAIN " + b"A" * 12_288),
        *(b"APOP mrose " + b"0" * 32, b"APOP mrose", b"APOP crew " + b"A" * 32),
        *(b"UTF8", b"UTF8 x", b"STLS", b"stls", b"STLS x", b"QUIT x"),
    ]
)
ODD = st.sampled_from(
    [
        *(b"", b" ", b"XYZZY", b"RETRX 1", b" STAT", b"NOOP\0", b"\xff\xfe", b"A\nB", b"A\rB"),
        *(b"NOOP" + b" " * 249, b"NOOP" + b" " * 250, b"X" * 254, b"Y" * 5000, b"XXXX x y z"),
        *(_line(f"{verb} / HTTP/1.1") for verb in WEB[:2]),
        *(_line(f"{verb}") for verb in WEB[:2]),
    ]
)
RESPONSES = st.sampled_from(_RESPONSES)
COMMANDS = st.one_of(NUMBERED, NUMBERED, TOPS, BARE, BEFORE, ODD, st.just(b"QUIT"))
PLACES = st.lists(st.integers(0, 400), max_size=6)
THEN = (
    *(b"", b"STAT\r\n", b"LIST\r\n", b"UIDL\r\n", b"RETR 1\r\n", b"RETR 2\r\n", b"DELE 1\r\n"),
    *(b"RSET\r\nLIST\r\n", b"LAST\r\n", b"QUIT\r\n", b"TOP 3 0\r\n", b"LIST 2\r\n"),
)
WAITING = ((), (), (), (), ("mrose",), ("crew",), ("mrose", "crew"))
WHICH = st.integers(0, MOST_SESSIONS - 1)


MAIL = st.lists(st.sampled_from((*mails(), *mails()[-1:] * 4)), min_size=1, max_size=4)
LOG_IN = b"USER mrose\r\nPASS " + PASSWORD + b"\r\n"
_NAME, _SECRET = _base64(b"mrose"), _base64(PASSWORD)
EXCHANGES = (
    (b"AUTH PLAIN", _base64(_PLAINS[0])),
    (b"AUTH PLAIN", _base64(_PLAINS[1])),
    (b"AUTH LOGIN", _NAME, _SECRET),
    (b"AUTH LOGIN " + _NAME, _SECRET),
    (b"AUTH LOGIN =", _base64(b"crew"), _SECRET),
    (b"AUTH LOGIN", _NAME, _base64(b"wrong")),
    (b"AUTH LOGIN", _NAME, b"*"),
    (b"AUTH LOGIN", _NAME, b""),
    (b"UTF8", *LOG_IN.split(b"\r\n")[:-1]),
    (b"STLS", b"UTF8", *LOG_IN.split(b"\r\n")[:-1]),
    (b"USER mrose", b"STLS", b"PASS " + PASSWORD),
)
Claim = Callable[[Model], bool]


def _is_in(model: Model) -> bool:
    return model.owner is not None


def _is_out(model: Model) -> bool:
    return model.owner is None


def _is_challenged(model: Model) -> bool:
    return model.is_challenged


def _has_timestamp(model: Model) -> bool:
    return model.owner is None and bool(model.timestamp)


class SideBySide(RuleBasedStateMachine):
    """Up to two sessions at a time over the same maildrops, and any number one after another."""

    steps: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.both = Both()
        self.pairs: list[Pair] = []

    @initialize(mail=MAIL, site=st.sampled_from(SITES), is_in=st.sampled_from((True, True, False)))
    def begin(self, mail: list[Mail], site: Site, is_in: bool) -> None:
        for each in mail:
            self.both.deliver("mrose", each)
        self.pairs.append(Pair(self.both, site, secure=True))
        if is_in:
            self._say(self.pairs[0], LOG_IN)

    @precondition(lambda self: len(self.pairs) < MOST_SESSIONS)
    @rule(site=st.sampled_from(SITES), secure=st.booleans(), waiting=st.sampled_from(WAITING))
    def connect(self, site: Site, secure: bool, waiting: tuple[str, ...]) -> None:
        self._count("connect")
        self.both.let_wait(waiting)
        self.pairs.append(Pair(self.both, site, secure=secure))

    @precondition(lambda self: self._those(_is_out))
    @rule(which=WHICH, name=st.sampled_from(("mrose", "mrose", "mrose", "crew")))
    def log_in(self, which: int, name: str) -> None:
        line = LOG_IN.replace(b"mrose", name.encode())
        self._say(self._pair(which, _is_out), line)

    @precondition(lambda self: self._those(_is_in))
    @rule(line=st.one_of(NUMBERED, TOPS, BARE), which=WHICH)
    def use_maildrop(self, line: bytes, which: int) -> None:
        self._say(self._pair(which, _is_in), line + b"\r\n")

    @precondition(lambda self: self._those(_is_in))
    @rule(number=st.sampled_from((1, 1, 2, 2, 3, 4)), then=st.sampled_from(THEN), which=WHICH)
    def mark(self, number: int, then: bytes, which: int) -> None:
        self._say(self._pair(which, _is_in), b"DELE %d\r\n%b" % (number, then))

    @precondition(lambda self: self._those(_is_in))
    @rule(verb=st.sampled_from((b"STAT", b"LIST", b"UIDL", b"RSET")), which=WHICH)
    def look_or_unmark(self, verb: bytes, which: int) -> None:
        self._say(self._pair(which, _is_in), verb + b"\r\n")

    @precondition(lambda self: self._those(_is_in))
    @rule(
        number=st.sampled_from((2, 1, 1, 2, 3, 4, 0)),
        lines=st.sampled_from((None, 0, 0, 1, 9)),
        which=WHICH,
    )
    def read(self, number: int, lines: int | None, which: int) -> None:
        line = b"RETR %d\r\n" % number if lines is None else b"TOP %d %d\r\n" % (number, lines)
        self._say(self._pair(which, _is_in), line)

    @precondition(lambda self: self._those(_is_out))
    @rule(line=st.one_of(BEFORE, BARE), which=WHICH)
    def authorize(self, line: bytes, which: int) -> None:
        self._say(self._pair(which, _is_out), line + b"\r\n")

    @precondition(lambda self: self._those(_is_out))
    @rule(lines=st.sampled_from(EXCHANGES), which=WHICH)
    def authenticate(self, lines: tuple[bytes, ...], which: int) -> None:
        pair = self._pair(which, _is_out)
        for line in lines:
            if pair in self.pairs:
                self._say(pair, line + b"\r\n")

    @precondition(lambda self: self._those(_is_challenged))
    @rule(line=RESPONSES, which=WHICH)
    def respond(self, line: bytes, which: int) -> None:
        self._say(self._pair(which, _is_challenged), line + b"\r\n")

    @precondition(lambda self: self._those(_has_timestamp))
    @rule(name=st.sampled_from(NAMES), is_right=st.booleans(), which=WHICH)
    def prove(self, name: str, is_right: bool, which: int) -> None:
        pair = self._pair(which, _has_timestamp)
        secret = pair.model.timestamp + PASSWORD
        digest = hashlib.md5(secret, usedforsecurity=False).hexdigest()
        self._say(pair, _line(f"APOP {name} {digest if is_right else digest[::-1]}\r\n"))

    @precondition(lambda self: self.pairs)
    @rule(line=st.one_of(ODD, COMMANDS), which=WHICH)
    def say_anything(self, line: bytes, which: int) -> None:
        self._say(self._pair(which), line + b"\r\n")

    @precondition(lambda self: self.pairs)
    @rule(lines=st.lists(COMMANDS, min_size=2, max_size=8), places=PLACES, which=WHICH)
    def pipeline(self, lines: list[bytes], places: list[int], which: int) -> None:
        self._say(self._pair(which), b"".join(line + b"\r\n" for line in lines), places)

    @precondition(lambda self: self.pairs)
    @rule(line=COMMANDS, count=st.integers(1, 8), which=WHICH)
    def begin_line(self, line: bytes, count: int, which: int) -> None:
        """Send a part of a line; the rest is whatever comes next."""
        self._say(self._pair(which), line[:count])

    @precondition(lambda self: self.pairs)
    @rule(which=WHICH)
    def quit(self, which: int) -> None:
        self._say(self._pair(which), b"QUIT\r\n")

    @precondition(lambda self: self.pairs)
    @rule(which=WHICH)
    def drop(self, which: int) -> None:
        self._count("drop")
        pair = self._pair(which)
        self.pairs.remove(pair)
        self._comparing(pair, pair.drop)

    @precondition(lambda self: self.pairs)
    @rule(name=st.sampled_from(("mrose", "mrose", "crew")), mail=st.sampled_from(mails()))
    def deliver(self, name: str, mail: Mail) -> None:
        self._count("deliver")
        self.both.deliver(name, mail)

    def teardown(self) -> None:
        for pair in self.pairs:
            self._comparing(pair, pair.drop)
        self.both.check()

    def _say(self, pair: Pair, octets: bytes, places: Iterable[int] = ()) -> None:
        self._count("say")
        self._comparing(pair, lambda: pair.say(octets, places))
        if pair.core.is_over:
            self.pairs.remove(pair)

    def _comparing(self, pair: Pair, act: Callable[[], None]) -> None:
        try:
            act()
        except DifferenceError:
            for sent, said in pair.dialogue:
                note(f"C: {sent!r}\nS: {said!r}")
            raise

    def _those(self, claim: Claim) -> list[Pair]:
        return [pair for pair in self.pairs if claim(pair.model)]

    def _pair(self, which: int, claim: Claim | None = None) -> Pair:
        pairs = self._those(claim) if claim else self.pairs
        return pairs[which % len(pairs)]

    def _count(self, what: str) -> None:
        self.steps[what] += 1
