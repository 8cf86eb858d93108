"""How a remote's privacy is chosen and shown: RFC 8314, section 5."""

import socket
from pathlib import Path

import pytest

from tests.cli.home import CommandLine
from tests.homes import write_home

ADD = ("remote", "add", "there", "--user", "rosemary", "--account", "mrose", "--password-stdin")
SECRET = "battery staple\n"


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    for name in ("PILLARBOX_HOME", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    return CommandLine(write_home(tmp_path / "home"))


def shown(ours: CommandLine) -> dict[str, object]:
    answer = ours.json("remote", "show", "there")
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("tls", ["implicit", "stls"])
def test_how_private_a_remote_is_is_shown_with_it(ours: CommandLine, tls: str) -> None:
    ours.add_remote("there", "--tls", tls)

    assert shown(ours)["tls"] == tls
    assert f"tls\t{tls}\n" in ours.do("remote", "show", "there")
    assert f"\t{tls}\t" in ours.do("remote", "list")


def test_a_remote_without_tls_is_shown_as_one(ours: CommandLine) -> None:
    ours.add_remote("there", "--tls", "none", "--allow-password-without-tls")

    assert shown(ours)["tls"] == "none"
    assert "\tnone\t" in ours.do("remote", "list")


def test_a_remote_requires_tls_unless_it_is_told_otherwise(ours: CommandLine) -> None:
    ours.do(*ADD, "--server", "localhost:1", said=SECRET)

    assert shown(ours)["tls"] == "implicit"


def test_adding_a_remote_tries_nothing(ours: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.0)
        ours.do(*ADD, "--server", f"127.0.0.1:{server.getsockname()[1]}", said=SECRET)

        with pytest.raises(BlockingIOError):
            server.accept()
