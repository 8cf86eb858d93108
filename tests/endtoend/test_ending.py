"""Two servers of one home: whoever is locked out is out of both, and removes nothing."""

import pytest

from tests.endtoend.plain_client import PlainClient, connected
from tests.endtoend.post_office import ACCOUNT, PASSWORD, PostOffice, Serving

pytestmark = pytest.mark.slow
MESSAGE = b"Subject: one\r\n\r\n"


def deliver(office: PostOffice) -> None:
    path = office.folder.with_name("one.eml")
    path.write_bytes(MESSAGE)
    office.do("deliver", ACCOUNT, path)


def log_in(client: PlainClient, password: str) -> bytes:
    client.ask(f"USER {ACCOUNT}")
    return client.ask(f"PASS {password}")


def test_a_revoked_devices_session_ends_in_whichever_process_it_is(
    office: PostOffice, serving: Serving
) -> None:
    deliver(office)
    password = office.do("device", "add", ACCOUNT, "phone").decode().strip()
    with office.serving() as other, connected(other.ports["pop3s"], other.authority) as client:
        log_in(client, password)
        client.ask("DELE 1")
        office.do("device", "revoke", ACCOUNT, "phone")
        ended = client.line()
        with connected(serving.ports["pop3s"], serving.authority) as again:
            refused = log_in(again, password)
            log_in(again, PASSWORD)
            left = again.ask("STAT")

    assert (b"", b"-ERR [AUTH] Name or password not accepted.\r\n") == (ended, refused)
    assert left.startswith(b"+OK 1 ")


@pytest.mark.parametrize("what", ["disable", "password"])
def test_a_session_ends_and_one_that_begins_later_lives(office: PostOffice, what: str) -> None:
    with office.serving() as first, office.serving() as second:
        with connected(first.ports["pop3s"], first.authority) as client:
            log_in(client, PASSWORD)
            words = ("--password-stdin",) if what == "password" else ()
            office.do("account", what, ACCOUNT, *words, said=PASSWORD.encode())
            ended = client.line()
        if what == "disable":
            office.do("account", "enable", ACCOUNT)
        with connected(second.ports["pop3s"], second.authority) as client:
            log_in(client, PASSWORD)
            later = [client.ask("NOOP") for _ in range(3)]

    assert (b"", [b"+OK\r\n"] * 3) == (ended, later)
