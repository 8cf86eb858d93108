"""A client's conversation that is told what to hear, for tests."""

from collections.abc import Iterable

from pillarbox.base.errors import PeerFault
from pillarbox.wire.pop3.answers import (
    Answer,
    Octets,
)
from pillarbox.wire.pop3.client import (
    ClientConversation,
)
from pillarbox.wire.pop3.commands import Command


def conversation(*commands: Command, greeting: bytes = b"+OK\r\n") -> ClientConversation:
    started = ClientConversation()
    started.feed(greeting)
    started.next_answer()
    for command in commands:
        started.send(command)
    return started


def drained(client: ClientConversation) -> tuple[list[Answer], type[PeerFault] | None]:
    """Return the answers up to where more octets are needed or a fault is raised."""
    answers: list[Answer] = []
    try:
        while (answer := client.next_answer()) is not None:
            answers.append(answer)
    except PeerFault as fault:
        return answers, type(fault)
    return answers, None


def heard(
    client: ClientConversation, chunks: Iterable[bytes]
) -> tuple[list[Answer], type[PeerFault] | None]:
    """Return all answers, a message's octets joined, and the fault that ended them."""
    answers: list[Answer] = []
    for chunk in chunks:
        client.feed(chunk)
        more, fault = drained(client)
        answers += more
        if fault is not None:
            return joined(answers), fault
    return joined(answers), None


def joined(answers: list[Answer]) -> list[Answer]:
    whole: list[Answer] = []
    for answer in answers:
        if isinstance(answer, Octets) and whole and isinstance(whole[-1], Octets):
            whole[-1] = Octets(whole[-1].octets + answer.octets)
        else:
            whole.append(answer)
    return whole
