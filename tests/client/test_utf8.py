"""UTF-8 in logins and messages: RFC 6856."""

from dataclasses import replace
from hashlib import md5
from pathlib import Path

import pytest

from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.faults import BeyondAsciiFault
from pillarbox.client.server import Server, Tls
from pillarbox.sasl.client import UnfitFault
from tests.client.fake_server import HOST, FakeServer, ca_file
from tests.client.sessions import CLEAR, logged_in, run

TAKES_UTF8 = ("USER", "UTF8 USER")
GREETING = b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n"
BY_APOP = replace(CLEAR, mechanism="APOP")


def log_in(
    fake: FakeServer, name: str = "mrose", password: bytes = b"secret", server: Server = CLEAR
) -> None:
    async def attempt() -> None:
        await (await connect(server, fake.dial)).login(name, Secret(password))

    run(attempt())


# The command


def test_where_utf8_is_announced_it_is_said_before_the_login() -> None:
    fake = FakeServer(capabilities=("USER", "UTF8"))

    log_in(fake)

    assert [b"CAPA", b"UTF8", b"USER mrose", b"PASS secret"] == fake.heard


def test_where_utf8_is_not_announced_it_is_not_said() -> None:
    fake = FakeServer()

    log_in(fake)

    assert 0 == fake.count(b"UTF8")


def test_a_refusal_of_utf8_changes_nothing() -> None:
    fake = FakeServer(capabilities=("USER", "UTF8"), says={b"UTF8": b"-ERR not now\r\n"})

    log_in(fake)

    assert [b"CAPA", b"UTF8", b"USER mrose", b"PASS secret"] == fake.heard


def test_utf8_is_said_behind_stls_and_as_the_server_announces_it_there(tmp_path: Path) -> None:
    fake = FakeServer(capabilities=("STLS", "USER", "UTF8"))

    run(logged_in(fake, Server(HOST, 110, Tls.STLS, ca_file(tmp_path), timeout_seconds=20)))

    assert b"CAPA\r\nSTLS\r\n" == fake.heard_in_clear
    assert [b"CAPA", b"STLS", b"CAPA", b"UTF8"] == fake.heard[:4]


# Names and passwords


@pytest.mark.parametrize(
    "capabilities",
    [("USER",), ("USER", "UTF8"), ("USER", "UTF8 PASS"), ("SASL", "USER", "UTF8 X")],
)
@pytest.mark.parametrize(("name", "password"), [("römer", b"secret"), ("mrose", b"gr\xc3\xbcn")])
@pytest.mark.parametrize("server", [CLEAR, BY_APOP])
def test_nothing_beyond_ascii_is_sent_to_a_server_that_does_not_say_that_it_takes_it(
    server: Server, name: str, password: bytes, capabilities: tuple[str, ...]
) -> None:
    fake = FakeServer(capabilities=capabilities, greeting=GREETING)

    with pytest.raises(BeyondAsciiFault) as refused:
        log_in(fake, name, password, server)

    assert [b"CAPA"] == fake.heard
    assert "grün" not in str(refused.value)


def test_nothing_beyond_ascii_is_sent_to_a_server_without_capa() -> None:
    fake = FakeServer(says={b"CAPA": b"-ERR what\r\n"})

    with pytest.raises(BeyondAsciiFault):
        log_in(fake, "römer")

    assert [b"CAPA"] == fake.heard


def test_sasl_carries_utf8_by_itself() -> None:
    fake = FakeServer()

    log_in(fake, "römer", "grün".encode())

    assert 1 == fake.count(b"AUTH PLAIN ")


@pytest.mark.parametrize("capabilities", [TAKES_UTF8, ("USER", "utf8 user")])
def test_user_and_pass_carry_what_is_prepared_as_a_query(capabilities: tuple[str, ...]) -> None:
    fake = FakeServer(capabilities=capabilities)

    # A non-ASCII space, compatibility forms; and U+1F511, which came after Unicode 3.2.
    log_in(fake, "ro\u0308mer", "ﬁn\u00a0Ⅳ\U0001f511".encode())

    assert ["USER römer", "PASS fin IV\U0001f511"] == [line.decode() for line in fake.heard[2:]]


def test_what_is_ascii_beside_it_is_left_as_it_is() -> None:
    one, other = FakeServer(capabilities=TAKES_UTF8), FakeServer(capabilities=TAKES_UTF8)

    log_in(one, "römer", b"with\ttab")
    log_in(other, "mrose", "grün".encode())

    assert [b"USER r\xc3\xb6mer", b"PASS with\ttab"] == one.heard[2:]
    assert [b"USER mrose", b"PASS gr\xc3\xbcn"] == other.heard[2:]


def test_apops_name_and_password_are_prepared_before_the_digest_is_made() -> None:
    fake = FakeServer(capabilities=TAKES_UTF8, greeting=GREETING)
    timestamp = GREETING.removeprefix(b"+OK ready ").rstrip()
    digest = md5(timestamp + "grün".encode(), usedforsecurity=False).hexdigest()

    log_in(fake, "ro\u0308mer", "gru\u0308n".encode(), BY_APOP)

    assert f"APOP römer {digest}" == fake.heard[-1].decode()


UNFIT = [
    ("a\u200eü", b"secret", CLEAR),  # RFC 4013, section 2.3 prohibits it
    ("a\udc80", b"secret", CLEAR),
    ("\u00ad", b"secret", CLEAR),  # nothing is left of it
    ("mrose", "a\u200eü".encode(), CLEAR),
    ("mrose", b"latin \xfc", CLEAR),
    ("mrose", b"latin \xfc", BY_APOP),
    ("mrose", "new \U0001f511".encode(), BY_APOP),  # a stored string has no unassigned character
]


@pytest.mark.parametrize(("name", "password", "server"), UNFIT)
def test_what_cannot_be_prepared_is_not_sent(name: str, password: bytes, server: Server) -> None:
    fake = FakeServer(capabilities=TAKES_UTF8, greeting=GREETING)

    with pytest.raises(UnfitFault):
        log_in(fake, name, password, server)

    assert [b"CAPA"] == fake.heard
