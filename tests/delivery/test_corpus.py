"""The whole corpus goes in by files and by LMTP, and what is stored is what was there."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pillarbox.base.names import AccountId
from pillarbox.delivery.services import Timers
from pillarbox.message.mbox import Start, split
from pillarbox.store.files import Delivered, FileDelivery
from tests.delivery.corpus import (
    CORPUS,
    canonical,
    is_sendable,
    mbox_files,
    message_files,
    needs_corpus,
)
from tests.delivery.desk import Desk, Given, served

SENDERS = 8  # connections at once: what they commit, they commit together
pytestmark = [needs_corpus, pytest.mark.slow]


def mbox_messages(path: Path) -> list[bytes]:
    messages: list[bytes] = []
    for piece in split([path.read_bytes()]):
        if isinstance(piece, Start):
            messages.append(b"")
        else:
            messages[-1] += piece
    return [canonical(message) for message in messages]


def test_every_file_is_stored_as_it_is(tmp_path: Path) -> None:
    paths = [CORPUS / "messages", CORPUS / "mboxes"]
    expected = [canonical(path.read_bytes()) for path in message_files()]
    expected += [message for path in mbox_files() for message in mbox_messages(path)]

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        results = list(FileDelivery(desk, AccountId(1), paths).run())
        stored = desk.maildrop("mrose")

    assert {Delivered} == {type(result) for result in results}
    assert len(expected) == len(stored)
    for path, ours, theirs in zip(results, expected, stored, strict=True):
        assert ours == theirs, path


def test_an_mbox_has_as_many_messages_as_others_count_in_it() -> None:
    lines = (CORPUS / "truth.jsonl").read_text("utf-8").splitlines()
    truth = [fact for fact in map(json.loads, lines) if "mbox_messages" in fact]
    counts = {fact["file"]: len(mbox_messages(CORPUS / fact["file"])) for fact in truth}

    assert counts
    assert {fact["file"]: fact["mbox_messages"] for fact in truth} == counts


def test_what_an_mbox_is_cut_into_is_in_the_file_octet_for_octet() -> None:
    for path in mbox_files():
        whole = canonical(path.read_bytes())
        rest = whole
        for message in mbox_messages(path):
            before, found, rest = rest.partition(message)
            assert found == message
            assert re.fullmatch(rb"(\r\n)?(From [^\n]*\n)?", before), path


def sources() -> Iterator[tuple[str, bytes]]:
    for path in message_files():
        yield str(path.relative_to(CORPUS)), canonical(path.read_bytes())
    for path in mbox_files():
        for number, message in enumerate(mbox_messages(path), 1):
            yield f"{path.name} {number}", message


class Sender:
    """A client that keeps the rules, but for the octets that it is given."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def send(self, message: bytes) -> tuple[bytes, bytes]:
        """Send over a new connection; return the replies to the message and to QUIT, if any."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"LHLO mta\r\nMAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<mrose>\r\nDATA\r\n")
        while not (await reader.readline()).startswith(b"354"):
            pass
        writer.write(re.sub(rb"(\A|\r\n)\.", rb"\1..", message))
        writer.write(b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
        reply = await reader.readline()
        if reply.startswith(b"250"):
            writer.write(b"QUIT\r\n")
        rest = await reader.read()
        writer.close()
        await writer.wait_closed()
        return reply, rest


async def send_all(desk: Desk, messages: list[tuple[str, bytes]]) -> dict[str, tuple[bytes, bytes]]:
    """Return the replies to each message, by its name."""
    replies: dict[str, tuple[bytes, bytes]] = {}
    waiting = iter(messages)

    async def work(port: int) -> None:
        for name, message in waiting:
            replies[name] = await Sender(port).send(message)

    async with served(desk, Timers(idle=20, linger=1)) as place:
        await asyncio.gather(*(work(place.port) for _ in range(SENDERS)))
    return replies


@pytest.mark.parametrize(
    "step", [pytest.param(5, id="some"), pytest.param(1, id="all", marks=pytest.mark.interop)]
)
def test_by_lmtp_each_message_is_stored_as_it_is_or_refused(tmp_path: Path, step: int) -> None:
    messages = list(sources())[::step]
    # A message without a last line end cannot be sent as such: RFC 5321, section 4.1.1.4.
    sent = {name: text if text.endswith(b"\r\n") else text + b"\r\n" for name, text in messages}
    sendable = {name for name, text in messages if is_sendable(text)}

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        replies = asyncio.run(send_all(desk, messages))
        stored = desk.maildrop("mrose")
        leftovers = desk.leftovers()

    delivered = (b"250 2.0.0 Delivered.\r\n", b"221 2.0.0 Goodbye.\r\n")
    refused = (b"521 5.5.2 A bare CR or LF is refused.\r\n", b"")
    assert len(messages) == len(sent) == len(replies)
    assert {name: delivered if name in sendable else refused for name in sent} == replies
    assert sorted(sent[name] for name in sendable) == sorted(stored)
    assert len(sendable) < len(messages)
    assert leftovers == []
