"""One session in memory, for tests of what an RFC says in so many words."""

import base64
from typing import Any

from tests.dialogues.core import Core
from tests.dialogues.player import Dialogue

LOGIN = b"USER mrose\r\nPASS correct horse\r\n"
AUTH_PLAIN = b"AUTH PLAIN " + base64.b64encode(b"\0mrose\0correct horse") + b"\r\n"


def begin(*flags: str, maildrop: tuple[str, ...] = ("one.eml", "two.eml"), **site: Any) -> Core:
    """Return a session that has greeted; over TLS, unless other flags of a dialogue are given."""
    return Core(
        Dialogue(maildrops={"mrose": list(maildrop)}, flags=set(flags or ["secure"]), settings=site)
    )


def ask(core: Core, octets: bytes) -> list[bytes]:
    """Return the lines of the reply, without their ends."""
    core.said = b""
    core.hear(octets)
    assert core.said.endswith(b"\r\n")
    return core.said.removesuffix(b"\r\n").split(b"\r\n")


def capabilities(core: Core) -> dict[bytes, bytes]:
    """Return what CAPA announces: each tag with its line."""
    first, *lines, last = ask(core, b"CAPA\r\n")
    assert (b"+OK", b".") == (first[:3], last)
    return {line.partition(b" ")[0]: line for line in lines}
