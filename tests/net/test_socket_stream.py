"""What a socket's stream holds of a peer that sends more than anybody reads."""

import asyncio
import socket

from pillarbox.net.socket_stream import SocketStream
from pillarbox.net.stream import READ_OCTETS


def test_no_more_is_held_unread_than_one_read_returns() -> None:
    async def talk() -> None:
        loop = asyncio.get_running_loop()
        near, far = socket.socketpair()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * READ_OCTETS)
        far.settimeout(0)
        _, stream = await loop.create_connection(SocketStream, sock=near)
        sent = asyncio.create_task(loop.sock_sendall(far, bytes(16 * READ_OCTETS)))
        heard = 0
        for _ in range(1000):
            await asyncio.sleep(0)
            assert stream._held <= READ_OCTETS
        assert not sent.done()
        while heard < 16 * READ_OCTETS:
            heard += len(await stream.read())
            assert stream._held <= READ_OCTETS
        await sent
        far.close()
        assert b"" == await stream.read()
        await stream.close()

    asyncio.run(talk())
