"""What is sent of a message: a surrogate only where a thread is free to make it."""

import asyncio
from threading import Event

import pytest

from pillarbox.base.errors import StoreFault
from pillarbox.base.names import Identity
from pillarbox.net.pool import Pool
from pillarbox.server.effects import Transmit
from pillarbox.server.sending import sent_chunks
from tests.server.rig import ACCOUNT, FakeStore


def test_a_surrogate_that_finds_no_thread_is_a_fault_of_the_store() -> None:
    # The driver then closes without the final dot; a client must not take a part for the whole.
    store, pool, may_end = FakeStore(100), Pool("converting", threads=1, waiting=0), Event()
    (message,) = store.open_maildrop(Identity(ACCOUNT)).messages
    effect = Transmit(b"+OK\r\n", message, None, as_surrogate=True)

    async def send() -> None:
        busy = pool.start(may_end.wait, 20)
        try:
            with pytest.raises(StoreFault, match="Too much work waits"):
                async for _ in sent_chunks(effect, store.read(message.digest), pool):
                    pass
        finally:
            may_end.set()
            await busy
            await asyncio.to_thread(pool.close)

    asyncio.run(send())
