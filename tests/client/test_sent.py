"""What a server repeats of a login stays out of what we say of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.faults import (
    GreetingFault,
    NotAcceptedFault,
    RefusedFault,
    RemoteInUseFault,
    TryLaterFault,
)
from pillarbox.client.sent import SHOWN_CHARACTERS, Sent
from pillarbox.client.server import Server, Tls
from pillarbox.sasl.client import CLIENTS
from pillarbox.sasl.facts import APOP, TOKENS, USER
from pillarbox.wire.pop3.commands import Pass
from pillarbox.wire.pop3.verbs import Noop
from tests.client.echo_server import ECHOES, LINES, EchoServer, is_told
from tests.client.fake_server import HOST, FakeServer, ca_file
from tests.client.sessions import CLEAR, login_fault, run, without

PASSWORD = b"c0rrect-h0rse"
TOKEN = b"ya29.a0AfB_byC-" + bytes(range(48, 58)) + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 8 + b"~xyz"
WAYS = (*CLIENTS, USER, APOP)


@pytest.fixture
def secure(tmp_path: Path) -> Server:
    return Server(HOST, 995, Tls.IMPLICIT, ca_file(tmp_path), timeout_seconds=20)


def secret_of(way: str) -> bytes:
    return TOKEN if way in TOKENS else PASSWORD


def refused(fake: FakeServer, server: Server, secret: bytes) -> RefusedFault:
    async def attempt() -> None:
        await (await connect(server, fake.dial)).login("mrose", Secret(secret))

    with pytest.raises(RefusedFault) as fault:
        run(attempt())
    return fault.value


CASES = [(way, line + 1) for way in WAYS for line in range(LINES.get(way, 2))]


@pytest.mark.parametrize(("way", "line"), CASES)
def test_nothing_that_was_sent_comes_back_in_a_fault(way: str, line: int, secure: Server) -> None:
    server = replace(secure, mechanism=way)
    mechanisms = f"SASL {' '.join(CLIENTS)}"
    seen = []
    for echo in ECHOES.values():
        fake = EchoServer(capabilities=("USER", mechanisms), is_implicit=True, line=line, echo=echo)
        fault = refused(fake, server, secret_of(way))
        shown = f"{fault} {fault!r} {fault.code}"
        seen += fake.echoed

        assert isinstance(fault, NotAcceptedFault)
        assert not is_told(shown, way, secret_of(way), fake.echoed[0])
    assert len(ECHOES) == len(seen)


def said_of(secret: bytes, text: str) -> str:
    sent = Sent()
    sent.keep(Secret(secret))
    return sent.shown(text)


def test_words_that_repeat_nothing_are_shown() -> None:
    text = "Application-specific password required for mrose, see https://pop.example/help"

    assert text == said_of(PASSWORD, text)
    assert "x " * 100 == said_of(PASSWORD, "x " * 200)
    assert 200 == SHOWN_CHARACTERS


@pytest.mark.parametrize("run", ["0123456789abcdef", "QUJDREVGR0hJSktM", "+/+/+/+/+/+/+/=="])
def test_words_are_cut_where_a_long_run_of_base64_begins(run: str) -> None:
    assert "No ***" == said_of(PASSWORD, f"No {run} here")
    assert f"No {run[1:]} here" == said_of(PASSWORD, f"No {run[1:]} here")


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (b"correct horse", "Incorrect password"),  # "In***" would tell how the password begins
        (b"x", "expected"),
        (b"a\tb\tc", "No a\ufffdb\ufffdc"),
        (b"latin \xfc\xfc", "No in \ufffd\ufffd"),
        ("gr\u00fcn".encode(), "No GR\u00dcN"),
        ("\ufb01n\u00a0\u2163".encode(), "No fin IV"),
        ("\ufb01n \U0001f511".encode(), "No fin \U0001f511"),  # as PASS carries it
    ],
)
def test_words_that_repeat_a_part_of_the_secret_are_left_out_whole(
    secret: bytes, text: str
) -> None:
    assert "***" == said_of(secret, text)


def test_what_is_short_or_empty_is_no_reason_to_leave_words_out() -> None:
    assert "wrong" == said_of(b"", "wrong")
    assert "cor" == said_of(b"correct horse", "cor")


def test_a_command_without_a_secret_adds_nothing() -> None:
    sent = Sent()
    sent.note(Noop())

    assert not sent.is_in("NOOP")


def test_what_pass_carries_is_known_from_the_command_alone() -> None:
    sent = Sent()
    sent.note(Pass(Secret(PASSWORD)))

    assert sent.is_in("h0rse")


REFUSALS = [("[IN-USE] ", RemoteInUseFault), ("[SYS/TEMP] ", TryLaterFault), ("", NotAcceptedFault)]


@pytest.mark.parametrize(("code", "kind"), REFUSALS)
def test_no_kind_of_refusal_repeats_the_password(code: str, kind: type[RefusedFault]) -> None:
    line = f"-ERR {code}no correct horse\r\n".encode()

    fault = login_fault(FakeServer(capabilities=without("SASL"), says={b"PASS": line}))

    assert kind is type(fault)
    assert "horse" not in repr(fault)


def test_a_refusal_after_the_login_repeats_nothing_either() -> None:
    line = b"-ERR no correct horse\r\n"
    fake = FakeServer(says={b"LIST": line, b"RETR": line}, messages={"aaa": b""})

    async def attempt(what: str) -> None:
        async with await connect(CLEAR, fake.dial) as connection:
            await connection.login("mrose", Secret(b"correct horse"))
            if what == "LIST":
                await connection.listing()
            async for _, chunks in connection.retrieve([1]):
                _ = [chunk async for chunk in chunks]

    for what in ("LIST", "RETR"):
        with pytest.raises(RefusedFault, match=r"refused: \*\*\*$"):
            run(attempt(what))


def test_a_greeting_is_cut_at_what_looks_like_a_secret() -> None:
    fault = login_fault(FakeServer(greeting=b"-ERR [SYS/TEMP] no AGFsaWNlAHMzY3JldC1wYXNz\r\n"))

    assert isinstance(fault, GreetingFault)
    assert "The server does not want to speak now: no ***" == str(fault)
    assert "SYS/TEMP" == fault.code
