"""What OpenSSL is allowed to agree to, as a server and as a client."""

import ssl
from pathlib import Path

from pillarbox.base.errors import OperatorFault

# RFC 8314, section 4.1 and RFC 9325: forward secrecy and authenticated encryption only. The suites
# of TLS 1.3 are OpenSSL's own: AES-GCM and ChaCha20-Poly1305, without CCM.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
ALPN = "pop3"  # RFC 7301 registry


class AuthoritiesFault(OperatorFault):
    """The file of certificate authorities cannot be used."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context that serves this certificate; raises OperatorFault where the pair is bad."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        # A sealed key fails here: without a password of ours, OpenSSL would ask the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise unusable(certificate, key, error.strerror or error) from error
    return context


def unusable(certificate: Path, key: Path, why: object) -> OperatorFault:
    """Return the fault for a pair that cannot be served."""
    return OperatorFault(
        "{certificate} and {key} cannot be used as a TLS certificate and its key: {why}.",
        certificate=certificate,
        key=key,
        why=why,
    )


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies chain, name and dates against `ca_file`, else the system's.

    Raises AuthoritiesFault where the file cannot be used. There is no way to turn verification off.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise AuthoritiesFault(
            "{file} cannot be used as a file of certificate authorities: {why}.",
            file=ca_file,
            why=error.strerror or error,
        ) from error
    _harden(context)
    return context


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols([ALPN])
