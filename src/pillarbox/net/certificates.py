"""The certificates that a server shows."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pillarbox.base.errors import OperatorFault
from pillarbox.net.contexts import server_context
from pillarbox.net.end_point import end_point


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its chain, and its key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate that can be shown, as its files were when they were read."""

    context: ssl.SSLContext
    end_point: bytes | None


class Certificates:
    """The certificates of a server; the first is the one for everybody without a better one."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        """Read the files; raises OperatorFault where a pair is bad."""
        self._pairs = tuple(pairs)
        self._shown = [_read(pair) for pair in self._pairs]

    def reload(self) -> None:
        """Show what the files hold now, from the next handshake on; sessions go on as they are.

        Raises OperatorFault, and then everything stays as it was.
        """
        self._shown = [_read(pair) for pair in self._pairs]

    def choose(self) -> Shown:
        """Return what a client is shown."""
        return self._shown[0]


def _read(pair: Pair) -> Shown:
    # In a context of its own: a bad pair in a living one would break it, and a session resumed
    # under a new certificate would be bound to the old one.
    before = _leaf(pair)
    context = server_context(pair.certificate, pair.key)
    if before != _leaf(pair):
        raise _unusable(pair, "it changed while it was read")
    return Shown(context, end_point(before.public_bytes(Encoding.DER)))


def _leaf(pair: Pair) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(pair.certificate.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise _unusable(pair, getattr(error, "strerror", None) or error) from error


def _unusable(pair: Pair, why: object) -> OperatorFault:
    return OperatorFault(
        "{certificate} and {key} cannot be used as a TLS certificate and its key: {why}.",
        certificate=pair.certificate,
        key=pair.key,
        why=why,
    )
