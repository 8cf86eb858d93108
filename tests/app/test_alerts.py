"""Alerts are told by real programs, web servers and mail; again where that fails, and once."""

import asyncio
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.name import GRAMMAR, NAME_OCTETS
from pillarbox.app import alerts
from pillarbox.app.alert_ways import CommandWay, Way, build_ways
from pillarbox.app.alert_words import Words
from pillarbox.app.alerts import AT_A_TIME, LONGEST_REST_SECONDS, Telling, rest_after
from pillarbox.app.build import opened
from pillarbox.app.config import load
from pillarbox.app.home import Home
from pillarbox.app.languages import find_languages
from pillarbox.app.settings import Alerts as Settings
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault, PeerFault
from pillarbox.base.names import AccountId, Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from pillarbox.journal.alerts import Alert, AlertKind, Alerts, raise_alert
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from pillarbox.net.post_form import post_json
from tests.cli.home import CommandLine
from tests.homes import write_home
from tests.net.web import serving
from tests.peers.program import Process

ROOT = Path(__file__).parents[2]
ALERT_ACCOUNT = AccountId(1)
WORDS = Words("pop.example.org", str)
ALERT = Alert(7, 1_800_000_000, "locked", ALERT_ACCOUNT, "mrose", facts={"source": "192.0.2.7"})
CANARY = "canary-of-a-webhook"


class Rig:
    """A database with one account, and what tells its alerts."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.home = Home(folder)
        self.database = Database(self.home.database)
        self.account = Accounts(self.database, self.clock).add("mrose").id
        self.alerts = Alerts(self.database, self.clock)
        self.journal = io.StringIO()

    def raise_one(self, kind: AlertKind = AlertKind.LOCKED) -> None:
        now = int(self.clock.now())
        self.database.write(
            lambda rows: raise_alert(rows, now, kind, self.account, source="192.0.2.7")
        )

    def run(self, ways: Callable[[Pool], Sequence[Way]]) -> None:
        """Let the chore run once."""
        disk = Pool("disk", 2, 8)
        telling = Telling(self.alerts, ways(disk), disk, Journal(self.journal, self.clock))
        asyncio.run(telling.run())
        disk.close()

    def told(self) -> list[tuple[bool, set[str]]]:
        return [(each.told_at is not None, set(each.told_by)) for each in self.alerts.list()]

    def noted(self) -> list[str]:
        """Return the journal's lines without their times."""
        return [line.partition(" ")[2] for line in self.journal.getvalue().splitlines()]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


class FakeWay:
    """Tells, or fails, and counts."""

    def __init__(self, name: str = "fake", fails: int = 0) -> None:
        self.name = name
        self.fails = fails
        self.alerts: list[int] = []

    async def tell(self, alert: Alert) -> None:
        self.alerts.append(alert.number)
        if self.fails:
            self.fails -= 1
            raise PeerFault("nobody is there")


def test_what_waits_is_told_once_the_oldest_first(rig: Rig) -> None:
    way = FakeWay()
    for _ in range(3):
        rig.raise_one()

    rig.run(lambda _: [way])
    rig.run(lambda _: [way])

    assert [1, 2, 3] == way.alerts
    assert [(True, {"fake"})] * 3 == rig.told()
    assert "alert.told alert=1 kind=locked by=fake" == rig.noted()[0]


def test_without_a_way_nothing_is_claimed(rig: Rig) -> None:
    rig.raise_one()
    rig.run(lambda _: [])

    assert [0] == [each.tries for each in rig.alerts.list()]


def test_a_way_that_fails_is_tried_again_and_the_others_are_not(rig: Rig) -> None:
    good, bad = FakeWay("good"), FakeWay("bad", fails=2)
    rig.raise_one()
    for _ in range(5):
        rig.run(lambda _: [good, bad])
        rig.clock.advance(rest_after(1))

    assert [1] == good.alerts
    assert [1, 1, 1] == bad.alerts  # the second rest is twice as long
    assert [(True, {"good", "bad"})] == rig.told()
    assert 'alert.failed alert=1 kind=locked by=bad why="nobody is there"' in rig.noted()


def test_an_alert_that_cannot_be_told_holds_up_no_other(rig: Rig) -> None:
    way = FakeWay(fails=1)
    rig.raise_one()
    rig.raise_one()
    rig.run(lambda _: [way])

    assert [(False, set()), (True, {"fake"})] == rig.told()


def test_a_flood_is_told_in_parts(rig: Rig) -> None:
    for _ in range(AT_A_TIME + 1):
        rig.raise_one()
    way = FakeWay()
    rig.run(lambda _: [way])

    assert AT_A_TIME == len(way.alerts)


