"""What we send to a server: one line each, and nothing that ends a line before its time."""

import pytest

from pillarbox.base.secret import Secret
from pillarbox.wire.pop3.commands import AuthCancel, Command, Pass, UnsendableFault, encode
from pillarbox.wire.pop3.verbs import (
    COMMAND_OCTETS,
    Auth,
    AuthResponse,
    Capa,
    Dele,
    List,
    Noop,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
)
from tests.wire.hearing import conversation

SENT = [
    (User("mrose"), b"USER mrose\r\n"),
    (User("山田"), "USER 山田\r\n".encode()),
    (Pass(Secret(b"correct horse")), b"PASS correct horse\r\n"),
    (Auth("PLAIN", Secret(b"\0a\0b")), b"AUTH PLAIN AGEAYg==\r\n"),
    (Auth("PLAIN", Secret(b"")), b"AUTH PLAIN =\r\n"),
    (Auth("PLAIN", None), b"AUTH PLAIN\r\n"),
    (Auth("PLAIN", Secret(b"x" * 300)), b"AUTH PLAIN\r\n"),
    (AuthResponse(Secret(b"\0a\0b")), b"AGEAYg==\r\n"),
    (AuthResponse(Secret(b"")), b"\r\n"),
    (AuthCancel(), b"*\r\n"),
    (Capa(), b"CAPA\r\n"),
    (Stls(), b"STLS\r\n"),
    (Stat(), b"STAT\r\n"),
    (List(), b"LIST\r\n"),
    (List(3), b"LIST 3\r\n"),
    (Uidl(), b"UIDL\r\n"),
    (Uidl(3), b"UIDL 3\r\n"),
    (Retr(1), b"RETR 1\r\n"),
    (Top(1, 0), b"TOP 1 0\r\n"),
    (Dele(2), b"DELE 2\r\n"),
    (Noop(), b"NOOP\r\n"),
    (Rset(), b"RSET\r\n"),
    (Quit(), b"QUIT\r\n"),
]


@pytest.mark.parametrize(("command", "octets"), SENT)
def test_a_command_is_one_line(command: Command, octets: bytes) -> None:
    assert octets == encode(command)


@pytest.mark.parametrize("octet", [b"\r", b"\n", b"\0"])
def test_a_line_end_or_a_nul_in_a_name_or_password_is_refused(octet: bytes) -> None:
    password = b"a" + octet + b"DELE 1"
    client = conversation()

    with pytest.raises(UnsendableFault):
        client.send(Pass(Secret(password)))
    with pytest.raises(UnsendableFault):
        client.send(User(password.decode()))


def test_a_password_that_no_command_can_hold_is_refused_without_being_shown() -> None:
    most = COMMAND_OCTETS - len(b"PASS \r\n")

    assert COMMAND_OCTETS == len(encode(Pass(Secret(b"p" * most))))
    with pytest.raises(UnsendableFault) as refused:
        encode(Pass(Secret(b"p" * (most + 1))))
    assert "ppp" not in str(refused.value)


def test_the_password_is_not_in_the_repr_of_what_was_sent() -> None:
    assert "horse" not in repr(Pass(Secret(b"horse"))) + repr(Auth("PLAIN", Secret(b"horse")))
