"""The server as a process: what signals do, what other processes see, and what `up` promises."""

import re
import shutil
import signal
import socket
from importlib import resources
from pathlib import Path

import pytest

from pillarbox.app.first_run import ACCOUNT as FIRST_ACCOUNT
from tests.endtoend.plain_client import connected, presented
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving
from tests.peers.curl import LOGIN_DENIED, Curl
from tests.peers.fetch import Tls
from tests.peers.openssl import issue, make_authority

BIG = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 200_000
PASSWORD_LINE = re.compile(r"^Password: (\S+)", re.MULTILINE)
pytestmark = pytest.mark.slow


def deliver(office: PostOffice, message: bytes, name: str = "one.eml") -> None:
    path = office.folder.with_name(name)
    path.write_bytes(message)
    office.do("deliver", ACCOUNT, path)


def test_new_mail_is_seen_at_the_next_login_only(office: PostOffice, serving: Serving) -> None:
    port = serving.ports["pop3s"]
    with connected(port, serving.authority) as client:
        client.login()
        deliver(office, b"Subject: new\r\n\r\n")
        before = client.ask("STAT")
        client.ask("QUIT")
    with connected(port, serving.authority) as client:
        client.login()
        after = client.ask("STAT")

    assert (b"+OK 0 0\r\n", b"+OK 1 16\r\n") == (before, after)


def test_sigterm_ends_a_server_cleanly(serving: Serving) -> None:
    serving.process.send(signal.SIGTERM)

    assert 0 == serving.process.wait()


def test_sigint_ends_a_server_cleanly(serving: Serving) -> None:
    serving.process.send(signal.SIGINT)

    assert 0 == serving.process.wait()


def test_a_server_that_ended_says_of_no_listener(office: PostOffice, serving: Serving) -> None:
    serving.process.send(signal.SIGTERM)
    serving.process.wait()

    assert not (office.folder / "run" / "listeners.json").exists()


def test_sigterm_ends_a_session_that_only_waits(serving: Serving) -> None:
    with connected(serving.ports["pop3s"], serving.authority) as client:
        client.login()
        serving.process.send(signal.SIGTERM)

        assert b"" == client.line()
    assert 0 == serving.process.wait()


def test_sigterm_lets_a_message_under_way_come_to_its_end(
    office: PostOffice, serving: Serving
) -> None:
    deliver(office, BIG)
    with connected(serving.ports["pop3s"], serving.authority) as client:
        client.login()
        client.ask("RETR 1")
        serving.process.send(signal.SIGTERM)
        serving.process.wait_until(lambda: not (office.folder / "run" / "listeners.json").exists())

        assert BIG == b"".join(client.lines())
        assert b"" == client.line()
    assert 0 == serving.process.wait()


def test_sighup_takes_a_new_certificate(
    office: PostOffice, serving: Serving, tmp_path: Path
) -> None:
    other = issue(make_authority(tmp_path / "other"), tmp_path / "other")
    before = presented(serving.ports["pop3s"], serving.authority)
    shutil.copy(other.certificate, office.folder / "tls" / "server.pem")
    shutil.copy(other.key, office.folder / "tls" / "server.key")
    serving.process.send(signal.SIGHUP)
    serving.process.wait_until(lambda: b"certificate.loaded" in serving.process.said())

    after = presented(serving.ports["pop3s"], other.authority.certificate)

    assert before != after


@pytest.mark.parametrize("bad", ["", "garbage", "another's"])
def test_sighup_refuses_a_bad_pair_and_serves_the_old_one(
    bad: str, office: PostOffice, serving: Serving, tmp_path: Path
) -> None:
    certificate = office.folder / "tls" / "server.pem"
    before = presented(serving.ports["pop3s"], serving.authority)
    if bad == "another's":
        other = issue(make_authority(tmp_path / "other"), tmp_path / "other")
        shutil.copy(other.certificate, certificate)
    else:
        certificate.write_text(bad, "ascii")
    serving.process.send(signal.SIGHUP)
    serving.process.wait_until(lambda: b"certificate.refused" in serving.process.said())

    assert before == presented(serving.ports["pop3s"], serving.authority)


