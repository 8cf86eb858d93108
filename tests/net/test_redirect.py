"""Where a browser comes back to: one request, on loopback alone, and nothing else of it."""

import socket
from http.client import HTTPConnection

import pytest

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.net.redirect import NobodyCameFault, Redirect


def ask(port: int, target: str) -> tuple[int, bytes, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", target)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body, dict(response.getheaders())


def test_the_first_request_with_a_query_is_taken_and_answered() -> None:
    with Redirect("done\n") as page:
        status, body, headers = ask(page.port, "/?code=a&state=b")

        assert Secret(b"/?code=a&state=b") == page.take(20)
    assert (200, b"done\n") == (status, body)
    assert "no-store" == headers["Cache-Control"]
    assert "no-referrer" == headers["Referrer-Policy"]


def test_one_request_is_taken_and_no_more(capfd: pytest.CaptureFixture[str]) -> None:
    with Redirect("done") as page:
        statuses = [ask(page.port, f"/?code={each}")[0] for each in "ab"]

        assert Secret(b"/?code=a") == page.take(20)
    assert [200, 404] == statuses
    assert "code=" not in "".join(capfd.readouterr())


def test_what_else_a_browser_asks_for_is_not_there() -> None:
    with Redirect("done") as page:
        statuses = [ask(page.port, target)[0] for target in ("/favicon.ico?a", "/", "/other?a=b")]
        ask(page.port, "/?code=a")

        assert Secret(b"/?code=a") == page.take(20)
    assert [404] * 3 == statuses


def test_a_connection_that_says_nothing_keeps_nobody_waiting() -> None:
    with Redirect("done") as page, socket.create_connection(("127.0.0.1", page.port)):
        ask(page.port, "/?code=a")

        assert Secret(b"/?code=a") == page.take(20)


def test_a_browser_that_hangs_up_is_no_news(capfd: pytest.CaptureFixture[str]) -> None:
    with Redirect("done") as page:
        with socket.create_connection(("127.0.0.1", page.port)) as gone:
            gone.sendall(b"GET /?code=a HTTP/1.1\r\n")
        ask(page.port, "/?code=b")

        assert Secret(b"/?code=b") == page.take(20)
    assert "" == "".join(capfd.readouterr())


def test_nobody_is_waited_for_longer_than_that() -> None:
    with Redirect("done") as page, pytest.raises(NobodyCameFault, match="within 0 seconds"):
        page.take(0)


def test_a_port_that_is_taken_is_a_fault_of_the_operator() -> None:
    with Redirect("done") as page, pytest.raises(OperatorFault, match="cannot be listened on"):
        Redirect("done", page.port)
