"""A path with a round trip: what goes through comes out later, in order, as fast as it came.

`python -m bench.collect.delay PORT SECONDS` listens on loopback, prints its own port, and passes
octets to and from PORT, each half of SECONDS late.
"""

import socket
import sys
import threading
import time
from collections import deque

READ_OCTETS = 262_144
PATH_OCTETS = 16_777_216  # on their way at once, in one direction: no path holds more


class Path:
    """One direction."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._parts: deque[tuple[float, bytes]] = deque()
        self._octets = 0
        self._changed = threading.Condition()

    def put(self, octets: bytes) -> None:
        """Send octets off, nothing for the end; returns once there is room on the path."""
        with self._changed:
            self._changed.wait_for(lambda: self._octets < PATH_OCTETS)
            self._parts.append((time.monotonic() + self._seconds, octets))
            self._octets += len(octets)
            self._changed.notify_all()

    def take(self) -> bytes:
        """Return the next octets once they are due, nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._parts)
            due, octets = self._parts.popleft()
        time.sleep(max(0.0, due - time.monotonic()))
        with self._changed:
            self._octets -= len(octets)
            self._changed.notify_all()
        return octets


def receive(connection: socket.socket, path: Path) -> None:
    """Put on the path what one end says, and that it has ended."""
    octets = b"more"
    while octets:
        try:
            octets = connection.recv(READ_OCTETS)
        except OSError:
            octets = b""
        path.put(octets)


def send(connection: socket.socket, path: Path) -> None:
    """Tell one end what comes off the path."""
    try:
        while octets := path.take():
            connection.sendall(octets)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        while path.take():
            pass


def join(client: socket.socket, port: int, seconds: float) -> None:
    """Pass octets between a client and the server until both have ended."""
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        threads = []
        for source, sink in ((client, server), (server, client)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            path = Path(seconds / 2)
            threads.append(threading.Thread(target=receive, args=(source, path), daemon=True))
            threads.append(threading.Thread(target=send, args=(sink, path), daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def main() -> None:
    """Listen until the process is ended."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=join, args=(client, port, seconds), daemon=True).start()


if __name__ == "__main__":
    main()
