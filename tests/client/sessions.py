"""Sessions with the fake server, for tests."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from pillarbox.base.errors import PeerFault
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.connection import Connection
from pillarbox.client.faults import (
    RefusedFault,
)
from pillarbox.client.server import Server, Tls
from tests.client.fake_server import CAPABILITIES, HOST, NAME, PASSWORD, FakeServer

T = TypeVar("T")
CLEAR = Server(HOST, 110, Tls.NONE, timeout_seconds=20, allow_password_without_tls=True)
MAIL = {
    "aaa": b"Subject: one\r\n\r\n.dot\r\n",
    "bbb": b"Subject: two\r\n\r\n" + b"x" * 200_000 + b"\r\n",
    "ccc": b"",
}


def run(work: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await work

    return asyncio.run(bounded())


async def logged_in(fake: FakeServer, server: Server = CLEAR) -> Connection:
    connection = await connect(server, fake.dial)
    await connection.login(NAME, Secret(PASSWORD.encode()))
    return connection


def login_fault(fake: FakeServer, server: Server = CLEAR) -> PeerFault:
    with pytest.raises(PeerFault) as refused:
        run(logged_in(fake, server))
    return refused.value


def without(*names: str) -> tuple[str, ...]:
    return tuple(line for line in CAPABILITIES if line.split()[0] not in names)


async def retrieved(connection: Connection, numbers: list[int]) -> dict[int, bytes | None]:
    messages: dict[int, bytes | None] = {}
    async for number, chunks in connection.retrieve(numbers):
        try:
            messages[number] = b"".join([chunk async for chunk in chunks])
        except RefusedFault:
            messages[number] = None
    return messages
