"""The same answers for every chunking, and only named faults whatever a server sends."""

from hypothesis import given
from hypothesis import strategies as st

from pillarbox.wire.dots import DotStuffer
from pillarbox.wire.pop3.answers import (
    End,
    GarbageFault,
    Octets,
    ReplyTooLongFault,
    UnsolicitedFault,
)
from pillarbox.wire.pop3.client import (
    ClientConversation,
)
from pillarbox.wire.pop3.commands import Command
from pillarbox.wire.pop3.verbs import Auth, Capa, Dele, List, Noop, Quit, Retr, Stls, Top, Uidl
from tests.wire.hearing import conversation, heard

# The same for every chunking

PIPELINED: list[Command] = [
    Noop(), Dele(1), List(1), Uidl(), List(), Capa(), Retr(1), Top(1, 0)
]  # fmt: skip
LAST: list[Command] = [Stls(), Auth("PLAIN", None), Quit()]
MESSAGE = st.text(alphabet="a.\r\n\0é", max_size=40).map(str.encode)
TEXT = st.text(alphabet="ab [].-/\r\t", max_size=12).map(
    lambda text: text.replace("\r", "").encode()
)


def stuffed(message: bytes) -> bytes:
    stuffer = DotStuffer()
    return stuffer.feed(message) + stuffer.finish()


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[list[Command], bytes]:
    """Commands and what a server, mostly a good one, says to them."""
    commands: list[Command] = []
    said = b""
    for _ in range(draw(st.integers(0, 5))):
        command = draw(st.sampled_from(PIPELINED))
        commands.append(command)
        is_ok = draw(st.booleans())
        said += (b"+OK " if is_ok else b"-ERR ") + draw(TEXT) + b"\r\n"
        if is_ok and isinstance(command, Retr | Top):
            said += stuffed(draw(MESSAGE))
        elif is_ok and command in {List(), Uidl(), Capa()}:
            said += b"".join(line + b"\r\n" for line in draw(st.lists(TEXT, max_size=3)))
            said += b".\r\n"
    if draw(st.booleans()):
        commands.append(draw(st.sampled_from(LAST)))
        said += draw(st.sampled_from([b"+OK\r\n", b"-ERR x\r\n", b"+ \r\n+OK\r\n"]))
    return commands, said + draw(st.sampled_from([b"", b"", b"x", b"+OK x\r\n", b"\xff\r\n"]))


def split(said: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted(cut % (len(said) + 1) for cut in cuts)
    return [said[a:b] for a, b in zip([0, *ends], [*ends, len(said)], strict=True)]


@given(exchanges(), st.lists(st.integers(0, 10_000), max_size=8))
def test_the_answers_are_the_same_for_every_chunking(
    exchange: tuple[list[Command], bytes], cuts: list[int]
) -> None:
    commands, said = exchange
    whole = heard(conversation(*commands), [said])

    assert whole == heard(conversation(*commands), split(said, cuts))
    assert whole == heard(conversation(*commands), [bytes([octet]) for octet in said])


@given(MESSAGE, st.lists(st.integers(0, 10_000), max_size=8))
def test_what_a_server_stuffs_its_client_unstuffs(message: bytes, cuts: list[int]) -> None:
    answers, fault = heard(conversation(Retr(1)), split(b"+OK\r\n" + stuffed(message), cuts))
    octets = b"".join(answer.octets for answer in answers if isinstance(answer, Octets))
    ends_with_line = message.endswith(b"\r\n") or not message

    assert fault is None
    assert (message if ends_with_line else message + b"\r\n") == octets
    assert End() == answers[-1]


@given(st.binary(max_size=200))
def test_whatever_comes_only_named_peer_faults_are_raised(said: bytes) -> None:
    client = ClientConversation()
    client.send(Uidl())
    client.send(Retr(1))

    _, fault = heard(client, [said])
    assert fault in {None, GarbageFault, UnsolicitedFault, ReplyTooLongFault}
