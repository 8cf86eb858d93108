"""Getting in: what crosses in clear, what is said, and what each refusal is called."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from hashlib import md5
from pathlib import Path

import pytest

from pillarbox.base.errors import Bug, PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.channel import Channel
from pillarbox.client.connect import connect
from pillarbox.client.faults import (
    GreetingFault,
    HungUpFault,
    MechanismMissingFault,
    NotAcceptedFault,
    PasswordWithoutTlsFault,
    RemoteInUseFault,
    StlsMissingFault,
    TryLaterFault,
)
from pillarbox.client.server import Server, Tls
from pillarbox.net.deadline import TooSlowFault
from pillarbox.net.memory import memory_pair
from pillarbox.net.stream import Stream
from pillarbox.net.tls import TlsFault
from pillarbox.sasl.client import MechanismFault, UnfitFault
from pillarbox.wire.pop3.answers import GarbageFault, StlsInjectionFault
from pillarbox.wire.pop3.verbs import Noop
from tests.client.fake_server import HANG_UP, HOST, FakeServer, ca_file
from tests.client.sessions import CLEAR, MAIL, logged_in, login_fault, retrieved, run, without

TIMESTAMP = b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n"

# TLS


@pytest.fixture
def secure(tmp_path: Path) -> Server:
    return Server(HOST, 110, Tls.STLS, ca_file(tmp_path), timeout_seconds=20)


def test_with_stls_only_capa_and_stls_cross_in_clear(secure: Server) -> None:
    fake = FakeServer()

    run(logged_in(fake, secure))

    assert b"CAPA\r\nSTLS\r\n" == fake.heard_in_clear
    assert b"AUTH PLAIN " + b64encode(b"\0mrose\0correct horse") in fake.heard


def test_with_implicit_tls_nothing_crosses_in_clear(secure: Server) -> None:
    fake = FakeServer(is_implicit=True)

    run(logged_in(fake, replace(secure, tls=Tls.IMPLICIT)))

    assert b"" == fake.heard_in_clear
    assert 1 == fake.count(b"AUTH PLAIN")


def test_what_was_announced_before_tls_is_asked_for_again(secure: Server) -> None:
    fake = FakeServer()

    run(logged_in(fake, secure))

    assert [b"CAPA", b"STLS", b"CAPA"] == fake.heard[:3]


STRIPPED = {
    "not announced": FakeServer(capabilities=without("STLS")),
    "refused": FakeServer(says={b"STLS": b"-ERR no\r\n"}),
    "no CAPA": FakeServer(says={b"CAPA": b"-ERR no\r\n"}),
}


@pytest.mark.parametrize("how", STRIPPED)
def test_without_stls_the_session_ends_and_no_password_is_sent(how: str, secure: Server) -> None:
    fake = STRIPPED[how]

    assert isinstance(login_fault(fake, secure), StlsMissingFault)
    assert not {line.split()[0] for line in fake.heard} & {b"USER", b"PASS", b"AUTH"}


def test_octets_injected_behind_the_reply_to_stls_end_the_session(secure: Server) -> None:
    fake = FakeServer(says={b"STLS": b"+OK\r\n+OK injected\r\n"})

    assert isinstance(login_fault(fake, secure), StlsInjectionFault)
    assert b"CAPA\r\nSTLS\r\n" == fake.heard_in_clear


def test_octets_injected_in_a_packet_of_their_own_end_the_session_before_the_handshake(
    secure: Server,
) -> None:
    near, far = memory_pair()

    async def never(stream: Stream) -> Stream:
        raise AssertionError

    async def injected() -> None:
        channel = Channel(near, 20, is_secure=False)
        await far.write(b"+OK injected\r\n")
        await channel.secure(never)

    with pytest.raises(StlsInjectionFault):
        run(injected())


def test_a_certificate_of_an_unknown_authority_is_not_taken(secure: Server) -> None:
    fake = FakeServer()

    assert isinstance(login_fault(fake, replace(secure, ca_file=None)), TlsFault)
    assert [b"CAPA", b"STLS"] == fake.heard


def test_a_certificate_of_another_name_is_not_taken(secure: Server) -> None:
    fake = FakeServer(is_implicit=True)

    assert isinstance(
        login_fault(fake, replace(secure, host="pop.example", tls=Tls.IMPLICIT)), TlsFault
    )


def test_without_tls_no_password_is_sent_unless_it_is_allowed() -> None:
    fake = FakeServer()

    with pytest.raises(PasswordWithoutTlsFault):
        run(logged_in(fake, replace(CLEAR, allow_password_without_tls=False)))
    assert [b"CAPA"] == fake.heard


@pytest.mark.parametrize("mechanism", ["PLAIN", "USER", "APOP"])
def test_without_tls_no_password_is_sent_by_a_mechanism_that_was_asked_for(mechanism: str) -> None:
    fake = FakeServer(greeting=TIMESTAMP)
    server = replace(CLEAR, allow_password_without_tls=False, mechanism=mechanism)

    with pytest.raises(PasswordWithoutTlsFault):
        run(logged_in(fake, server))
    assert [b"CAPA"] == fake.heard


# Logging in


def test_where_plain_is_not_announced_user_and_pass_are_sent() -> None:
    fake = FakeServer(capabilities=without("SASL"))

    run(logged_in(fake))

    assert [b"CAPA", b"USER mrose", b"PASS correct horse"] == fake.heard


def test_where_user_is_refused_the_password_is_not_sent() -> None:
    fake = FakeServer(capabilities=without("SASL"), says={b"USER": b"-ERR no\r\n"})

    assert isinstance(login_fault(fake), NotAcceptedFault)
    assert 0 == fake.count(b"PASS")


@pytest.mark.parametrize("way", ["LOGIN", "XOAUTH2", "SCRAM-SHA-256", "APOP"])
def test_a_mechanism_that_is_asked_for_and_not_offered_is_not_replaced_by_another(way: str) -> None:
    fake = FakeServer()

    assert isinstance(login_fault(fake, replace(CLEAR, mechanism=way)), MechanismMissingFault)
    assert [b"CAPA"] == fake.heard


def test_a_server_that_offers_nothing_that_we_have_gets_no_password() -> None:
    fake = FakeServer(capabilities=("SASL GSSAPI",))

    assert isinstance(login_fault(fake), MechanismMissingFault)
    assert [b"CAPA"] == fake.heard


def test_apop_answers_the_timestamp_of_the_greeting_where_it_is_asked_for() -> None:
    fake = FakeServer(greeting=TIMESTAMP)
    digest = md5(b"<1896.697170952@dbc.mtview.ca.us>correct horse", usedforsecurity=False)

    run(logged_in(fake, replace(CLEAR, mechanism="APOP")))

    assert b"APOP mrose " + digest.hexdigest().encode() == fake.heard[-1]


def test_a_timestamp_that_came_before_tls_is_not_answered(secure: Server) -> None:
    fake = FakeServer(greeting=TIMESTAMP)

    fault = login_fault(fake, replace(secure, mechanism="APOP"))

    assert isinstance(fault, MechanismMissingFault)


def test_the_strongest_mechanism_is_taken_and_a_refusal_ends_the_attempt() -> None:
    fake = FakeServer(
        capabilities=("SASL PLAIN SCRAM-SHA-1 SCRAM-SHA-256", "USER"),
        says={b"AUTH": b"-ERR [AUTH] no\r\n"},
    )

    assert isinstance(login_fault(fake), NotAcceptedFault)
    assert [b"CAPA", b"AUTH SCRAM-SHA-256"] == [
        line.rpartition(b" ")[0] or line for line in fake.heard
    ]


def test_a_server_that_lets_us_in_without_proving_itself_is_left(secure: Server) -> None:
    fake = FakeServer(capabilities=("STLS", "SASL SCRAM-SHA-256-PLUS"), says={b"AUTH": b"+OK\r\n"})

    assert isinstance(login_fault(fake, secure), MechanismFault)
    assert fake.heard[-1].startswith(b"AUTH SCRAM-SHA-256-PLUS ")


def test_a_refused_mechanism_is_not_followed_by_another() -> None:
    fake = FakeServer(says={b"AUTH": b"-ERR [AUTH] no\r\n"})

    assert isinstance(login_fault(fake), NotAcceptedFault)
    assert [b"CAPA"] == [line for line in fake.heard if not line.startswith(b"AUTH")]


REFUSALS = [
    (b"-ERR [AUTH] no", NotAcceptedFault),
    (b"-ERR who are you", NotAcceptedFault),
    (b"-ERR [IN-USE] busy", RemoteInUseFault),
    (b"-ERR [SYS/TEMP] later", TryLaterFault),
    (b"-ERR [SYS/PERM] broken", TryLaterFault),
    (b"-ERR [LOGIN-DELAY] later", TryLaterFault),
]


@pytest.mark.parametrize(("line", "fault"), REFUSALS)
def test_the_reply_code_says_why_the_login_failed(line: bytes, fault: type[PeerFault]) -> None:
    assert fault is type(login_fault(FakeServer(says={b"AUTH": line + b"\r\n"})))


def test_a_challenge_is_answered_once_and_then_the_exchange_is_cancelled() -> None:
    response = b64encode(b"\0mrose\0correct horse")
    patient = FakeServer(says={b"AUTH": b"+ \r\n"})
    endless = FakeServer(says={b"AUTH": b"+ \r\n", response: b"+ \r\n", b"*": b"-ERR bye\r\n"})

    run(logged_in(patient))

    assert response == patient.heard[-1]
    assert isinstance(login_fault(endless), MechanismFault)
    assert b"*" == endless.heard[-1]


def cancelled(*after_cancel: bytes) -> FakeServer:
    says = {b"AUTH": b"+ no base64!\r\n"}
    return FakeServer(says=says | dict(zip([b"*"], after_cancel, strict=False)))


@pytest.mark.parametrize("server", [cancelled(b"-ERR as you wish\r\n"), cancelled(b"+ =\r\n")])
def test_an_exchange_with_a_challenge_that_is_not_base64_is_cancelled(server: FakeServer) -> None:
    assert isinstance(login_fault(server), GarbageFault)
    assert [b"AUTH", b"*"] == [line.split()[0] for line in server.heard[1:]]


@pytest.mark.parametrize("after_cancel", [HANG_UP, b"", b"what?\r\n"])
def test_what_the_server_makes_of_a_cancel_does_not_hide_the_reason(after_cancel: bytes) -> None:
    server = replace(CLEAR, timeout_seconds=0.05)

    assert isinstance(login_fault(cancelled(after_cancel), server), GarbageFault)


def test_the_reply_to_a_cancel_is_read_before_the_connection_is_left() -> None:
    fake = cancelled(b"-ERR as you wish\r\n")

    async def next_command() -> bool:
        connection = await connect(CLEAR, fake.dial)
        with pytest.raises(GarbageFault):
            await connection.login("mrose", Secret(b"secret"))
        return await connection.quit()

    assert run(next_command())
    assert b"QUIT" == fake.heard[-1]


@pytest.mark.parametrize(("name", "password"), [("a\0b", b"c"), ("a", b"b\0c")])
def test_a_nul_would_shift_the_parts_of_plain_and_is_refused(name: str, password: bytes) -> None:
    fake = FakeServer()

    async def attempt() -> None:
        connection = await connect(CLEAR, fake.dial)
        await connection.login(name, Secret(password))

    with pytest.raises(UnfitFault):
        run(attempt())
    assert [b"CAPA"] == fake.heard


def test_a_server_without_capa_is_spoken_to_in_the_old_way() -> None:
    fake = FakeServer(MAIL, says={b"CAPA": b"-ERR what\r\n"})

    async def numbers() -> list[int]:
        connection = await logged_in(fake)
        return [number async for number, _ in connection.retrieve([1, 2, 3])]

    assert [1, 2, 3] == run(numbers())
    assert 1 == fake.most_lines_at_once


# Waiting and breaking off


def test_a_greeting_that_refuses_ends_the_session() -> None:
    fault = login_fault(FakeServer(greeting=b"-ERR [SYS/TEMP] full\r\n"))

    assert isinstance(fault, GreetingFault)
    assert "SYS/TEMP" == fault.code


@pytest.mark.parametrize("keyword", [b"CAPA", b"AUTH"])
def test_no_wait_is_without_a_deadline(keyword: bytes) -> None:
    fake = FakeServer(says={keyword: b""})

    assert isinstance(login_fault(fake, replace(CLEAR, timeout_seconds=0.01)), TooSlowFault)


def test_a_silent_handshake_has_a_deadline(secure: Server) -> None:
    fake = FakeServer(greeting=b"")
    server = replace(secure, tls=Tls.IMPLICIT, timeout_seconds=0.01)

    assert isinstance(login_fault(fake, server), TooSlowFault)


def test_a_connection_that_is_cut_in_a_message_is_a_fault() -> None:
    async def everything() -> dict[int, bytes | None]:
        return await retrieved(await logged_in(FakeServer(MAIL, cut_after=1000)), [2])

    with pytest.raises(HungUpFault):
        run(everything())


def test_closing_does_not_wait_for_a_peer_that_does_not_read() -> None:
    class Stuck:
        peer = "192.0.2.1"
        has_unread = False
        end_point = None
        is_aborted = False

        async def read(self) -> bytes:
            return b""

        async def write(self, octets: bytes) -> None: ...

        async def close(self) -> None:
            await asyncio.Event().wait()

        def abort(self) -> None:
            self.is_aborted = True

    stuck = Stuck()

    async def close() -> None:
        await Channel(stuck, 0.01, is_secure=False).close()

    run(close())
    assert stuck.is_aborted


def test_taking_one_answer_for_another_is_our_bug() -> None:
    near, far = memory_pair()

    async def confuse() -> None:
        channel = Channel(near, 20, is_secure=False)
        await far.write(b"+OK\r\n")
        await channel.reply()

    with pytest.raises(Bug):
        run(confuse())


def test_an_open_conversation_is_of_use_for_any_command() -> None:
    near, far = memory_pair()

    async def ask() -> bool:
        channel = Channel(near, 20, is_secure=False)
        await far.write(b"+OK\r\n+OK\r\n")
        await channel.send([Noop()])
        await channel.greeting()
        return (await channel.reply()).is_ok

    assert run(ask())
