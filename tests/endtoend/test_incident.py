"""An incident while somebody is in: they are out, and the report has what they read."""

import json

import pytest

from tests.endtoend.plain_client import connected
from tests.endtoend.post_office import ACCOUNT, PASSWORD, PostOffice, Serving

pytestmark = pytest.mark.slow
REFUSED = b"-ERR [AUTH] Name or password not accepted.\r\n"


def deliver(office: PostOffice, *messages: bytes) -> None:
    for message in messages:
        path = office.folder.with_name("one.eml")
        path.write_bytes(message)
        office.do("deliver", ACCOUNT, path)


def test_whoever_is_in_is_out_and_what_they_read_and_removed_is_told(
    office: PostOffice, serving: Serving
) -> None:
    deliver(office, b"Subject: one\r\n\r\n", b"Subject: two\r\n\r\n", b"Subject: three\r\n\r\n")
    ids = [row["unique_id"] for row in office.answer("maildrop", "list", ACCOUNT)]
    port, authority = serving.ports["pop3s"], serving.authority
    with connected(port, authority) as client:
        client.login()
        client.ask("DELE 3")
        client.ask("QUIT")
    with connected(port, authority) as client:
        client.login()
        client.ask("RETR 1")
        list(client.lines())
        client.ask("DELE 2")
        report = json.loads(office.do("incident", ACCOUNT, "--since", "1d", "--json"))
        while client.line():
            pass
    with connected(port, authority) as client:
        client.ask(f"USER {ACCOUNT}")
        refused = client.ask(f"PASS {PASSWORD}")

    assert REFUSED == refused
    assert ([ids[0]], [ids[2]], []) == (
        [each["unique_id"] for each in report["read"]],
        [each["unique_id"] for each in report["removed"]],
        report["live_sessions"],
    )
    assert ["end", "revoked"] == [each["end"] for each in report["sessions"]]
    assert [ids[2]] == [each["unique_id"] for each in report["undoable"]]
    assert "incident.declared" in [each["event"] for each in report["changes"]]
    assert 2 == len(office.answer("maildrop", "list", ACCOUNT))
