"""A sender that we did not write: smtplib.LMTP of the standard library."""

import asyncio
import smtplib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.delivery.corpus import canonical, is_sendable, message_files, needs_corpus
from tests.delivery.desk import Desk, Given, served

SAMPLE = 20  # every so many messages of the corpus
MESSAGE = b"Subject: one\r\n\r\n.\r\n..\r\nText\xff\0.\r\n"


def talk(desk: Desk, client: Callable[[smtplib.LMTP], None]) -> None:
    """Serve the desk to a client in a thread of its own."""

    def connect(port: int) -> None:
        with smtplib.LMTP("127.0.0.1", port, timeout=20) as peer:
            client(peer)

    async def run() -> None:
        async with served(desk) as place:
            await asyncio.to_thread(connect, place.port)

    asyncio.run(run())


def test_it_sees_the_extensions(tmp_path: Path) -> None:
    def client(peer: smtplib.LMTP) -> None:
        peer.ehlo_or_helo_if_needed()
        names = {"pipelining", "enhancedstatuscodes", "8bitmime", "size"}
        assert names == set(peer.esmtp_features)

    with closing(Desk(tmp_path, Given())) as desk:
        talk(desk, client)


def test_its_messages_arrive_and_its_refused_recipients_are_named(tmp_path: Path) -> None:
    def client(peer: smtplib.LMTP) -> None:
        # For LMTP it looks at one reply only, so there is one recipient that is accepted.
        refused = peer.sendmail(
            "author@example.org", ["nobody@example.org", "mrose@example.org"], MESSAGE
        )
        assert {"nobody@example.org": (550, b"5.1.1 No such recipient here.")} == refused
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            peer.sendmail("", ["nobody"], MESSAGE)
        peer.sendmail("", ["mrose"], MESSAGE)

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        talk(desk, client)

        assert [MESSAGE, MESSAGE] == desk.maildrop("mrose")


def test_a_message_that_is_too_big_is_refused_by_its_size(tmp_path: Path) -> None:
    def client(peer: smtplib.LMTP) -> None:
        with pytest.raises(smtplib.SMTPSenderRefused, match="too big"):
            peer.sendmail("author@example.org", ["mrose"], b"x" * 200)

    with closing(Desk(tmp_path, Given(["mrose"], message_octets=100))) as desk:
        talk(desk, client)

        assert [] == desk.maildrop("mrose")


@needs_corpus
@pytest.mark.slow
def test_a_sample_of_the_corpus_arrives_as_it_is(tmp_path: Path) -> None:
    texts = [canonical(path.read_bytes()) for path in message_files()[::SAMPLE]]
    sent = [text for text in texts if is_sendable(text)]

    def client(peer: smtplib.LMTP) -> None:
        for text in sent:
            assert {} == peer.sendmail("author@example.org", ["mrose"], text)

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        talk(desk, client)
        stored = desk.maildrop("mrose")

    assert [text if text.endswith(b"\r\n") else text + b"\r\n" for text in sent] == stored