def test_a_store_that_fails_is_noted(rig: Rig) -> None:
    rig.raise_one()
    rig.database.write(lambda rows: rows.run("DROP TABLE alerts"))
    rig.run(lambda _: [FakeWay()])

    assert rig.noted()[0].startswith("alerts.failed why=")


def test_rests_grow_up_to_an_hour() -> None:
    assert [30, 60, 120] == [rest_after(tries) for tries in (1, 2, 3)]
    assert LONGEST_REST_SECONDS == rest_after(10) == rest_after(10**9)


@pytest.fixture
def post_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return CommandLine(write_home(tmp_path / "home"))


def tell(home: Home, settings: Settings, alert: Alert = ALERT, words: Words = WORDS) -> None:
    """Tell an alert by every way of the settings, on a home that is there."""
    disk, threads = Pool("disk", 1, 8), Pool("telling", 1, 8)

    async def tell_all(ways: Sequence[Way]) -> None:
        for way in ways:
            await way.tell(alert)

    try:
        with opened(home) as system:
            ways = build_ways(home, settings, words, system.store, (disk, threads))
            asyncio.run(tell_all(ways))
    finally:
        disk.close()
        threads.close()


def program(*lines: str) -> tuple[str, ...]:
    """Return a command that runs these lines of Python."""
    return (sys.executable, "-c", "\n".join(("import json, os, sys, time", *lines)))


@pytest.fixture
def home(post_office: CommandLine) -> Home:
    return Home(post_office.folder)


def test_a_command_gets_the_alert_as_json_on_its_stdin_and_little_of_our_environment(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILLARBOX_SECRET", CANARY)
    out = tmp_path / "out"
    command = program(
        "told = json.load(sys.stdin)",
        f"open({str(out)!r}, 'w').write(json.dumps([told, dict(os.environ), sys.argv[1:]]))",
    )
    tell(home, Settings(command=(*command, "$HOME; x", "two")))
    told, environment, arguments = json.loads(out.read_text("utf-8"))

    assert {
        "number": 7,
        "at": "2027-01-15T08:00:00Z",
        "kind": "locked",
        "account": "mrose",
        "facts": {"source": "192.0.2.7"},
        "text": WORDS.sentence(ALERT),
    } == told
    assert CANARY not in str(environment)
    assert "PATH" in environment
    assert ["$HOME; x", "two"] == arguments


def test_a_command_that_does_not_read_is_none_the_worse(home: Home) -> None:
    tell(home, Settings(command=program("sys.exit(0)")))


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (program("sys.exit(3)"), "ended with 3"),
        (("/nowhere/tell",), "No such file"),
        (("/a\0",), "null byte"),
    ],
)
def test_a_command_that_fails_is_told(home: Home, command: tuple[str, ...], why: str) -> None:
    with pytest.raises(OperatorFault, match=why):
        tell(home, Settings(command=command))


@pytest.mark.slow
def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "SECONDS", 1.0)
    pids = tmp_path / "pids"
    lines = (
        "child = os.fork()",
        f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')",
        "time.sleep(600)",
    )
    rig.raise_one()
    rig.run(lambda _: [CommandWay(program(*lines), WORDS)])

    assert 'alert.failed alert=1 kind=locked by=command why="not told within 1 seconds"' in (
        rig.noted()
    )
    assert [(False, set())] == rig.told()
    begun = pids.read_text("ascii").split() if pids.exists() else []  # on a slow machine none
    assert not any(is_running(int(pid)) for pid in begun)


