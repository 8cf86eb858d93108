"""POP2 and POP1 of a real server, beside POP3 and with the same mail."""

import socket

import pytest

from tests.endtoend.post_office import ACCOUNT, PASSWORD, PostOffice

pytestmark = pytest.mark.slow
MESSAGE = b"Subject: one\r\n\r\n.\r\n"
SECONDS = 20


def configure(office: PostOffice, **settings: str) -> None:
    path = office.folder / "pillarbox.toml"
    text = path.read_text("utf-8")
    for key, value in settings.items():
        before, found, after = text.partition(f"\n{key} = ")
        assert found
        text = before + found + value + "\n" + after.partition("\n")[2]
    path.write_text(text, "utf-8")


def deliver(office: PostOffice) -> None:
    path = office.folder.with_name("one.eml")
    path.write_bytes(MESSAGE)
    office.do("deliver", ACCOUNT, path)


def said(port: int, *lines: str) -> bytes:
    """Say all of it at once; return all that is answered."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as there:
        there.sendall("".join(f"{line}\r\n" for line in lines).encode())
        with there.makefile("rb") as answers:
            return answers.read()


def test_both_serve_the_maildrop_of_pop3(office: PostOffice) -> None:
    on = '["127.0.0.1:0"]'
    configure(office, pop2=on, pop1=on, allow_plaintext_auth_without_tls="true")
    deliver(office)
    quoted = PASSWORD.replace(" ", "\\ ")

    with office.serving() as serving:
        ports = serving.ports
        pop1 = said(
            ports["pop1"],
            f"USER {ACCOUNT}",
            f"PASS {PASSWORD}",
            "RETR INBOX",
            "RCEV",
            "RCVD",
            "QUIT",
        )
        pop2 = said(ports["pop2"], f"HELO {ACCOUNT} {quoted}", "READ", "RETR", "ACKD", "QUIT")
        pop3 = said(ports["pop3"], f"USER {ACCOUNT}", f"PASS {PASSWORD}", "STAT", "QUIT")

    data = MESSAGE.join([b"\x01\x01\x01\x01\r\n"] * 2)
    assert pop1.endswith(b"+OK\r\n+OK\r\n#%d\r\n" % len(data) + data + b"+OK\r\n+OK\r\n")
    assert pop2.endswith(
        b"#1 messages\r\n=19 characters\r\n" + MESSAGE + b"=0 no such message\r\n+ OK\r\n"
    )
    assert b"+OK 0 0\r\n" in pop3


def test_a_server_that_must_not_serve_them_does_not_start(office: PostOffice) -> None:
    configure(office, pop2='["0.0.0.0:0"]', allow_plaintext_auth_without_tls="true")

    done = office.run("serve")

    assert 0 != done.code
    assert b"loopback" in done.err
