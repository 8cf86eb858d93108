"""Tokens that are asked about: a real server that says yes, no, or nothing of use."""

import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from pillarbox.accounts.tokens.claims import LEEWAY, Expected
from pillarbox.accounts.tokens.introspection import (
    SECRET_OCTETS,
    Introspection,
    read_client_secret,
)
from pillarbox.accounts.tokens.tokens import CannotAskFault, Judged
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.net.post_form import ANSWER_OCTETS, FormServer
from tests.net.web import Web, serving

NOW = 1_800_000_000
TOKEN = Secret(b"canary.of~a+token/37==")
OURS = Expected("https://id.example.org", "pillarbox")
ACTIVE: dict[str, object] = {
    "active": True,
    "email": "mrose@example.org",
    "exp": NOW + 3_600,
    "iss": "https://id.example.org",
    "aud": "pillarbox",
}


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as web:
        yield web


def asking(web: Web, expected: Expected = OURS, seconds: float = 10) -> Judged:
    server = FormServer(web.url(), "pillarbox", Secret(b"hush"), seconds)
    return Judged(Introspection(server), expected, FakeClock(NOW))


def say(web: Web, answer: object) -> None:
    web.say(json.dumps(answer).encode())


def test_a_token_is_asked_about_each_time(web: Web) -> None:
    say(web, ACTIVE)
    introspection = asking(web)

    answers = [introspection.claims(TOKEN), introspection.claims(TOKEN)]

    form = {"token": ["canary.of~a+token/37=="], "token_type_hint": ["access_token"]}
    assert [ACTIVE, ACTIVE] == answers
    assert [form, form] == [parse_qs(asked.body.decode()) for asked in web.asked]


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"active": None},
        {"active": 1},
        {"active": "true"},
        {"exp": NOW - LEEWAY},
        {"exp": "later"},
        {"nbf": NOW + LEEWAY + 1},
        {"iss": "https://id.example.com"},
        {"aud": ["calendar"]},
        {"aud": None},
    ],
    ids=str,
)
def test_what_is_not_active_for_us_now_is_refused(web: Web, change: dict[str, object]) -> None:
    say(web, ACTIVE | change)

    assert asking(web).claims(TOKEN) is None


@pytest.mark.parametrize("missing", ["active", "iss", "aud"])
def test_what_is_expected_must_be_said(web: Web, missing: str) -> None:
    say(web, {name: ACTIVE[name] for name in ACTIVE if name != missing})

    assert asking(web).claims(TOKEN) is None


def test_an_answer_need_not_say_when_a_token_ends(web: Web) -> None:
    answer = {"active": True, "email": "mrose"}
    say(web, answer)

    assert answer == asking(web, Expected("", "")).claims(TOKEN)


OUTAGES = {
    "an error": (b"{}", "500 Oh"),
    "our own name refused": (b'{"active": false}', "401 Who"),
    "no such page": (b"", "404 Not there"),
    "a page for people": (b"<html>active: true</html>", "200 OK"),
    "no object": (b"true", "200 OK"),
    "nothing": (b"", "200 OK"),
    "too much": (b'{"active": true}' + b" " * ANSWER_OCTETS, "200 OK"),
    "an echo": (TOKEN.reveal(), "400 Bad"),
}


def outage(introspection: Judged) -> str:
    """Ask where no answer comes from; return what is said of it."""
    with pytest.raises(CannotAskFault) as caught:
        introspection.claims(TOKEN)
    said = "".join(traceback.format_exception(caught.value))

    assert caught.value.retry
    assert "canary" not in said
    assert "hush" not in said

    return str(caught.value)


@pytest.mark.parametrize("case", OUTAGES)
def test_an_outage_is_not_a_refusal(web: Web, case: str) -> None:
    web.say(*OUTAGES[case])

    assert outage(asking(web)).startswith("Tokens cannot be asked about: ")


def test_a_redirect_is_an_outage(web: Web) -> None:
    web.say(b"", "307 There", f"Location: {web.url('/there')}")

    assert "Tokens cannot be asked about: 127.0.0.1: HTTP status 307." == outage(asking(web))

    assert 1 == len(web.asked)


def test_a_silent_server_is_an_outage(web: Web) -> None:
    web.answer = lambda _: web.over.wait()

    assert "Tokens cannot be asked about: 127.0.0.1: no answer within 0.1 seconds." == outage(
        asking(web, seconds=0.1)
    )


@pytest.mark.parametrize("octets", [b"hush hush", b"hush hush\n", b"hush hush\r\n\r\n"])
def test_a_secret_is_read_without_the_end_of_its_line(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(octets)

    assert Secret(b"hush hush") == read_client_secret(path)


@pytest.mark.parametrize("octets", [b"", b"\n", b"canary" * SECRET_OCTETS])
def test_a_file_without_a_secret_is_said_and_not_shown(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(octets)
    with pytest.raises(OperatorFault) as caught:
        read_client_secret(path)

    assert f"{path} does not hold a secret of 1 to 4096 octets." == str(caught.value)


def test_a_secret_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match="No such file"):
        read_client_secret(tmp_path / "absent")