def is_running(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def webhook_of(home: Home, url: str) -> Settings:
    (home.folder / "webhook").write_text(url + "\n", "utf-8")
    return Settings(webhook_file="webhook")


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
def test_a_webhook_is_posted_json(home: Home, status: str) -> None:
    with serving() as web:
        web.say(b"", status)
        tell(home, webhook_of(home, web.url(f"/hook/{CANARY}?a=b")))

    (asked,) = web.asked
    assert ("POST", f"/hook/{CANARY}?a=b") == (asked.command, asked.target)
    assert "application/json" == asked.headers["Content-Type"]
    assert json.loads(WORDS.json(ALERT)) == json.loads(asked.body)


@pytest.mark.parametrize("status", ["500 Internal Server Error", "302 Found"])
def test_a_webhook_that_refuses_is_told_without_its_url(home: Home, status: str) -> None:
    with serving() as web:
        web.say(CANARY.encode(), status, f"Location: {web.url('/' + CANARY)}")
        with pytest.raises(PeerFault) as caught:
            tell(home, webhook_of(home, web.url(f"/hook/{CANARY}")))

    assert f"127.0.0.1: HTTP status {status[:3]}." == str(caught.value)
    assert 1 == len(web.asked)
    assert CANARY not in repr(caught.value)


def test_a_webhook_that_is_not_there_is_told_without_its_url(home: Home) -> None:
    with serving() as web:
        url = web.url(f"/{CANARY}")
    with pytest.raises(PeerFault) as caught:
        tell(home, webhook_of(home, url))

    assert CANARY not in repr(caught.value)


def test_a_webhook_that_never_answers_is_given_up() -> None:
    with serving() as web:
        web.answer = lambda _: web.over.wait()
        with pytest.raises(PeerFault, match="no answer within"):
            post_json(Secret(web.url().encode()), b"{}", 0.2)


@pytest.mark.parametrize(
    "text", ["", "\n", "http://example.org/x", "ftp://localhost/", "https://a/\nhttps://b/", "\xff"]
)
def test_a_file_without_the_url_of_a_webhook_is_refused_and_not_shown(
    home: Home, text: str
) -> None:
    (home.folder / "webhook").write_bytes(text.encode("latin-1"))

    with pytest.raises(OperatorFault) as caught:
        tell(home, Settings(webhook_file="webhook"))

    assert str(caught.value).startswith(str(home.folder / "webhook"))
    assert "//" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(home: Home) -> None:
    with pytest.raises(OperatorFault, match="webhook: No such file"):
        tell(home, Settings(webhook_file="webhook"))


def test_a_mail_lies_in_the_maildrop_of_the_account_that_it_is_about(home: Home) -> None:
    tell(home, Settings(mail=True))
    with opened(home) as system:
        maildrop = system.store.open_maildrop(Identity(ALERT_ACCOUNT))
        (message,) = maildrop.messages
        maildrop.release()
        with closing(system.store.read(message.digest)) as reader:
            mail = message_from_bytes(reader.read(100_000), policy=default)

    assert "Pillarbox <postmaster@pop.example.org>" == mail["From"]
    assert "mrose@pop.example.org" == mail["To"]
    assert "auto-generated" == mail["Auto-Submitted"]
    assert "Fri, 15 Jan 2027 08:00:00 +0000" == mail["Date"]
    assert "<alert-7.1800000000@pop.example.org>" == mail["Message-ID"]
    assert f"[Pillarbox] {WORDS.sentence(ALERT)}" == mail["Subject"]
    assert WORDS.text(ALERT) == mail.get_content().replace("\r\n", "\n")


def test_an_alert_about_nobody_who_is_here_is_mailed_to_nobody(home: Home) -> None:
    for alert in (replace(ALERT, account=None), replace(ALERT, is_removed=True)):
        tell(home, Settings(mail=True), alert)
    with opened(home) as system:
        maildrop = system.store.open_maildrop(Identity(ALERT_ACCOUNT))
        maildrop.release()

    assert [] == list(maildrop.messages)


@pytest.mark.slow
@given(
    name=st.from_regex(GRAMMAR, fullmatch=True).filter(lambda name: len(name) <= NAME_OCTETS),
    hostname=st.sampled_from(["localhost", "pop.example.org", "192.0.2.1", "2001:db8::1"]),
    kind=st.sampled_from([*AlertKind, "of-tomorrow"]),
    fact=st.text(st.characters(exclude_categories=["Cs"])),
    tag=st.sampled_from(["en", "ja"]),
)
def test_every_mail_is_a_message_as_it_should_be(
    name: str, hostname: str, kind: str, fact: str, tag: str
) -> None:
    words = Words(hostname, find_languages()[tag].say)
    alert = replace(ALERT, kind=kind, name=name, facts={"why": fact, fact: 1})
    octets = words.mail(alert)
    mail = message_from_bytes(octets, policy=default)
    lines = octets.split(b"\r\n")

    assert octets.isascii()
    assert b"" == lines[-1]
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 998  # RFC 5322, section 2.1.1
    assert [] == list(mail.defects)
    assert words.text(alert) == mail.get_content().replace("\r\n", "\n")
    assert all(line.isprintable() for line in words.text(alert).splitlines())
    assert name in words.sentence(alert)


class FakeApprise:
    """Notes what the package would have told; it is not installed for the tests."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.is_good = True


class FakeSender:
    def __init__(self, apprise: FakeApprise) -> None:
        self._apprise = apprise
        self._url = ""

    def add(self, url: str) -> bool:
        self._url = url
        return url.startswith("json://")

    def notify(self, body: str, title: str) -> bool:
        self._apprise.told.append((self._url, title, body))
        return self._apprise.is_good


@pytest.fixture
def apprise(monkeypatch: pytest.MonkeyPatch) -> FakeApprise:
    found = FakeApprise()
    package = SimpleNamespace(Apprise=lambda: FakeSender(found))
    monkeypatch.setitem(sys.modules, "apprise", package)
    return found


def test_apprise_is_handed_each_url_of_the_file(home: Home, apprise: FakeApprise) -> None:
    (home.folder / "urls").write_text("# ours\njson://a/\n\njson://b/\n", "utf-8")
    tell(home, Settings(apprise_file="urls"))

    said = (WORDS.sentence(ALERT), WORDS.text(ALERT))
    assert [("json://a/", *said), ("json://b/", *said)] == apprise.told


def test_apprise_that_tells_nobody_has_failed(home: Home, apprise: FakeApprise) -> None:
    apprise.is_good = False
    (home.folder / "urls").write_text("json://a/\n", "utf-8")

    with pytest.raises(PeerFault, match="apprise could not tell it"):
        tell(home, Settings(apprise_file="urls"))


def test_a_url_that_apprise_does_not_know_is_named_by_its_line(
    home: Home, apprise: FakeApprise
) -> None:
    (home.folder / "urls").write_text(f"json://a/\nx://{CANARY}/\n", "utf-8")

    with pytest.raises(OperatorFault, match="line 2") as caught:
        tell(home, Settings(apprise_file="urls"))

    assert CANARY not in repr(caught.value)


def test_apprise_that_is_not_installed_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    (home.folder / "urls").write_text("json://a/\n", "utf-8")

    with pytest.raises(OperatorFault, match="not installed"):
        tell(home, Settings(apprise_file="urls"))


def test_a_command_without_its_whole_path_is_refused(post_office: CommandLine) -> None:
    post_office.configure("command = []", 'command = ["tell"]')

    with pytest.raises(OperatorFault, match="whole path"):
        load(Home(post_office.folder))


@pytest.mark.slow
def test_a_server_tells_what_waits_by_mail_and_by_command(
    post_office: CommandLine, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = program(f"open({str(out)!r}, 'a').write(sys.stdin.read())")
    post_office.configure("command = []", f"command = {json.dumps(list(command))}")
    post_office.configure("mail = false", "mail = true")
    for port in ("1110", "1995", "1024"):
        post_office.configure(f"127.0.0.1:{port}", "127.0.0.1:0")
    home = Home(post_office.folder)
    with opened(home) as system:
        now = int(system.clock.now())
        system.database.write(
            lambda rows: raise_alert(rows, now, AlertKind.LOCKED, ALERT_ACCOUNT, source="\x1b[2J")
        )
    words = [sys.executable, "-m", "pillarbox", "--home", str(home.folder), "serve"]
    with Process(words, env=dict(os.environ), output=tmp_path / "journal", cwd=ROOT) as process:
        process.wait_until(lambda: "told" in listed(post_office))
        process.kill()
    answer = post_office.json("alert", "list")

    assert isinstance(answer, list)
    assert ["command", "mail"] == answer[0]["told_by"]
    assert 1 == len(out.read_text("utf-8").splitlines())
    assert 1 == len(post_office.do("maildrop", "list", "mrose").splitlines())
    assert "\x1b" not in (tmp_path / "journal").read_text("utf-8") + listed(post_office)


def listed(post_office: CommandLine) -> str:
    """Return what of the alerts a person reads, after the time."""
    return post_office.do("alert", "list").partition("\t")[2]


def test_alerts_are_listed_where_nobody_is_told(post_office: CommandLine) -> None:
    before = post_office.do("alert", "list")
    with opened(Home(post_office.folder)) as system:
        system.database.write(
            lambda rows: raise_alert(rows, 1, AlertKind.QUOTA, ALERT_ACCOUNT, used_octets=5)
        )

    assert "" == before
    assert "mrose\tquota\twaits\toctets used 5\n" == listed(post_office)
    assert [
        {
            "number": 1,
            "at": "1970-01-01T00:00:01Z",
            "kind": "quota",
            "account": "mrose",
            "facts": {"used_octets": 5},
            "told_by": [],
            "told_at": None,
        }
    ] == post_office.json("alert", "list")


def test_the_alerts_of_an_account_since_a_time_are_listed(post_office: CommandLine) -> None:
    with opened(Home(post_office.folder)) as system:
        other = system.accounts.add("other").id
        for at, account in ((1, ALERT_ACCOUNT), (2, other), (1_000, ALERT_ACCOUNT)):
            system.database.write(
                partial(raise_alert, at=at, kind=AlertKind.ODD_HOUR, account=account)
            )

    def numbers(*words: str) -> list[int]:
        answer = post_office.json("alert", "list", *words)
        assert isinstance(answer, list)
        return [each["number"] for each in answer]

    assert [1, 2, 3] == numbers()
    assert [1, 3] == numbers("mrose")
    assert [3] == numbers("mrose", "--since", "1970-01-01T00:01")
