"""`pillarbox account second-factor`."""

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import click
import pytest

from pillarbox.accounts.second_factor.totp import STEP_SECONDS, code_at, uri
from pillarbox.app import build
from pillarbox.base.clock import FakeClock
from pillarbox.base.secret import Secret
from pillarbox.cli import second_factor
from pillarbox.cli.second_factor import OWN_COLOURS, WHITE_ON_BLACK, drawn
from tests.cli.home import CommandLine

SECRET = Secret(b"12345678901234567890")
CODES = re.compile(r"([a-z2-7]{4}(-[a-z2-7]{4}){3}\n){10}")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(build, "SystemClock", lambda: clock)
    monkeypatch.setattr(second_factor, "generate_secret", lambda: SECRET)
    return clock


@pytest.fixture
def turn_on(ours: CommandLine, clock: FakeClock) -> Callable[[], list[str]]:
    def turn_on() -> list[str]:
        said = code_at(SECRET, clock.now()) + "\n"
        codes = ours.do("account", "second-factor", "add", "mrose", said=said).splitlines()
        clock.advance(STEP_SECONDS)
        return codes

    return turn_on


def test_recovery_codes_stand_alone_on_stdout_once_a_code_is_right(
    ours: CommandLine, clock: FakeClock
) -> None:
    said = "000000\nhello\n" + code_at(SECRET, clock.now()) + "\n"

    result = ours.run("account", "second-factor", "add", "MRose", said=said)

    assert 0 == result.exit_code
    assert CODES.fullmatch(result.stdout)
    assert 2 == result.stderr.count("That code is not right")


def test_the_app_is_told_everything_on_stderr(ours: CommandLine, clock: FakeClock) -> None:
    said = code_at(SECRET, clock.now()) + "\n"

    shown = ours.run("account", "second-factor", "add", "mrose", said=said).stderr.splitlines()

    link = next(line for line in shown if line.startswith("otpauth:"))
    assert "/Pillarbox:mrose%40localhost" == urlsplit(link).path
    assert ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"] == parse_qs(urlsplit(link).query)["secret"]
    assert "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" in shown
    assert not [line for line in shown if "█" in line]


def test_a_terminal_shows_a_qr_code(
    ours: CommandLine, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_factor, "is_terminal", lambda: True)
    said = code_at(SECRET, clock.now()) + "\n"

    shown = ours.run("account", "second-factor", "add", "mrose", said=said).stderr

    link = uri(SECRET, "mrose@localhost").reveal().decode("ascii")
    assert "\n".join(drawn(link)) in shown


def test_a_qr_code_is_dark_on_light_and_as_wide_as_it_is_high() -> None:
    lines = list(drawn(uri(SECRET, "mrose@localhost").reveal().decode("ascii")))

    plain = [line.removeprefix(WHITE_ON_BLACK).removesuffix(OWN_COLOURS) for line in lines]
    assert {len(plain[0])} == set(map(len, plain))
    assert (len(plain[0]) + 1) // 2 == len(plain)
    assert set("".join(plain)) <= set(" █▀▄")
    assert {"█"} == set(plain[0])


def test_without_a_code_it_stays_off(ours: CommandLine) -> None:
    result = ours.run("account", "second-factor", "add", "mrose", said="000000\n")

    assert (1, "") == (result.exit_code, result.stdout)
    assert "has no second factor" in ours.refuse(
        "account", "second-factor", "recovery-codes", "mrose"
    )


def test_a_second_one_is_refused_before_anything_is_shown(
    ours: CommandLine, turn_on: Callable[[], list[str]]
) -> None:
    turn_on()

    said = ours.refuse("account", "second-factor", "add", "mrose")

    assert "Account 'mrose' has a second factor already." in said


def test_a_code_is_checked_and_used_up(
    ours: CommandLine, clock: FakeClock, turn_on: Callable[[], list[str]]
) -> None:
    recovery = turn_on()[0]

    def check(code: str) -> tuple[int, str]:
        result = ours.run("account", "second-factor", "check", "mrose", said=code + "\n")
        return result.exit_code, result.stdout

    code = code_at(SECRET, clock.now())
    assert [(0, "right\n"), (1, "wrong\n")] == [check(code) for _ in range(2)]
    assert [(0, "right\n"), (1, "wrong\n")] == [check(recovery) for _ in range(2)]
    assert (1, "wait\n") == [check(code) for _ in range(5)][-1]
    told = ours.run("account", "second-factor", "check", "mrose", "--json", said=code + "\n")
    assert {"account": "mrose", "verdict": "wait"} == json.loads(told.stdout)


def test_new_recovery_codes_are_printed_alone(
    ours: CommandLine, turn_on: Callable[[], list[str]]
) -> None:
    old = turn_on()

    new = ours.do("account", "second-factor", "recovery-codes", "mrose")

    assert CODES.fullmatch(new)
    assert not set(old) & set(new.splitlines())


def test_once_it_is_off_there_is_none(ours: CommandLine, turn_on: Callable[[], list[str]]) -> None:
    turn_on()

    assert "" == ours.do("account", "second-factor", "remove", "mrose")

    assert "has no second factor" in ours.refuse("account", "second-factor", "remove", "mrose")


@pytest.mark.parametrize("command", ["add", "remove", "check", "recovery-codes"])
def test_an_unknown_account_is_named(home: CommandLine, command: str) -> None:
    result = home.run("account", "second-factor", command, "nobody", said="000000\n")

    assert (1, "") == (result.exit_code, result.stdout)
    assert "There is no account 'nobody'" in click.unstyle(result.stderr)
