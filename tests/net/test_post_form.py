"""A form and its answer: where it may go, who we say we are, and what is no answer."""

import base64
import socket
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.app.certificates import make_certificates
from pillarbox.base.secret import Secret
from pillarbox.net.post_form import (
    ANSWER_OCTETS,
    FormServer,
    NoAnswerFault,
    is_safe_url,
    post_form,
)
from tests.net.web import Web, serving

CANARY = b"canary-of-a-token-37"
SECRET = b"canary: of a+secret\xff"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as web:
        web.say(b"{}")
        yield web


def server(url: str, seconds: float = 10) -> FormServer:
    return FormServer(url, "pillar box", Secret(SECRET), seconds)


def refusal(url: str, seconds: float = 10) -> str:
    """Post where no answer comes from; return all that could be logged about it."""
    with pytest.raises(NoAnswerFault) as caught:
        post_form(server(url, seconds), {"token": CANARY})
    said = "".join(traceback.format_exception(caught.value))

    assert CANARY.decode() not in said
    assert "canary" not in said

    return str(caught.value)


SAFE = [
    "https://id.example.org/introspect",
    "https://id.example.org:8443/a/b?tenant=1",
    "HTTPS://id.example.org",
    "https://[2001:db8::1]/",
    "http://localhost:8080/introspect",
    "http://127.0.0.1/introspect",
    "http://127.9.9.9:1/",
    "http://[::1]:8080/introspect",
]
UNSAFE = [
    "",
    "id.example.org",
    "https://",
    "https:///introspect",
    "http://id.example.org/introspect",
    "http://127.0.0.1.example.org/",
    "http://localhost.example.org/",
    "http://2130706433/",
    "http://[::ffff:192.0.2.1]/",
    "https://user:password@id.example.org/",
    "https://@id.example.org/",
    "https://id.example.org/#part",
    "https://id.example.org:0/",
    "https://id.example.org:99999/",
    "https://id.example.org:x/",
    "https://[::1",
    "https://a..b/",
    f"https://{'a' * 64}.example.org/",
    "https://id.example.org/ introspect",
    "https://id.example.org/\r\nHost: x",
    "https://id.éxample.org/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "//127.0.0.1/",
]


@pytest.mark.parametrize("url", SAFE)
def test_a_secret_may_go_over_tls_or_stay_on_this_machine(url: str) -> None:
    assert is_safe_url(url)


@pytest.mark.parametrize("url", UNSAFE)
def test_a_secret_may_not_go_anywhere_else(url: str) -> None:
    assert not is_safe_url(url)


@given(st.text() | st.text("htps:/.@[]#?1a", min_size=8).map("https://".__add__))
def test_any_text_is_judged(text: str) -> None:
    assert is_safe_url(text) in {True, False}


def test_a_form_is_posted_and_its_answer_returned(web: Web) -> None:
    web.say(b'{"active": true}')

    octets = post_form(server(web.url("/a?tenant=1")), {"token": b"a+b/c=~", "hint": b"x y"})

    assert b'{"active": true}' == octets
    (asked,) = web.asked
    assert ("POST", "/a?tenant=1") == (asked.command, asked.target)
    assert {"token": ["a+b/c=~"], "hint": ["x y"]} == parse_qs(asked.body.decode())
    assert "application/x-www-form-urlencoded" == asked.headers["Content-Type"]
    assert "application/json" == asked.headers["Accept"]


def test_the_path_of_a_bare_host_is_its_root(web: Web) -> None:
    post_form(server(web.url("")), {})

    assert ["/"] == [asked.target for asked in web.asked]


def test_name_and_secret_are_encoded_before_they_are_joined(web: Web) -> None:
    post_form(server(web.url()), {})

    scheme, _, pair = web.asked[0].headers["Authorization"].partition(" ")
    assert "Basic" == scheme
    assert b"pillar+box:canary%3A+of+a%2Bsecret%FF" == base64.b64decode(pair)


