"""`pillarbox collect` from a server that repeats what a login said."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from pillarbox.collector.outcome import Outcome
from pillarbox.net.listener import Listener
from pillarbox.net.socket_stream import SocketStream
from pillarbox.sasl.client import CLIENTS
from pillarbox.sasl.facts import APOP, TOKENS, USER
from tests.cli.home import CommandLine
from tests.client.echo_server import LINES, EchoServer, decoded, is_told
from tests.client.fake_server import HOST, ca_file

PASSWORD = "battery-staple"
TOKEN = "ya29." + "battery-staple" * 20


@contextmanager
def listening(fake: EchoServer) -> Iterator[int]:
    """Yield the port of a fake server on a real socket, in a thread of its own."""
    port, over = Future[int](), threading.Event()

    async def serve(stream: SocketStream) -> None:
        await fake.session(stream).run()

    async def run() -> None:
        listener = Listener(serve)
        await listener.start("127.0.0.1:0")
        port.set_result(int(listener.addresses[0][1]))
        await asyncio.to_thread(over.wait)
        listener.stop()
        await listener.wait(0)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        yield port.result(10)
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("way", [*CLIENTS, USER, APOP])
def test_nothing_that_a_server_repeats_of_a_login_is_printed(
    way: str, ours: CommandLine, tmp_path: Path
) -> None:
    secret = TOKEN if way in TOKENS else PASSWORD
    fake = EchoServer(
        capabilities=("USER", f"SASL {' '.join(CLIENTS)}"),
        is_implicit=True,
        line=LINES.get(way, 2),
        echo=lambda line: line + b" " + decoded(line),
    )

    with listening(fake) as port:
        ours.do(
            *("remote", "add", "there", "--server", f"{HOST}:{port}", "--user", "mrose"),
            *("--account", "mrose", "--ca", ca_file(tmp_path), "--auth", way, "--password-stdin"),
            said=secret + "\n",
        )
        result = ours.run("collect", "--json")

    assert Outcome.AUTHENTICATION == result.exit_code
    assert "there: The server did not accept the name or the password: " in result.stderr
    assert not is_told(result.output + result.stderr, way, secret.encode(), fake.echoed[0])
