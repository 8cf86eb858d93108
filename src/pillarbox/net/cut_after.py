"""An end to what is done with a blocking socket, however slowly its peer goes on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from time import monotonic


@contextmanager
def cut_after(connected: socket.socket, seconds: float) -> Iterator[None]:
    """Raise TimeoutError where what is done inside takes longer than `seconds`.

    A socket's own timeout starts anew with every octet that a slow peer lets through.
    """
    deadline = monotonic() + seconds
    timer = Timer(seconds, _cut, [connected])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if monotonic() >= deadline:
            raise TimeoutError


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        # The plain socket's: that of TLS would let the reader go on, and read without TLS.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
