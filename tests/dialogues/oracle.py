"""Plays the dialogues to a real Dovecot: it must do what they say, but for what they allow it.

What the protocol fixes is compared: the status and the code of a reply, whether lines follow, the
numbers of STAT, LIST, UIDL and LAST, the octets of RETR and TOP, the capabilities, the end of the
connection and what is then in the maildrop. The human text is not.

Each dialogue comes from an address of its own in 127.0.0.0/8, and Dovecot keeps its maildrops by
address; so one Dovecot serves them all, and no client comes from the server's own address, which
Dovecot would take for a secured one.
"""

import re
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from time import monotonic, sleep
from types import TracebackType
from typing import Self

from tests.dialogues.exchanges import Reply, exchanges, replies, status
from tests.dialogues.player import (
    DIALOGUES,
    PASSWORD,
    Dialogue,
    Difference,
    check_line,
    message,
    read,
)
from tests.peers.dovecot import Dovecot, Options
from tests.peers.openssl import Certificate

SECONDS = 20.0  # Dovecot answers in milliseconds; a busy machine does not
PAUSE = 0.01
NUMBERS = {b"STAT", b"LIST", b"UIDL", b"LAST"}  # their first line has nothing but numbers
LINES = {b"LIST", b"UIDL", b"RETR", b"TOP"}
CAPABILITIES = set(b"TOP UIDL RESP-CODES AUTH-RESP-CODE PIPELINING STLS USER SASL".split())
OUR_OWN = {"tokens", "retention_days", "login_delay_seconds", "require_tls", "retention_differs"}
Heard = tuple[bytes, list[bytes]]  # a first line, and those behind it up to the dot
SETTINGS = """\
mail_location = maildir:{base}/mail/%r-%u
mail_log_prefix = "%s(%u) rip=%r: "
disable_plaintext_auth = {plaintext_refused}
pop3_enable_last = {last}
service pop3-login {
  service_count = 0
}
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a dialogue takes for given that holds for a whole Dovecot."""

    allows_plaintext: bool
    offers_tls: bool
    has_digests: bool  # APOP and CRAM-MD5
    has_last: bool
    locks_session: bool  # without it, two sessions have one maildrop

    def options(self) -> Options:
        settings = SETTINGS.replace("{plaintext_refused}", _yes(not self.allows_plaintext))
        digests = ("apop", "cram-md5") if self.has_digests else ()
        return Options(
            accounts=dict.fromkeys(("mrose", "crew"), PASSWORD.decode()),
            mechanisms=("plain", "login", "scram-sha-1", "scram-sha-256", *digests),
            offers_tls=self.offers_tls,
            locks_session=self.locks_session,
            settings=settings.replace("{last}", _yes(self.has_last)),
        )


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def setup(dialogue: Dialogue) -> Setup:
    """Return what a Dovecot needs for a dialogue."""
    settings = dialogue.settings
    return Setup(
        allows_plaintext="plaintext allowed" in dialogue.flags,
        offers_tls=dialogue.offers_stls,
        has_digests=bool(settings.get("apop") or settings.get("cram_md5")),
        has_last=bool(settings.get("last")),
        locks_session=bool(dialogue.in_use),
    )


def cannot_be_given(dialogue: Dialogue) -> bool:
    """Return whether Dovecot cannot have what the dialogue takes for given."""
    utf8_headers = dialogue.settings.get("utf8_headers", "as they are")
    is_ours = bool(OUR_OWN & dialogue.settings.keys()) or utf8_headers != "as they are"
    return is_ours or bool(dialogue.too_soon)