def test_a_session_from_before_goes_on_under_a_new_certificate(
    office: PostOffice, serving: Serving
) -> None:
    with connected(serving.ports["pop3s"], serving.authority) as client:
        client.login()
        serving.process.send(signal.SIGHUP)
        serving.process.wait_until(lambda: b"certificate.loaded" in serving.process.said())

        assert client.ask("NOOP").startswith(b"+OK")


def test_a_port_that_is_taken_is_named(office: PostOffice) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        path = office.folder / "pillarbox.toml"
        text = path.read_text("utf-8").replace('["127.0.0.1:0"]', f'["{address}"]', 1)
        path.write_text(text, "utf-8")

        done = office.run("serve")

    assert 1 == done.code
    assert f"Cannot listen on {address}".encode() in done.err


def test_two_servers_do_not_give_one_maildrop_to_two_sessions(
    office: PostOffice, serving: Serving
) -> None:
    with (
        office.serving() as other,
        connected(serving.ports["pop3s"], serving.authority) as first,
        connected(other.ports["pop3s"], other.authority) as second,
    ):
        first.login()

        assert second.login().startswith(b"-ERR [IN-USE]")


def samples() -> list[bytes]:
    folder = resources.files("pillarbox") / "samples"
    files = sorted(folder.iterdir(), key=lambda path: path.name)
    return [path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for path in files]


def test_up_makes_a_home_says_how_to_connect_and_keeps_it(tmp_path: Path) -> None:
    office = PostOffice(tmp_path / "new")
    office.do("init")
    office.take_any_ports()
    curl = Curl(tmp_path / "curl")
    with office.serving("up") as serving:
        serving.process.wait_until(lambda: b"Ctrl-C" in serving.process.said())
        first = serving.process.said().decode()
        found = PASSWORD_LINE.search(first)
        assert found, first
        peer = serving.as_peer(Tls.IMPLICIT, account=FIRST_ACCOUNT, password=found[1])
        got = [curl.retrieve(peer, number).out for number in range(1, 6)]
        wrong = curl.listing(peer.but(password="wrong"))
        serving.process.send(signal.SIGINT)
        assert 0 == serving.process.wait()
    with office.serving("up") as again:
        again.process.wait_until(lambda: again.process.said().count(b"Ctrl-C") == 2)
        second = again.process.said().decode().removeprefix(first)
        kept = curl.retrieve(
            again.as_peer(Tls.IMPLICIT, account=peer.account, password=found[1]), 5
        )

    assert samples() == got
    assert got[4] == kept.out
    assert LOGIN_DENIED == wrong.code
    for kind in ("pop3", "pop3s", "lmtp"):
        assert f"127.0.0.1:{serving.ports[kind]}" in first
    for said in (first, second):
        assert str(office.authority) in said
        assert 3 == len(said.partition("Try:\n")[2].partition("\n\n")[0].splitlines())
    assert PASSWORD_LINE.search(second) is None
    assert found[1] not in second
    assert f"Accounts: {FIRST_ACCOUNT}" in second


def test_the_commands_that_up_prints_collect_the_samples(tmp_path: Path) -> None:
    office = PostOffice(tmp_path / "new")
    office.do("init")
    office.take_any_ports()
    with office.serving("up") as serving:
        serving.process.wait_until(lambda: b"Ctrl-C" in serving.process.said())
        said = serving.process.said().decode()
        found = PASSWORD_LINE.search(said)
        assert found, said
        line = next(line for line in said.splitlines() if " remote add self " in line)
        add, collect = line.split(" && ")
        words = add.partition(f" --home {office.folder} ")[2].split()
        office.do(*words, "--password-stdin", said=found[1].encode() + b"\n")
        done = office.run(*collect.partition(f" --home {office.folder} ")[2].split())

    assert 0 == done.code
    assert done.out.startswith(b"self: 5 listed, 5 collected, ")
    assert 5 == len(office.answer("archive", "list"))  # what is in the maildrop is not doubled
