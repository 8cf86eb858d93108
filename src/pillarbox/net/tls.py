"""TLS over any stream: every octet passes through our hands, also those around a STLS."""

import contextlib
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from pillarbox.base.errors import OperatorFault, PeerFault
from pillarbox.net.stream import READ_OCTETS, Stream

# RFC 8314, section 4.1 and RFC 9325: forward secrecy and authenticated encryption only.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
ALPN = "pop3"  # RFC 7301 registry

T = TypeVar("T")
Context = ssl.SSLContext  # for rooms that pass one on and never open it


class TlsFault(PeerFault):
    """The TLS handshake failed, or the peer's certificate does not hold."""


class TlsStream:
    """TLS on top of `inner`, which nobody else may use any more."""

    def __init__(
        self, inner: Stream, tls: ssl.SSLObject, cipher_in: ssl.MemoryBIO, cipher_out: ssl.MemoryBIO
    ) -> None:
        self._inner = inner
        self._tls = tls
        self._in = cipher_in
        self._out = cipher_out

    @property
    def peer(self) -> str:
        """The other end's address."""
        return self._inner.peer

    @property
    def has_unread(self) -> bool:
        """Whether octets have come in that nobody has read."""
        return self._tls.pending() > 0 or self._in.pending > 0 or self._inner.has_unread

    async def read(self) -> bytes:
        """Return what has come in; nothing at the end, clean or not. Raises PeerFault."""
        try:
            return await self._run(lambda: self._tls.read(READ_OCTETS))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except ssl.SSLError as error:
            raise TlsFault("TLS: {why}.", why=error.reason) from error

    async def write(self, octets: bytes) -> None:
        """Encrypt and send, with bounded memory. Raises PeerFault."""
        for start in range(0, len(octets), READ_OCTETS):
            part = octets[start : start + READ_OCTETS]
            try:
                await self._run(partial(self._tls.write, part))
            except ssl.SSLError as error:
                raise TlsFault("TLS: {why}.", why=error.reason) from error

    async def close(self) -> None:
        """Say close_notify (RFC 8314, section 3.4), then close."""
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()  # wants the peer's close_notify too, for which nobody waits
        with contextlib.suppress(PeerFault):
            await self._flush()
        await self._inner.close()

    def abort(self) -> None:
        """Close at once, without close_notify."""
        self._inner.abort()

    async def handshake(self) -> None:
        """Run the handshake; raises TlsFault."""
        try:
            await self._run(self._tls.do_handshake)
        except ssl.SSLError as error:
            with contextlib.suppress(PeerFault):
                await self._flush()  # the alert that says why
            if isinstance(error, ssl.SSLCertVerificationError):
                why = error.verify_message
                raise TlsFault("The certificate does not hold: {why}.", why=why) from error
            raise TlsFault("The TLS handshake failed: {why}.", why=error.reason or error) from error

    async def _run(self, step: Callable[[], T]) -> T:
        """Repeat a step of OpenSSL's until it has all the octets that it wants."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._flush()
                octets = await self._inner.read()
                if octets:
                    self._in.write(octets)
                else:
                    self._in.write_eof()
            else:
                await self._flush()
                return result

    async def _flush(self) -> None:
        if self._out.pending:
            await self._inner.write(self._out.read())


async def secure_as_server(stream: Stream, context: ssl.SSLContext) -> TlsStream:
    """Return the stream with TLS on it; raises TlsFault."""
    return await _secure(stream, context, server_hostname=None)


async def secure_as_client(stream: Stream, context: ssl.SSLContext, host: str) -> TlsStream:
    """Return the stream with TLS on it, its peer verified as `host`; raises TlsFault."""
    return await _secure(stream, context, server_hostname=host)


async def _secure(
    stream: Stream, context: ssl.SSLContext, server_hostname: str | None
) -> TlsStream:
    cipher_in, cipher_out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(
        cipher_in,
        cipher_out,
        server_side=server_hostname is None,
        server_hostname=server_hostname,
    )
    secured = TlsStream(stream, tls, cipher_in, cipher_out)
    await secured.handshake()
    return secured


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context that serves this certificate; raises OperatorFault where the pair is bad."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context)
    try:
        # A sealed key fails here: without a password of ours, OpenSSL would ask the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise OperatorFault(
            "{certificate} and {key} cannot be used as a TLS certificate and its key: {why}.",
            certificate=certificate,
            key=key,
            why=error.strerror or error,
        ) from error
    return context


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies chain, name and dates against `ca_file`, else the system's.

    Raises OperatorFault where the file cannot be used. There is no way to turn verification off.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise OperatorFault(
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


def reload_pair(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Serve a new certificate from the next handshake on; sessions go on as they are.

    Raises OperatorFault, and then the old pair goes on being served.
    """
    server_context(certificate, key)  # a bad pair in the living context would break it
    context.load_cert_chain(certificate, key)
