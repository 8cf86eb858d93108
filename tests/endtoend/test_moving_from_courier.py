"""Courier's real list of sizes gives every message the unique-id that Courier's UIDL says."""

from pathlib import Path

import pytest

from tests.endtoend.post_office import ACCOUNT, PostOffice
from tests.endtoend.test_real_clients import fifty_messages
from tests.peers.courier import LISTING, Courier

pytestmark = pytest.mark.slow


@pytest.fixture
def courier(tmp_path: Path) -> Courier:
    """Return a Courier that has served twice, and has got mail in between."""
    maildir = tmp_path / "Maildir"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    served = Courier(maildir)
    messages = [each.replace(b"\r\n", b"\n") for each in fifty_messages()]
    put(maildir, messages[:30], 1_700_000_000)
    served.ask("RETR 1", "RETR 7", "DELE 3")
    put(maildir, [*messages[30:], messages[0]], 1_700_001_000)
    return served


def put(maildir: Path, messages: list[bytes], time: int) -> None:
    for number, message in enumerate(messages):
        (maildir / "new" / f"{time + number}.M{number}P1.host,S={len(message)}").write_bytes(
            message
        )


def test_every_message_has_the_unique_id_that_courier_said(
    office: PostOffice, courier: Courier
) -> None:
    theirs = courier.unique_ids()
    words = ("maildrop", "ledger", "import", ACCOUNT, courier.maildir / LISTING)

    office.do("deliver", ACCOUNT, courier.maildir)
    told = office.do(*words)

    assert 50 == len(theirs) == len(set(theirs))
    assert b"50 of 50 messages have the unique-id that they had there.\n" == told
    assert theirs == [row["unique_id"] for row in office.answer("maildrop", "list", ACCOUNT)]
