"""sd_notify(3) over a real datagram socket."""

import contextlib
import os
import socket
from pathlib import Path

from pillarbox.net.systemd import notify


def heard(address: str, listening_on: str) -> bytes:
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(listening_on)
        listener.settimeout(5)
        notify(address, "READY=1")
        return listener.recv(64)


def test_a_state_is_sent_to_the_socket_that_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")

    assert heard(path, path) == b"READY=1"


def test_an_at_sign_stands_for_the_abstract_namespace() -> None:
    name = f"pillarbox-test-{os.getpid()}"

    assert heard(f"@{name}", f"\0{name}") == b"READY=1"


def test_nothing_happens_where_nobody_listens(tmp_path: Path) -> None:
    notify(None, "READY=1")
    notify(str(tmp_path / "nobody"), "READY=1")
