"""Every listener of the configuration, and the file that says which addresses they have."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pillarbox.app.home import Home
from pillarbox.net.listener import Listener, Serve
from pillarbox.store.disk import said_as_store_fault

Exhausted = Callable[[str, OSError], None]


class Listening:
    """The listeners of one process; `run/listeners.json` names them while they listen."""

    def __init__(self, home: Home, exhausted: Exhausted) -> None:
        self._home = home
        self._exhausted = exhausted
        self._listeners: list[Listener] = []
        self._told = ""

    async def start(self, services: Mapping[str, tuple[Sequence[str], Serve]]) -> None:
        """Listen on every address of each kind; raises OperatorFault and StoreFault."""
        found: dict[str, list[list[str | int]]] = {}
        for name, (addresses, serve) in services.items():
            found[name] = []
            for address in addresses:
                listener = Listener(serve, partial(self._exhausted, name))
                self._listeners.append(listener)
                await listener.start(self._absolute(address))
                found[name] += listener.addresses
        self._write(json.dumps(found) + "\n")

    def stop(self) -> None:
        """Take no more connections."""
        self._forget()
        for listener in self._listeners:
            listener.stop()

    async def wait(self, seconds: float) -> None:
        """Wait for the connections to end; those that have not by then are cancelled."""
        await asyncio.gather(*(listener.wait(seconds) for listener in self._listeners))

    def _absolute(self, address: str) -> str:
        kind, _, path = address.partition(":")
        return f"unix:{self._home.below(path)}" if kind == "unix" else address

    def _write(self, told: str) -> None:
        # By rename, so that whoever waits for the file never reads half of it.
        path = self._home.listeners
        self._told = told
        unfinished = path.with_name(path.name + ".new")
        with said_as_store_fault(path):
            unfinished.write_text(told, "ascii")
            unfinished.rename(path)

    def _forget(self) -> None:
        # Another process may serve this home as well, and have said so since.
        path = self._home.listeners
        with contextlib.suppress(OSError):
            if path.read_text("ascii") == self._told:
                path.unlink()
