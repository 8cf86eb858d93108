"""The real HAProxy in front of one server, telling it in PROXY headers who its clients are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.program import (
    LOOPBACK,
    EndedFault,
    PortTakenFault,
    Process,
    environment,
    find,
    free_port,
)

OWN_ADDRESS = "127.0.0.4"  # where it connects from, so that it is not taken for its clients
CONFIGURATION = """\
defaults
    mode tcp
    timeout connect 30s
    timeout client 30s
    timeout server 30s
    timeout check 1s
listen pop3s
    bind {loopback}:{port}
    server pillarbox {loopback}:{behind} {options} source {own}
"""


@dataclass(frozen=True, slots=True)
class Haproxy:
    """One that runs, and its port."""

    process: Process
    port: int


@contextmanager
def haproxy(folder: Path, behind: int, options: str) -> Iterator[Haproxy]:
    """Run it before a port of loopback; `options` are those of its server line.

    Raises PortTakenFault where another program took its port meanwhile.
    """
    port = free_port()
    folder.mkdir(exist_ok=True)
    path = folder / "haproxy.cfg"
    path.write_text(
        CONFIGURATION.format(
            loopback=LOOPBACK, port=port, behind=behind, options=options, own=OWN_ADDRESS
        ),
        encoding="ascii",
    )
    # -db: in the foreground, with no process of its own behind it.
    command = [find("haproxy"), "-db", "-f", str(path)]
    with Process(command, env=environment(folder), output=folder / "haproxy.log") as process:
        try:
            process.wait_until_listening(port)
        except EndedFault as fault:
            raise PortTakenFault(str(fault)) from fault
        yield Haproxy(process, port)
