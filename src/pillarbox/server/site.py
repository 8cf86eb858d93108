"""What holds for every session of a site, as far as the protocol shows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pillarbox.server.voice import ENGLISH, Language
from pillarbox.wire.pop3.capa import Terms


class Utf8Headers(StrEnum):
    """What a client that has not said UTF8 gets of a message whose header is UTF-8: RFC 6856."""

    SURROGATE = "surrogate"
    AS_THEY_ARE = "as they are"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Site:
    """The configuration; `languages` are by tag, the one that the administrator prefers first.

    `terms` returns at once what is announced before login: somebody may change it at any time.
    """

    hostname: str = "localhost"
    allow_plaintext_auth_without_tls: bool = False
    require_tls: bool = False
    apop: bool = False
    cram_md5: bool = False
    tokens: bool = False  # somebody can tell whose they are
    last: bool = False
    utf8_headers: Utf8Headers = Utf8Headers.SURROGATE
    terms: Callable[[], Terms] = Terms
    languages: Mapping[str, Language] = field(default_factory=lambda: {ENGLISH.tag: ENGLISH})