def test_an_answer_in_chunks_is_put_together(web: Web) -> None:
    web.say_octets(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")

    assert b"{}" == post_form(server(web.url()), {})


def test_an_answer_may_be_as_long_as_the_bound(web: Web) -> None:
    web.say(b"x" * ANSWER_OCTETS)

    assert ANSWER_OCTETS == len(post_form(server(web.url()), {}))


def test_a_longer_answer_is_none(web: Web) -> None:
    web.say(b"x" * (ANSWER_OCTETS + 1))

    assert "127.0.0.1: more than 65536 octets." == refusal(web.url())


@pytest.mark.parametrize("status", ["204 No Content", "400 Bad", "401 Who", "500 Oh", "503 Busy"])
def test_any_other_status_is_no_answer(web: Web, status: str) -> None:
    web.say(CANARY, status)

    assert f"127.0.0.1: HTTP status {status[:3]}." == refusal(web.url())


@pytest.mark.parametrize("status", ["301 There", "302 There", "307 There", "308 There"])
def test_no_redirect_is_followed(web: Web, status: str) -> None:
    web.say(b"", status, f"Location: {web.url('/there')}")

    assert f"127.0.0.1: HTTP status {status[:3]}." == refusal(web.url())

    assert ["/introspect"] == [asked.target for asked in web.asked]


def test_no_proxy_is_asked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert b"{}" == post_form(server(web.url()), {})


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        CANARY + b"\r\n\r\n",
        b"HTTP/1.1 2x0 " + CANARY + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + CANARY * 4_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CANARY + b"\r\n",
    ],
    ids=["nothing", "no HTTP", "no status", "a long line", "many lines", "no chunk"],
)
def test_what_is_no_http_is_no_answer_and_not_quoted(web: Web, octets: bytes) -> None:
    web.say_octets(octets)

    assert refusal(web.url()).startswith("127.0.0.1: ")


def test_nobody_there_is_no_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen

        assert "127.0.0.1: Connection refused." == refusal(
            f"http://127.0.0.1:{taken.getsockname()[1]}/"
        )


def test_a_server_that_says_nothing_is_waited_for_so_long(web: Web) -> None:
    web.answer = lambda _: web.over.wait()

    assert "127.0.0.1: no answer within 0.1 seconds." == refusal(web.url(), 0.1)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_drips_gains_no_time(web: Web, start: bytes) -> None:
    rest = b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 200
    dripped = []

    def drip(out: BinaryIO) -> None:
        out.write(start)
        for octet in rest:
            web.over.wait(0.01)
            out.write(bytes([octet]))
            dripped.append(octet)

    web.answer = drip

    assert "127.0.0.1: no answer within 0.2 seconds." == refusal(web.url(), 0.2)

    assert len(dripped) < len(rest)


def certificate(folder: Path, made_at: datetime) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1; return it with its key, and its authority."""
    pem = make_certificates("localhost", made_at)
    pair, ca = folder / "pair.pem", folder / "ca.pem"
    pair.write_bytes(pem.key + pem.certificate)
    ca.write_bytes(pem.ca)
    return pair, ca


def test_a_certificate_of_the_systems_authorities_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, ca = certificate(tmp_path, datetime.now(UTC))
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))

    with serving(pair) as web:
        web.say(b"{}")

        assert b"{}" == post_form(server(web.url(scheme="https")), {})


UNTRUSTED = {
    "another authority": ("127.0.0.1", 0, "self-signed certificate in certificate chain"),
    "another name": ("127.0.0.2", 0, "certificate is not valid for '127.0.0.2'"),
    "run out": ("127.0.0.1", 1_000, "certificate has expired"),
}


@pytest.mark.parametrize("case", UNTRUSTED)
def test_no_form_is_sent_where_the_certificate_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    host, days, why = UNTRUSTED[case]
    pair, ca = certificate(tmp_path, datetime.now(UTC) - timedelta(days))
    if case != "another authority":
        monkeypatch.setenv("SSL_CERT_FILE", str(ca))

    with serving(pair, host) as web:
        said = refusal(web.url(scheme="https"))

    assert [] == web.asked
    assert said.startswith(f"{host}: ")
    assert why in said


def test_a_server_without_tls_gets_no_form(web: Web) -> None:
    refusal(web.url(scheme="https"))

    assert [] == web.asked
