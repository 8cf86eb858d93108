"""Where the mail of an address is: SRV from loopback's DNS, pages from loopback's HTTPS."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.remote_settings import Protocol, Tls
from pillarbox.app.autoconfig import BadConfigurationFault, read_autoconfig
from pillarbox.app.certificates import make_certificates
from pillarbox.app.discovery import Finder, find_places, finder_of_this_machine
from pillarbox.app.place import Address, Place, is_host, is_port, read_address
from pillarbox.base.errors import OperatorFault
from pillarbox.net.https_page import Pages
from pillarbox.net.srv import find_srv
from tests.net.name_server import NameServer, answering
from tests.net.web import Web, serving

ROSE = read_address("m.rose@example.com")
SERVER = """
    <incomingServer type="{type}">
      <hostname>{host}</hostname>
      <port>{port}</port>
      <socketType>{socket}</socketType>
      <username>{user}</username>
      <authentication>password-cleartext</authentication>
    </incomingServer>
"""


def page(*servers: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1">'
        f'<emailProvider id="example.com"><domain>example.com</domain>{"".join(servers)}'
        '<outgoingServer type="smtp"><hostname>smtp.example.com</hostname></outgoingServer>'
        "</emailProvider></clientConfig>"
    ).encode()


def server(
    kind: str = "pop3",
    host: str = "pop.example.com",
    port: str = "995",
    socket: str = "SSL",
    user: str = "%EMAILADDRESS%",
) -> str:
    return SERVER.format(type=kind, host=host, port=port, socket=socket, user=user)


def read(octets: bytes) -> list[Place]:
    return read_autoconfig(octets, ROSE, "page")


def test_a_configuration_has_servers_in_the_providers_order() -> None:
    found = read(
        page(
            server("imap", "imap.%EMAILDOMAIN%", "993"),
            server(port="110", socket="STARTTLS", user="%EMAILLOCALPART%"),
            server(host=" POP.example.com ", user="fixed"),
        )
    )

    assert [
        Place("imap.example.com", 993, Protocol.IMAP, Tls.IMPLICIT, "page", ROSE.text),
        Place("pop.example.com", 110, Protocol.POP3, Tls.STLS, "page", "m.rose"),
        Place("pop.example.com", 995, Protocol.POP3, Tls.IMPLICIT, "page", "fixed"),
    ] == found


@pytest.mark.parametrize(
    "odd",
    [
        server(socket="plain"),
        server(kind="exchange"),
        server(port="0"),
        server(port="65536"),
        server(port="９９５"),
        server(host="pop.example.com/path"),
        server(host=""),
        server(host="-x-.example.com"),
        "<incomingServer/>",
    ],
)
def test_a_server_that_we_may_not_use_is_left_out(odd: str) -> None:
    assert [] == read(page(odd))


def test_a_user_that_cannot_be_sent_is_left_open() -> None:
    assert [""] == [place.user for place in read(page(server(user="a&#10;b")))]


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + b"c" * 1000 + b'">]>'
    b"<clientConfig>&b;&b;</clientConfig>"
)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html><body>Not found</html>",
        BOMB,
        BOMB.decode().encode("utf-16"),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * 1000 + b"</a>" * 1000,
        b"<a>&undefined;</a>",
        b'<?xml version="1.0" encoding="nobody-knows-this"?><a/>',
        b'<?xml version="1.0" encoding="zlib_codec"?><a/>',
    ],
)
def test_what_is_no_configuration_is_refused(octets: bytes) -> None:
    with pytest.raises(BadConfigurationFault):
        read(octets)


@given(st.binary(max_size=300))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        found = read(octets)
    except BadConfigurationFault:
        return

    assert [] == found


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a@example.com", Address("a", "example.com", "a@example.com")),
        ("a@b@Example.COM", Address("a@b", "example.com", "a@b@Example.COM")),
        ("花@例え.テスト", Address("花", "xn--r8jz45g.xn--zckzah", "花@例え.テスト")),
    ],
)
def test_an_address_has_a_domain_as_dns_has_it(text: str, address: Address) -> None:
    assert address == read_address(text)


@pytest.mark.parametrize("text", ["", "a", "@example.com", "a@", "a@b c", "a@b..c", "a\n@b.c"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(OperatorFault, match="is no mail address"):
        read_address(text)


def test_a_host_is_within_its_domain_or_not() -> None:
    hosts = ("example.com", "pop.example.com", "badexample.com", "example.com.evil.net")

    assert [True, True, False, False] == [ROSE.has_host(host) for host in hosts]


def test_hosts_and_ports_have_their_bounds() -> None:
    assert not is_host("x." * 130 + "x")
    assert is_port("65535")
    assert not is_port("065")


@pytest.fixture
def names() -> Iterator[NameServer]:
    with answering() as names:
        yield names


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_certificates("localhost", datetime.now(UTC))
    (tmp_path / "pair.pem").write_bytes(made.certificate + made.key)
    (tmp_path / "ca.pem").write_bytes(made.ca)
    with serving(tmp_path / "pair.pem", "localhost") as web:
        web.say(b"", "404 Not Found")
        yield web


@pytest.fixture
def finder(names: NameServer, web: Web, tmp_path: Path) -> Finder:
    resolver = names.resolver()
    pages = Pages(ssl.create_default_context(cafile=tmp_path / "ca.pem"))
    return Finder(
        lambda name: find_srv(name, resolver),
        pages.get,
        (web.url("/{domain}?emailaddress={address}", "https"), web.url("/well-known", "https")),
    )


def test_each_place_is_asked_and_tells_nothing_but_the_address(
    finder: Finder, names: NameServer, web: Web
) -> None:
    found = find_places(ROSE, finder)

    assert () == found.places
    assert ["localhost: HTTP status 404."] * 2 == [str(fault) for fault in found.faults]
    assert ["/example.com?emailaddress=m.rose%40example.com", "/well-known"] == [
        asked.target for asked in web.asked
    ]
    assert {
        "_pop3s._tcp.example.com",
        "_pop3._tcp.example.com",
        "_imaps._tcp.example.com",
        "_imap._tcp.example.com",
    } == set(names.asked)


def test_pop3_comes_before_imap_and_tls_from_the_first_octet_before_stls(
    finder: Finder, names: NameServer
) -> None:
    names.records = {
        "_pop3s._tcp.example.com": ["0 1 995 a.example.com."],
        "_pop3._tcp.example.com": ["0 1 110 b.example.com."],
        "_imaps._tcp.example.com": ["0 1 993 c.example.com."],
        "_imap._tcp.example.com": ["0 1 143 d.example.com."],
    }

    found = find_places(ROSE, finder).places

    assert ["a", "b", "c", "d"] == [place.host[0] for place in found]
    assert [Tls.IMPLICIT, Tls.STLS] * 2 == [place.tls for place in found]
    assert "SRV _pop3s._tcp.example.com" == found[0].source


def test_what_the_domain_prefers_comes_first(finder: Finder, names: NameServer) -> None:
    names.records = {
        "_pop3s._tcp.example.com": ["10 1 995 pop.example.com."],
        "_imap._tcp.example.com": ["0 1 143 imap.example.com."],
        "_imaps._tcp.example.com": ["0 0 0 ."],
    }

    found = find_places(ROSE, finder).places

    assert ["imap.example.com", "pop.example.com"] == [place.host for place in found]


def test_a_service_that_is_said_not_to_be_there_is_not(finder: Finder, names: NameServer) -> None:
    names.records = {"_pop3s._tcp.example.com": ["0 0 0 ."]}

    assert () == find_places(ROSE, finder).places


def test_a_page_comes_before_dns(finder: Finder, names: NameServer, web: Web) -> None:
    names.records = {"_pop3s._tcp.example.com": ["0 1 995 srv.example.com."]}
    web.say(page(server(), server("imap", port="993")))

    found = find_places(ROSE, finder).places

    assert ["pop.example.com"] * 4 + ["srv.example.com"] == [place.host for place in found]
    assert Protocol.POP3 is found[0].protocol
    assert web.url("/example.com", "https") == found[0].source


def test_a_bad_page_does_not_hide_what_dns_says(
    finder: Finder, names: NameServer, web: Web
) -> None:
    names.records = {"_imaps._tcp.example.com": ["0 1 993 imap.example.com."]}
    web.say(BOMB)

    found = find_places(ROSE, finder)

    assert ["imap.example.com"] == [place.host for place in found.places]
    assert 2 == len(found.faults)


def test_this_machine_asks_the_domain_and_nobody_else() -> None:
    finder = finder_of_this_machine()

    assert find_srv is finder.find_srv
    assert all(page.startswith("https://") and "{domain}" in page for page in finder.pages)
