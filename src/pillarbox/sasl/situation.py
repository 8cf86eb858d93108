"""What a mechanism's server side must know about the connection it runs on."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Situation:
    """One connection of one server; what is not known stays empty."""

    nonce: Callable[[], str]  # 24 printable ASCII characters or more without a comma, never twice
    hostname: str
    end_point: bytes | None = None  # RFC 5929, section 4; None without TLS or without a hash
    offers_plus: bool = False  # whether any mechanism with channel binding is announced
