"""SRV records from a name server on loopback."""

from collections.abc import Iterator

import dns.rcode
import pytest

from pillarbox.net.srv import NoDnsFault, Srv, find_srv, in_order
from tests.net.name_server import NameServer, answering

NAME = "_pop3s._tcp.example.com"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with answering() as server:
        yield server


def test_the_lowest_priority_comes_first(server: NameServer) -> None:
    server.records[NAME] = ["20 0 995 last.example.com.", "10 1 1995 First.example.com."]

    assert [
        Srv(10, 1, 1995, "first.example.com"),
        Srv(20, 0, 995, "last.example.com"),
    ] == find_srv(NAME, server.resolver())


@pytest.mark.parametrize(
    ("chance", "expected"),
    [(0, "nbca"), (1, "bnca"), (3, "bnca"), (4, "cnba"), (10, "cnba")],
)
def test_of_equal_priority_chance_decides_as_they_weigh(chance: int, expected: str) -> None:
    found = [
        Srv(10, 7, 995, "c"),
        Srv(20, 9, 995, "a"),
        Srv(10, 0, 995, "n"),
        Srv(10, 3, 995, "b"),
    ]
    chances = iter([chance])

    ordered = in_order(found, lambda bound: min(next(chances, 0), bound - 1))

    assert expected == "".join(srv.target for srv in ordered)


def test_a_dot_is_no_target(server: NameServer) -> None:
    server.records[NAME] = ["0 0 0 ."]

    assert [Srv(0, 0, 0, "")] == find_srv(NAME, server.resolver())


@pytest.mark.parametrize("records", [{}, {NAME: []}])
def test_a_name_without_records_has_none(server: NameServer, records: dict[str, list[str]]) -> None:
    server.records = records

    assert [] == find_srv(NAME, server.resolver())
    assert {NAME} == set(server.asked)


def test_a_server_that_fails_is_no_answer(server: NameServer) -> None:
    server.rcode = dns.rcode.SERVFAIL

    with pytest.raises(NoDnsFault, match=f"no answer for {NAME}: NoNameservers"):
        find_srv(NAME, server.resolver())


def test_a_silent_server_is_given_up(server: NameServer) -> None:
    server.is_silent = True

    with pytest.raises(NoDnsFault, match="LifetimeTimeout"):
        find_srv(NAME, server.resolver(), seconds=0.1)


@pytest.mark.parametrize("name", ["_pop3s._tcp.exa..mple", "_pop3s._tcp." + "x" * 64])
def test_a_name_that_cannot_be_asked_for_is_no_answer(server: NameServer, name: str) -> None:
    with pytest.raises(NoDnsFault):
        find_srv(name, server.resolver())
