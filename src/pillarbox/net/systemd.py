"""Tell systemd how we are: sd_notify(3), in the few lines that it needs."""

import contextlib
import socket


def notify(address: str | None, state: str) -> None:
    """Send e.g. "READY=1" to what $NOTIFY_SOCKET names; nothing where it names nothing."""
    if not address:
        return
    path = "\0" + address[1:] if address.startswith("@") else address
    with (
        contextlib.suppress(OSError),
        contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as speaker,
    ):
        speaker.sendto(state.encode("ascii"), path)
