"""A trial says how far a remote lets us come, and leaves everything as it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.accounts.remote_settings import Protocol
from pillarbox.base.secret import Secret
from pillarbox.client.faults import GreetingFault, NotAcceptedFault, StlsMissingFault
from pillarbox.client.server import Server, Tls
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.source import Source
from pillarbox.collector.trial import STAGES, Ended, Net, Passed, Stage, try_remote
from pillarbox.net import connector
from pillarbox.net.connector import ConnectFault
from pillarbox.net.contexts import AuthoritiesFault
from pillarbox.net.deadline import TooSlowFault
from pillarbox.net.tls import TlsFault
from tests.client.fake_server import HANG_UP, HOST, PASSWORD, FakeServer, ca_file
from tests.client.imap_server import LOOPBACK, ImapServer
from tests.collector.rig import SOURCE, mail


def tried(fake: FakeServer, source: Source = SOURCE) -> tuple[list[Passed], Ended]:
    passed: list[Passed] = []

    async def resolve(host: str, port: int, seconds: float) -> list[str]:
        return ["192.0.2.7"]

    ended = asyncio.run(try_remote(source, passed.append, Net(resolve, fake.dial)))
    return passed, ended


def secured(tls: Tls, folder: Path) -> Source:
    return replace(SOURCE, server=Server(HOST, 110, tls, ca_file(folder), 20))


def stages(passed: list[Passed]) -> list[Stage]:
    return [each.stage for each in passed]


def test_every_stage_says_what_was_found() -> None:
    fake = FakeServer(mail(3), capabilities=("TOP", "UIDL", "SASL PLAIN"))

    passed, ended = tried(fake)

    assert Ended() == ended
    assert [
        Passed(Stage.DNS, {"addresses": ["192.0.2.7"]}),
        Passed(Stage.TCP, {"said": passed[1].found["said"]}),
        Passed(Stage.GREETING, {"said": "ready"}),
        Passed(Stage.CAPABILITIES, {"announced": ["TOP", "UIDL", "SASL PLAIN"]}),
        Passed(Stage.LOGIN, {"user": "mrose"}),
        Passed(Stage.LISTING, {"messages": 3, "octets": 60, "unique_ids": True}),
        Passed(Stage.TOP, {"octets": passed[-1].found["octets"]}),
    ] == passed


def test_nothing_is_fetched_and_nothing_is_removed() -> None:
    fake = FakeServer(mail(3))

    tried(fake)

    said = {line.split()[0] for line in fake.heard}
    assert b"QUIT" in said
    assert said.isdisjoint({b"RETR", b"DELE"})


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STLS])
def test_what_tls_agreed_on_is_told(tls: Tls, tmp_path: Path) -> None:
    fake = FakeServer(mail(1), is_implicit=tls is Tls.IMPLICIT)

    passed, ended = tried(fake, secured(tls, tmp_path))

    assert Ended() == ended
    assert list(STAGES[tls]) == stages(passed)
    [found] = [each.found for each in passed if each.stage is Stage.TLS]
    assert str(found["said"]).startswith("TLSv1.3 ")


def test_an_empty_maildrop_has_no_message_to_look_at() -> None:
    passed, ended = tried(FakeServer())

    assert Ended() == ended
    assert Passed(Stage.TOP, {"octets": None}) == passed[-1]


def test_a_server_without_top_passes() -> None:
    passed, ended = tried(FakeServer(mail(1), says={b"TOP": b"-ERR no\r\n"}))

    assert Ended() == ended
    assert Passed(Stage.TOP, {"octets": None}) == passed[-1]


def test_a_server_without_unique_ids_says_so() -> None:
    passed, _ = tried(FakeServer(mail(1), says={b"UIDL": b"-ERR no\r\n"}))

    assert [False] == [each.found["unique_ids"] for each in passed if each.stage is Stage.LISTING]


def test_a_login_that_is_refused_is_named() -> None:
    no = b"-ERR [AUTH] no\r\n"

    passed, ended = tried(FakeServer(mail(1), says={b"PASS": no, b"AUTH": no}))

    assert Stage.LOGIN is ended.stage
    assert isinstance(ended.fault, NotAcceptedFault)
    assert Stage.CAPABILITIES is stages(passed)[-1]


def test_a_greeting_that_is_none_is_named() -> None:
    _, ended = tried(FakeServer(greeting=b"-ERR [SYS/TEMP] later\r\n"))

    assert Stage.GREETING is ended.stage
    assert isinstance(ended.fault, GreetingFault)


def test_a_server_without_stls_is_named(tmp_path: Path) -> None:
    _, ended = tried(FakeServer(capabilities=("TOP",)), secured(Tls.STLS, tmp_path))

    assert Stage.TLS is ended.stage
    assert isinstance(ended.fault, StlsMissingFault)


def test_a_certificate_that_does_not_hold_is_named(tmp_path: Path) -> None:
    server = replace(secured(Tls.IMPLICIT, tmp_path).server, host="elsewhere")

    _, ended = tried(FakeServer(is_implicit=True), replace(SOURCE, server=server))

    assert Stage.TLS is ended.stage
    assert isinstance(ended.fault, TlsFault)


def test_a_server_that_is_silent_is_given_up() -> None:
    source = replace(SOURCE, deadline_seconds=0.05)

    _, ended = tried(FakeServer(says={b"CAPA": b""}), source)

    assert ended.stage is not None
    assert isinstance(ended.fault, TooSlowFault)


def test_nothing_hangs_on_the_goodbye() -> None:
    _, ended = tried(FakeServer(says={b"QUIT": HANG_UP}))

    assert Ended() == ended


def test_a_name_without_an_address_is_named() -> None:
    source = replace(SOURCE, server=replace(SOURCE.server, host="no..name"))

    ended = asyncio.run(try_remote(source, lambda _: None))

    assert Stage.DNS is ended.stage
    assert isinstance(ended.fault, ConnectFault)


def test_a_name_has_each_of_its_addresses_once() -> None:
    assert ["127.0.0.1"] == asyncio.run(connector.resolve("127.0.0.1", 995, 20))


def test_the_password_is_told_to_nobody() -> None:
    source = replace(SOURCE, password=Secret(PASSWORD.encode()))
    echo = b"-ERR wrong: " + PASSWORD.encode() + b"\r\n"

    passed, ended = tried(FakeServer(says={b"PASS": echo, b"AUTH": echo}), source)

    assert PASSWORD not in repr(passed) + str(ended.fault)


def over_imap(fake: ImapServer, tls: Tls = Tls.NONE) -> tuple[list[Passed], Ended]:
    passed: list[Passed] = []
    server = Server(LOOPBACK, fake.port, tls, None, 20, allow_password_without_tls=True)
    source = replace(SOURCE, server=server, protocol=Protocol.IMAP)
    return passed, asyncio.run(try_remote(source, passed.append))


def test_imap_is_tried_as_pop3_is() -> None:
    with ImapServer({3: b"Subject: three\r\n\r\nbody\r\n"}) as fake:
        passed, ended = over_imap(fake)

    assert Ended() == ended
    assert [stage for stage in STAGES[Tls.NONE] if stage is not Stage.CAPABILITIES] == stages(
        passed
    )
    assert 1 == passed[-2].found["messages"]
    assert set() == fake.deleted


@pytest.mark.parametrize(
    ("greeting", "capabilities", "tls", "stage"),
    [
        (b"* BYE later\r\n", "IMAP4rev1", Tls.NONE, Stage.GREETING),
        (b"* OK ready\r\n", "IMAP4rev1", Tls.STLS, Stage.TLS),
    ],
)
def test_imap_names_the_stage_that_failed(
    greeting: bytes, capabilities: str, tls: Tls, stage: Stage
) -> None:
    with ImapServer(greeting=greeting, capabilities=capabilities) as fake:
        passed, ended = over_imap(fake, tls)

    assert [Stage.DNS] == stages(passed)
    assert stage is ended.stage


def without_authorities(protocol: Protocol, tls: Tls) -> Source:
    server = Server(LOOPBACK, 1, tls, Path("/nowhere/ca.pem"), 20)
    return replace(SOURCE, server=server, protocol=protocol)


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STLS])
def test_authorities_that_cannot_be_used_belong_to_tls(protocol: Protocol, tls: Tls) -> None:
    ended = asyncio.run(try_remote(without_authorities(protocol, tls), lambda _: None))

    assert Stage.TLS is ended.stage
    assert isinstance(ended.fault, AuthoritiesFault)


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STLS])
def test_a_certificate_that_does_not_hold_belongs_to_tls_over_imap_too(tls: Tls) -> None:
    async def reach(server: Server, folders: Sequence[str]) -> Mailbox:
        raise TlsFault("The certificate does not hold: {why}.", why="it is old")

    source = without_authorities(Protocol.IMAP, tls)

    ended = asyncio.run(try_remote(source, lambda _: None, Net(reach=reach)))

    assert Stage.TLS is ended.stage