class Dovecots:
    """Dovecots by what they need, each started when it is first asked for."""

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate
        self._running: dict[Setup, Dovecot] = {}
        self._stack = ExitStack()
        self._played = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def play(self, dialogue: Dialogue) -> None:
        """Play a dialogue; whatever it does not allow is an AssertionError."""
        self._played += 1
        source = f"127.1.{self._played // 250}.{self._played % 250 + 1}"
        dovecot = self._dovecot(setup(dialogue))
        for name, files in dialogue.maildrops.items():
            dovecot.deliver(f"{source}-{name}", map(message, files))
        port = dovecot.tls_port if dialogue.is_secure else dovecot.port
        with ExitStack() as stack:
            for name in dialogue.in_use:
                holder = Client(source, dovecot.tls_port, self.certificate)
                stack.enter_context(holder).log_in(name)
            client = stack.enter_context(Client(source, port, self.certificate))
            if dialogue.is_secure:
                client.start_tls()
            is_dropped = Play(dialogue, client).run()
        if is_dropped:
            _wait_for_end(dovecot, source)
        for name, files in _then(dialogue).items():
            assert [message(file) for file in files] == dovecot.messages(f"{source}-{name}")

    def _dovecot(self, wanted: Setup) -> Dovecot:
        if wanted not in self._running:
            dovecot = Dovecot(self.certificate, wanted.options())
            self._running[wanted] = self._stack.enter_context(dovecot)
        return self._running[wanted]


