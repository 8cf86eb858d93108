"""A fake server that leads a login up to some line, and then refuses it and repeats that line."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from pillarbox.net.stream import Stream
from pillarbox.sasl.facts import APOP, TOKENS, USER
from tests.client.fake_server import FakeServer, Session

GREETING = b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n"


def last_word(line: bytes) -> bytes:
    return line.rpartition(b" ")[2]


def decoded(line: bytes) -> bytes:
    try:
        return b64decode(last_word(line), validate=True)
    except ValueError:
        return last_word(line)


ECHOES: dict[str, Callable[[bytes], bytes]] = {
    "the line": lambda line: line,
    "the line in capitals": lambda line: line.upper(),
    "the line in base64": b64encode,
    "the line in hexadecimal": lambda line: line.hex().encode(),
    "the line as a reply code": lambda line: b"[" + last_word(line)[:64] + b"] no",
    "the first half": lambda line: last_word(line)[: len(last_word(line)) // 2],
    "the second half": lambda line: last_word(line)[len(last_word(line)) // 2 :],
    "the decoded form": decoded,
    "the first half of it": lambda line: decoded(line)[: len(decoded(line)) // 2],
    "the second half of it": lambda line: decoded(line)[len(decoded(line)) // 2 :],
    "the end of it": lambda line: decoded(line)[-8:],
    "the end of it in base64": lambda line: b64encode(decoded(line)[-8:]),
    "the end of it in hexadecimal": lambda line: decoded(line)[-8:].hex().encode(),
}

LINES = {USER: 2, APOP: 1, "PLAIN": 1, "LOGIN": 3}  # that a login says; the other ways say 2


def is_told(said: str, way: str, secret: bytes, line: bytes) -> bool:
    """Say whether what we say has a part of the secret, or of the line that was made of it."""
    nobodys = parts(secret, 8 if way in TOKENS else 4) | parts(b64encode(secret), 8)
    if way != USER and not (way == "LOGIN" and line == b64encode(b"mrose")):
        nobodys |= parts(last_word(line), 8)
    nobodys -= parts(way.encode(), 8)  # where the mechanism is the last word of the line
    return any(part in said.casefold() for part in nobodys)


def parts(octets: bytes, length: int) -> set[str]:
    text = octets.decode("utf-8", "replace").casefold()
    return {text[start : start + length] for start in range(len(text) - length + 1)}


@dataclass
class EchoServer(FakeServer):
    """Refuses the login at its `line`-th line, counted from 1, in the words of `echo`."""

    greeting: bytes = GREETING
    line: int = 1
    echo: Callable[[bytes], bytes] = last_word
    echoed: list[bytes] = field(default_factory=list)

    def session(self, stream: Stream) -> "EchoSession":
        return EchoSession(self, stream)


class EchoSession(Session):
    """One connection."""

    def __init__(self, server: EchoServer, stream: Stream) -> None:
        super().__init__(server, stream)
        self.echoing = server
        self.told: list[bytes] = []

    async def answer(self, line: bytes) -> None:
        if not self.told and line.split()[0] not in {b"AUTH", b"APOP", b"USER"}:
            await super().answer(line)
            return
        self.told.append(line)
        if len(self.told) == self.echoing.line:
            self.echoing.echoed.append(line)
            await self.say(b"-ERR what is " + self.echoing.echo(line) + b"\r\n")
            self.told = []
        else:
            await self.say(go_on(self.told))


def go_on(lines: list[bytes]) -> bytes:
    """Return what a login needs to say its next line."""
    match lines[0].split():
        case [b"AUTH", mechanism, *initial]:
            challenges = CHALLENGES.get(mechanism, scram)(lines[0])
            place = len(lines) - 1 if initial or mechanism in SPEAKS_FIRST else len(lines) - 2
            return b"+ " + (b64encode(challenges[place]) if place >= 0 else b"") + b"\r\n"
        case _:
            return b"+OK\r\n"


def scram(first: bytes) -> list[bytes]:
    return [b"r=%sserver,s=c2FsdA==,i=4096" % decoded(first).rpartition(b"r=")[2]]


SPEAKS_FIRST = (b"LOGIN", b"CRAM-MD5")
CHALLENGES: dict[bytes, Callable[[bytes], list[bytes]]] = {
    b"LOGIN": lambda _: [b"Username:", b"Password:"],
    b"CRAM-MD5": lambda _: [b"<1896.697170952@dbc.mtview.ca.us>"],
    b"XOAUTH2": lambda _: [b"{}"],
    b"OAUTHBEARER": lambda _: [b"{}"],
}
