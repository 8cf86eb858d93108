"""Real clients log in with each mechanism that they have, and are refused with a wrong secret."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endtoend.client_table import PAGES, read_table, table
from tests.endtoend.logins import PROGRAMS, WAYS, does_apply, furnish, secret_for
from tests.endtoend.post_office import Serving, open_office
from tests.net.web import serving as web_serving
from tests.peers.fetch import Tls

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, str]]:
    office = open_office(tmp_path_factory.mktemp("logins") / "home")
    with web_serving() as web:
        password = furnish(office, web)
        with office.serving() as server:
            yield server, password


def check(name: str, way: str, tls: Tls, switched_on: tuple[Serving, str], home: Path) -> None:
    serving, password = switched_on
    program = PROGRAMS[name]
    if way not in program.ways() or not does_apply(way, tls):
        pytest.skip(f"{name} has no {way} here")
    server = serving.as_peer(tls, password=secret_for(way, password), host="localhost")

    assert program.attempt(server, way, home / "right")
    assert not program.attempt(server.but(password="wrong"), way, home / "wrong")


@pytest.mark.interop
@pytest.mark.parametrize("tls", Tls)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_client_logs_in_with_each_mechanism_that_it_has(
    name: str, way: str, tls: Tls, switched_on: tuple[Serving, str], tmp_path: Path
) -> None:
    check(name, way, tls, switched_on, tmp_path)


SAMPLE = [
    *(("Pillarbox", "SCRAM-SHA-256-PLUS"), ("Pillarbox", "XOAUTH2"), ("curl", "CRAM-MD5")),
    *(("curl", "OAUTHBEARER"), ("mpop", "SCRAM-SHA-256"), ("mpop", "SCRAM-SHA-1")),
    *(("fetchmail", "APOP"), ("poplib", "APOP")),
]


@pytest.mark.parametrize(("name", "way"), SAMPLE)
def test_a_client_logs_in(
    name: str, way: str, switched_on: tuple[Serving, str], tmp_path: Path
) -> None:
    check(name, way, Tls.IMPLICIT, switched_on, tmp_path)


@pytest.mark.interop
def test_the_tables_in_the_docs_are_what_the_run_shows(
    switched_on: tuple[Serving, str], tmp_path: Path
) -> None:
    found = table(*switched_on, tmp_path)

    for page in PAGES:
        assert found == read_table(page)
