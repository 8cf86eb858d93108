"""The certificates that a server shows, and which one a client gets."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pillarbox.base.errors import OperatorFault
from pillarbox.net.client_hello import ClientHello
from pillarbox.net.contexts import ALPN, server_context, unusable
from pillarbox.net.end_point import end_point
from pillarbox.net.groups import surplus_groups

SAFE_CURVE = "prime256v1"  # P-256, as OpenSSL calls it


class Alert(IntEnum):
    """Why a handshake is refused before it begins: RFC 8446, section 6."""

    DECODE_ERROR = 50
    UNRECOGNIZED_NAME = 112
    NO_APPLICATION_PROTOCOL = 120


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its chain, and its key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate that can be shown, as its files were when they were read."""

    file: Path
    context: ssl.SSLContext
    names: frozenset[str]  # DNS names in lower case; "*." stands for one label
    expires: datetime
    end_point: bytes | None
    surplus_groups: tuple[str, ...]  # what OpenSSL would have agreed to, had we not narrowed it


class Certificates:
    """The certificates of a server; the first is for clients that name no host, or no other."""

    def __init__(self, pairs: Sequence[Pair], *, refuses_unknown_names: bool = False) -> None:
        """Read the files; raises OperatorFault where a pair is bad."""
        self._pairs = tuple(pairs)
        self._refuses_unknown_names = refuses_unknown_names
        self.shown = _read_all(self._pairs)

    def reload(self) -> None:
        """Show what the files hold now, from the next handshake on; sessions go on as they are.

        Raises OperatorFault where any pair is bad, and then all stay as they were.
        """
        self.shown = _read_all(self._pairs)

    def choose(self, hello: ClientHello) -> Shown | Alert:
        """Return what a client is shown, else why it is refused."""
        # RFC 7301, section 3.2: a client that names protocols and not ours is turned away.
        if hello.protocols is not None and ALPN.encode() not in hello.protocols:
            return Alert.NO_APPLICATION_PROTOCOL
        if hello.server_name is None:
            return self.shown[0]
        found = self._named(hello.server_name)
        if found is None and self._refuses_unknown_names:
            return Alert.UNRECOGNIZED_NAME
        return found or self.shown[0]

    def _named(self, host: str) -> Shown | None:
        # RFC 9525, section 6.3: a wildcard is the whole first label, and stands for one label.
        for name in (host, "*." + host.partition(".")[2]):
            for shown in self.shown:
                if name in shown.names:
                    return shown
        return None


def _read_all(pairs: Sequence[Pair]) -> tuple[Shown, ...]:
    return tuple(map(_read, pairs))


def _read(pair: Pair) -> Shown:
    # In a context of its own: a bad pair in a living one would break it, and a session resumed
    # under a new certificate would be bound to the old one.
    leaf = _leaf(pair)
    context = server_context(pair.certificate, pair.key)
    if leaf != _leaf(pair):
        raise OperatorFault("{file} changed while it was read.", file=pair.certificate)
    surplus = surplus_groups(context)
    if surplus:
        context.set_ecdh_curve(SAFE_CURVE)  # the one group that Python's ssl can set by itself
    return Shown(
        file=pair.certificate,
        context=context,
        names=_names(pair, leaf),
        expires=leaf.not_valid_after_utc,
        end_point=end_point(leaf.public_bytes(Encoding.DER)),
        surplus_groups=tuple(surplus),
    )


def _leaf(pair: Pair) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(pair.certificate.read_bytes())[0]
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise unusable(pair.certificate, pair.key, why) from error


def _names(pair: Pair, leaf: x509.Certificate) -> frozenset[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()
    except ValueError as error:
        raise unusable(pair.certificate, pair.key, error) from error
    return frozenset(name.lower() for name in found.value.get_values_for_type(x509.DNSName))
