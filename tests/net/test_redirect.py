"""Where a browser comes back to: one request, on loopback alone, and nothing else of it."""

import socket
from http.client import HTTPConnection

import pytest

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.net.redirect import NobodyCameFault, Redirect

STATE = Secret(b"b")


def ask(port: int, target: str) -> tuple[int, bytes, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", target)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body, dict(response.getheaders())


def test_the_first_request_with_a_query_is_taken_and_answered() -> None:
    with Redirect("done\n", STATE) as page:
        status, body, headers = ask(page.port, "/?code=a&state=b")

        assert Secret(b"/?code=a&state=b") == page.take(20)
    assert (200, b"done\n") == (status, body)
    assert "no-store" == headers["Cache-Control"]
    assert "no-referrer" == headers["Referrer-Policy"]


def test_one_request_is_taken_and_no_more(capfd: pytest.CaptureFixture[str]) -> None:
    with Redirect("done", STATE) as page:
        statuses = [ask(page.port, f"/?code={each}&state=b")[0] for each in "ab"]

        assert Secret(b"/?code=a&state=b") == page.take(20)
    assert [200, 404] == statuses
    assert "code=" not in "".join(capfd.readouterr())


def test_what_else_a_browser_asks_for_is_not_there() -> None:
    with Redirect("done", STATE) as page:
        statuses = [
            ask(page.port, target)[0] for target in ("/favicon.ico?a", "/", "/other?state=b")
        ]
        ask(page.port, "/?code=a&state=b")

        assert Secret(b"/?code=a&state=b") == page.take(20)
    assert [404] * 3 == statuses


@pytest.mark.parametrize(
    "target",
    [
        "/?code=evil",
        "/?code=evil&state=",
        "/?code=evil&state=bb",
        "/?code=evil&state=b&state=b",
        "/?code=evil&state=%FF",
        "/?code=\xe9&state=b",
        "/?error=access_denied",
        "/?state=b" + "&code=evil" * 100,
    ],
)
def test_who_does_not_know_the_state_neither_gets_in_nor_in_the_way(target: str) -> None:
    with Redirect("done", STATE) as page:
        status = raw(page.port, target, f"127.0.0.1:{page.port}")
        ask(page.port, "/?code=a&state=b")

        assert Secret(b"/?code=a&state=b") == page.take(20)
    assert 404 == status


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("localhost:{port}", 200), ("evil.example:{port}", 404), ("", 404)],
)
def test_a_name_that_dns_leads_here_is_none_of_ours(host: str, status: int) -> None:
    with Redirect("done", STATE) as page:
        assert status == raw(page.port, "/?code=a&state=b", host.format(port=page.port))


def raw(port: int, target: str, host: str) -> int:
    """Ask for octets as they are, under a name; return the status."""
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.settimeout(20)
        request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"
        connected.sendall(request.encode("latin-1"))
        return int(connected.recv(100).split()[1])


def test_a_connection_that_says_nothing_keeps_nobody_waiting() -> None:
    with Redirect("done", STATE) as page, socket.create_connection(("127.0.0.1", page.port)):
        ask(page.port, "/?code=a&state=b")

        assert Secret(b"/?code=a&state=b") == page.take(20)


def test_a_browser_that_hangs_up_is_no_news(capfd: pytest.CaptureFixture[str]) -> None:
    with Redirect("done", STATE) as page:
        with socket.create_connection(("127.0.0.1", page.port)) as gone:
            gone.sendall(b"GET /?code=a&state=b HTTP/1.1\r\n")
        ask(page.port, "/?code=b&state=b")

        assert Secret(b"/?code=b&state=b") == page.take(20)
    assert "" == "".join(capfd.readouterr())


def test_nobody_is_waited_for_longer_than_that() -> None:
    with Redirect("done", STATE) as page, pytest.raises(NobodyCameFault, match="within 0 seconds"):
        page.take(0)


def test_a_port_that_is_taken_is_a_fault_of_the_operator() -> None:
    with (
        Redirect("done", STATE) as page,
        pytest.raises(OperatorFault, match="cannot be listened on"),
    ):
        Redirect("done", STATE, page.port)
