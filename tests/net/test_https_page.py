"""A page over HTTPS, and everything that is none."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from pillarbox.app.certificates import make_certificates
from pillarbox.net.https_page import (
    PAGE_OCTETS,
    NoPageFault,
    Pages,
    is_private,
    quoted,
    trusted_pages,
)
from tests.net.web import Web, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    made = make_certificates("localhost", datetime.now(UTC))
    (folder / "pair.pem").write_bytes(made.certificate + made.key)
    (folder / "ca.pem").write_bytes(made.ca)
    return folder


@pytest.fixture
def web(folder: Path) -> Iterator[Web]:
    with serving(folder / "pair.pem", "localhost") as web:
        yield web


@pytest.fixture
def pages(folder: Path) -> Pages:
    return Pages(ssl.create_default_context(cafile=folder / "ca.pem"))


def refusal(pages: Pages, url: str) -> str:
    with pytest.raises(NoPageFault) as caught:
        pages.get(url)
    return str(caught.value)


def test_a_page_is_returned(web: Web, pages: Pages) -> None:
    web.say(b"<clientConfig/>")

    assert b"<clientConfig/>" == pages.get(web.url("/a?b=c", "https"))
    assert [("GET", "/a?b=c")] == [(asked.command, asked.target) for asked in web.asked]


def test_a_redirect_to_https_is_followed(web: Web, pages: Pages) -> None:
    def answer(out: BinaryIO) -> None:
        if web.asked[-1].target == "/old":
            web_say(out, b"", "301 Moved", "Location: /new")
        else:
            web_say(out, b"here", "200 OK")

    web.answer = answer

    assert b"here" == pages.get(web.url("/old", "https"))


def web_say(out: BinaryIO, body: bytes, status: str, *headers: str) -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    out.write("\r\n".join(lines).encode("ascii") + body)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://localhost/", "localhost: it leads to what is not https."),
        ("ftp://localhost/", "localhost: it leads to what is not https."),
        ("https://user@localhost/", "localhost: it leads to what is not https."),
        ("https://:1/", "A redirect leads nowhere."),
        ("https://localhost:x/", "A redirect leads nowhere."),
        ("/again", "localhost: too many redirects."),
    ],
)
def test_a_redirect_to_anything_else_is_not(
    web: Web, pages: Pages, location: str, said: str
) -> None:
    web.say(b"", "302 Found", f"Location: {location}")

    assert said == refusal(pages, web.url("/", "https"))


def test_nobody_outside_sends_us_into_our_own_network(web: Web, pages: Pages) -> None:
    web.say(b"", "302 Found", "Location: /inside")
    places = iter([False, True])

    said = refusal(Pages(pages.context, is_inside=lambda _: next(places)), web.url("/", "https"))

    assert "it leads into a private network" in said
    assert ["/"] == [asked.target for asked in web.asked]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("169.254.169.254", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("::ffff:192.168.1.1", True),
        ("::ffff:8.8.8.8", False),
        ("8.8.8.8", False),
        ("2606:4700:4700::1111", False),
    ],
)
def test_what_is_our_own_network(address: str, *, expected: bool) -> None:
    assert expected is is_private(address)


def test_what_is_no_page_says_why(web: Web, pages: Pages) -> None:
    web.say(b"", "404 Not Found")
    missing = refusal(pages, web.url("/", "https"))
    web.say(b"x" * (PAGE_OCTETS + 1))
    long = refusal(pages, web.url("/", "https"))
    web.say_octets(b"no HTTP\r\n")
    garbage = refusal(pages, web.url("/", "https"))

    assert "localhost: HTTP status 404." == missing
    assert "localhost: more than 65536 octets." == long
    assert garbage.startswith("localhost: ")


def test_a_certificate_that_nobody_vouches_for_is_refused(web: Web) -> None:
    web.say(b"<clientConfig/>")

    assert "self-signed" in refusal(trusted_pages(), web.url("/", "https"))
    assert [] == web.asked


def test_a_server_that_does_not_answer_is_given_up(web: Web, pages: Pages) -> None:
    web.answer = lambda _: web.over.wait()

    said = refusal(Pages(pages.context, seconds=0.2), web.url("/", "https"))

    assert "localhost: no answer in time." == said


def test_a_time_that_is_over_is_not_waited_for(pages: Pages) -> None:
    assert "in time" in refusal(Pages(pages.context, seconds=0), "https://localhost/")


@pytest.mark.parametrize("host", ["localhost:1", "exa..mple"])
def test_a_host_that_is_not_there_is_named(pages: Pages, host: str) -> None:
    assert refusal(pages, f"https://{host}/").startswith(host.partition(":")[0])


def test_an_address_is_quoted_whole() -> None:
    assert "a%2Bb%26c%40example.com" == quoted("a+b&c@example.com")
