"""`pillarbox remote add` by a provider's name, and by what the domain of an address says."""

import pytest

from pillarbox.app import discovery
from pillarbox.app.discovery import Finder
from pillarbox.net.https_page import NoPageFault
from pillarbox.net.srv import Srv
from tests.cli.home import CommandLine, shown

SECRET = "battery staple"


WHO = ("--account", "mrose", "--password-stdin")


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("gmail", ("pop.gmail.com:995", "r.ose@example.com", "pop3", None)),
        ("outlook", ("outlook.office365.com:995", "r.ose@example.com", "pop3", "XOAUTH2")),
        ("icloud", ("imap.mail.me.com:993", "r.ose", "imap", None)),
        ("onamae", ("pop.example.com:995", "r.ose@example.com", "pop3", None)),
    ],
)
def test_a_provider_is_known_by_its_name(
    ours: CommandLine, provider: str, expected: tuple[str | None, ...]
) -> None:
    where = ("--provider", provider, "--address", "r.ose@example.com")
    result = ours.run("remote", "add", "there", *where, *WHO, said=SECRET + "\n")
    fields = shown(ours)

    assert (0, "") == (result.exit_code, result.stdout)
    assert expected == tuple(fields[name] for name in ("server", "user", "protocol", "mechanism"))
    assert "implicit" == fields["tls"]


def test_what_is_said_goes_before_what_the_provider_says(ours: CommandLine) -> None:
    said = ("--provider", "outlook", "--user", "rose", "--server", "localhost", "--auth", "PLAIN")
    ours.do("remote", "add", "there", *said, *WHO, said=SECRET + "\n")

    assert ("localhost:995", "rose", "PLAIN") == tuple(
        shown(ours)[name] for name in ("server", "user", "mechanism")
    )


def test_a_provider_whose_user_is_another_name_wants_it_said(ours: CommandLine) -> None:
    where = ("--provider", "asahi-net", "--address", "r@asahi-net.or.jp")

    result = ours.run("remote", "add", "there", *where, *WHO, said=SECRET + "\n")

    assert 2 == result.exit_code
    assert "not the address" in result.stderr
    assert "Missing option --user" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--provider", "icloud", "--user", "r", "--protocol", "pop3"), "with imap alone"),
        (("--provider", "onamae", "--user", "r"), "say --address"),
        (("--address", "nobody"), "'nobody' is no mail address."),
    ],
)
def test_what_a_provider_has_not_is_refused(
    ours: CommandLine, words: tuple[str, ...], said: str
) -> None:
    result = ours.run("remote", "add", "there", *words, *WHO, said=SECRET + "\n")

    assert 1 == result.exit_code
    assert said in result.stderr


def test_somewhere_must_be_said(ours: CommandLine) -> None:
    result = ours.run("remote", "add", "there", "--user", "rose", *WHO, said=SECRET + "\n")

    assert 2 == result.exit_code
    assert "Say where the mail is: --server, --provider or --address." in result.stderr


def test_an_address_beside_a_server_is_who_we_are(ours: CommandLine) -> None:
    where = ("--server", "localhost:1", "--address", "rose@example.com")
    ours.do("remote", "add", "there", *where, *WHO, said=SECRET + "\n")

    assert "rose@example.com" == shown(ours)["user"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Srv]]:
    """Answer for DNS with what a test puts here; there are no pages."""
    records: dict[str, list[Srv]] = {}

    def none(url: str) -> bytes:
        raise NoPageFault("{host}: {why}.", host="autoconfig", why="HTTP status 404")

    def finder() -> Finder:
        return Finder(lambda name: records.get(name, []), none)

    monkeypatch.setattr(discovery, "finder_of_this_machine", finder)
    return records


ADDRESS = ("remote", "add", "there", "--address", "rose@example.com", "--account", "mrose")


def test_what_dns_says_is_shown_and_used_when_it_is_agreed_to(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_pop3s._tcp.example.com"] = [Srv(0, 1, 1995, "pop.example.com")]

    result = ours.run(*ADDRESS, said=f"y\n{SECRET}\n")

    assert (0, "") == (result.exit_code, result.stdout)
    assert "SRV _pop3s._tcp.example.com says: pop.example.com, port 1995, pop3" in result.stderr
    assert "outside" not in result.stderr
    assert ("pop.example.com:1995", "rose@example.com") == (
        shown(ours)["server"],
        shown(ours)["user"],
    )


def test_what_is_not_agreed_to_is_not_used(ours: CommandLine, asked: dict[str, list[Srv]]) -> None:
    asked["_pop3._tcp.example.com"] = [Srv(0, 1, 110, "pop.example.com")]

    result = ours.run(*ADDRESS, said="n\n")

    assert 1 == result.exit_code
    assert [] == ours.json("remote", "list")


def test_a_host_outside_the_domain_is_called_one(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_pop3._tcp.example.com"] = [Srv(0, 1, 110, "example.com.example.net")]

    result = ours.run(*ADDRESS, said=f"y\n{SECRET}\n")

    assert 0 == result.exit_code
    assert "This is outside example.com" in result.stderr
    assert ("example.com.example.net:110", "stls") == (shown(ours)["server"], shown(ours)["tls"])


def test_nobody_agrees_beforehand_to_a_host_that_whoever_forges_dns_may_name(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_pop3s._tcp.example.com"] = [Srv(0, 1, 995, "example.com.evil.example")]

    result = ours.run(*ADDRESS, "--yes", "--password-stdin", said=SECRET + "\n")

    assert 1 == result.exit_code
    assert "can be forged: say --server example.com.evil.example:995." in result.stderr
    assert [] == ours.json("remote", "list")


def test_a_page_of_the_domain_may_name_a_host_elsewhere(
    ours: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (
        b'<clientConfig><incomingServer type="pop3"><hostname>pop.example.net</hostname>'
        b"<port>995</port><socketType>SSL</socketType></incomingServer></clientConfig>"
    )
    finder = Finder(lambda _: [], lambda _: page)
    monkeypatch.setattr(discovery, "finder_of_this_machine", lambda: finder)

    result = ours.run(*ADDRESS, "--yes", "--password-stdin", said=SECRET + "\n")

    assert 0 == result.exit_code, result.stderr
    assert "This is outside example.com" in result.stderr
    assert "pop.example.net:995" == shown(ours)["server"]


def test_where_stdin_has_the_password_the_agreement_is_an_option(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_pop3s._tcp.example.com"] = [Srv(0, 1, 995, "pop.example.com")]

    result = ours.run(*ADDRESS, "--password-stdin", said=SECRET + "\n")

    assert 1 == result.exit_code
    assert "Say --yes to agree: stdin has the password." in result.stderr


def test_a_domain_that_says_nothing_is_told_with_what_was_tried(
    ours: CommandLine, asked: dict[str, list[Srv]]
) -> None:
    asked["_imaps._tcp.example.com"] = [Srv(0, 1, 993, "imap.example.com")]

    result = ours.run(*ADDRESS, "--protocol", "pop3", said=SECRET + "\n")

    assert 1 == result.exit_code
    assert "autoconfig: HTTP status 404.\n" in result.stderr
    assert "example.com does not say where its mail is." in result.stderr