class Client:
    """A connection that waits for at most `SECONDS`."""

    def __init__(self, source: str, port: int, certificate: Certificate) -> None:
        self._certificate = certificate
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS, (source, 0))
        self._octets = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def start_tls(self) -> None:
        context = ssl.create_default_context(cafile=self._certificate.authority.certificate)
        self._socket = context.wrap_socket(self._socket, server_hostname="localhost")

    def log_in(self, name: str) -> None:
        """Begin TLS, and a session."""
        self.start_tls()
        self.send(b"USER %s\r\nPASS %s\r\n" % (name.encode(), PASSWORD))
        said = [self.read_line()[:3] for _ in ("greeting", "USER", "PASS")]
        assert [b"+OK"] * 3 == said

    def drop(self) -> None:
        """Go away without a word: the peer gets a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def read_line(self) -> bytes:
        """Return a line with its CRLF; at the end what there is."""
        while b"\r\n" not in self._octets:
            try:
                octets = self._socket.recv(65536)
            except ConnectionResetError:
                octets = b""
            if not octets:
                line, self._octets = self._octets, b""
                return line
            self._octets += octets
        line, end, self._octets = self._octets.partition(b"\r\n")
        return line + end

    def read_lines(self) -> Iterator[bytes]:
        """Yield the lines behind a first one, up to the dot."""
        line = b""
        while line != b".\r\n":
            line = self.read_line()
            assert line, "the connection ended before the dot"
            yield line


class Play:
    """One dialogue, being played."""

    def __init__(self, dialogue: Dialogue, client: Client) -> None:
        self._dialogue = dialogue
        self._client = client
        self._replies = {reply.end - len(reply.steps): reply for reply in replies(dialogue.steps)}
        self._verbs = {
            each.reply.end: re.split(rb"[ \t]", each.line.upper())[0]
            for each in exchanges(dialogue)
            if each.reply is not None
        }

    def run(self) -> bool:
        """Play to the end; return whether the client dropped the connection."""
        for at, (kind, octets) in enumerate(self._dialogue.steps):
            if kind == "C":
                self._client.send(octets)
            elif kind == "tls":
                self._client.start_tls()
            elif kind == "drop":
                self._client.drop()
                return True
            elif kind == "close":
                self._close(self._dialogue.differences.get(at + 1))
            elif (reply := self._replies.get(at)) and not self._answer(reply):
                return False
        return False

    def _answer(self, reply: Reply) -> bool:
        """Hear what comes in the place of a reply; return whether anything can come behind it."""
        verb = self._verbs.get(reply.end, b"")
        difference = self._dialogue.differences.get(reply.end)
        if difference is None or not difference.steps:
            check(reply, verb, self._hear(reply))
            return True
        others = list(replies(difference.steps))
        for other in others:
            heard = self._hear(other)
            check(other, verb, heard)
            is_no_other = len(difference.steps) == len(other.steps) and agrees(reply, verb, heard)
            assert not is_no_other, f"no difference any more: {difference.reason}"
        return not self._is_over(difference)

    def _hear(self, reply: Reply) -> Heard:
        """Read a reply that has as many lines as this one: one, or all up to a dot."""
        line = self._client.read_line()
        assert line, "the connection ended"
        assert status(reply.steps[0][1])[0] == status(line)[0], line
        return line, list(self._client.read_lines()) if reply.is_multi_line else []

    def _is_over(self, difference: Difference) -> bool:
        """Return whether nothing further is played, and check that the connection is as it says."""
        match difference.steps[-1][0]:
            case "end":
                return True
            case "close":
                self._close(None)
            case "open":
                self._close(difference)
            case "tls":
                self._client.start_tls()
                self._close(difference)
            case _:
                return False
        return True

    def _close(self, difference: Difference | None) -> None:
        if difference is None or not difference.steps:
            assert self._client.read_line() == b""
        else:
            assert difference.steps[-1][0] in {"open", "tls"}
            self._client.send(b"\r\nQUIT\r\n")
            said = iter(self._client.read_line, b"")
            assert any(line.startswith(b"+OK") for line in said)


def check(reply: Reply, verb: bytes, heard: Heard) -> None:
    """Check what was heard; our code must be there too, one where we have none may be."""
    (kind, first), *expected = reply.steps
    line, lines = heard
    said, code = status(first)
    assert said == status(line)[0], line
    assert code in {None, status(line)[1]}, line
    assert reply.is_multi_line == bool(lines), line
    if verb in NUMBERS and said == b"+OK" and not lines:
        check_line(kind, first, line)
    if verb in LINES:
        assert len(expected) == len(lines), lines
        for (line_kind, text), each in zip(expected, lines, strict=True):
            check_line(line_kind, text, each)
    elif verb == b"CAPA":
        assert _tags(text for _, text in expected) == _tags(lines)


def agrees(reply: Reply, verb: bytes, heard: Heard) -> bool:
    """Return whether what was heard is what this reply says."""
    try:
        check(reply, verb, heard)
    except AssertionError:
        return False
    return True


def _tags(lines: Iterable[bytes]) -> set[bytes]:
    return {line.split()[0] for line in lines if line.strip()} & CAPABILITIES


def _then(dialogue: Dialogue) -> dict[str, list[str]]:
    then = dict(dialogue.then)
    for difference in dialogue.differences.values():
        then |= difference.then
    return then


def _wait_for_end(dovecot: Dovecot, source: str) -> None:
    """Wait until Dovecot has noticed that a client went away."""
    end = re.compile(rf"(Disconnected|Aborted|closed).*rip={source}\b|rip={source}\b.*Disconnected")
    deadline = monotonic() + SECONDS
    while not end.search(dovecot.log()):
        assert monotonic() < deadline, "Dovecot did not notice"
        sleep(PAUSE)


def check_differences(dialogue: Dialogue) -> None:
    """Check that each difference stands below what it is about, and says something else."""
    places = {reply.end: list(reply.steps) for reply in replies(dialogue.steps)}
    places |= {at: [step] for at, step in enumerate(dialogue.steps, 1) if step[0] == "close"}
    for at, difference in dialogue.differences.items():
        assert difference.steps or difference.then, difference.reason
        assert not difference.steps or at in places, difference.reason
        assert not difference.steps or places[at] != difference.steps, difference.reason
        for name, files in difference.then.items():
            assert dialogue.then[name] != files, difference.reason


def kinds(dialogues: Iterable[Dialogue]) -> Counter[str]:
    """Return how often Dovecot differs, by why."""
    return Counter(each.reason for one in dialogues for each in one.differences.values())


if __name__ == "__main__":
    for reason, count in kinds(map(read, DIALOGUES.values())).most_common():
        print(f"{count:4}  {reason}")
