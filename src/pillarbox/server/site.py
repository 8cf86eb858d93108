"""What holds for every session of a site, as far as the protocol shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pillarbox.server.voice import ENGLISH, Language


class Utf8Headers(StrEnum):
    """What a client that has not said UTF8 gets of a message whose header is UTF-8: RFC 6856."""

    SURROGATE = "surrogate"
    AS_THEY_ARE = "as they are"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Site:
    """The configuration; `retention_days` of 0 is for ever.

    `languages` are by tag, the one that the administrator prefers first.
    """

    hostname: str = "localhost"
    allow_plaintext_auth_without_tls: bool = False
    require_tls: bool = False
    apop: bool = False
    cram_md5: bool = False
    tokens: bool = False  # somebody can tell whose they are
    last: bool = False
    utf8_headers: Utf8Headers = Utf8Headers.SURROGATE
    retention_days: int = 0
    login_delay_seconds: int = 0
    languages: Mapping[str, Language] = field(default_factory=lambda: {ENGLISH.tag: ENGLISH})
