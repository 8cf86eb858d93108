"""TLS over any stream: every octet passes through our hands, also those around a STLS."""

import contextlib
import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from pillarbox.base.errors import PeerFault
from pillarbox.net.certificates import Alert, Certificates
from pillarbox.net.client_hello import ClientHello, HelloReader, Unreadable
from pillarbox.net.end_point import end_point
from pillarbox.net.stream import READ_OCTETS, Stream

FATAL_ALERT = bytes.fromhex("15 0303 0002 02")  # RFC 8446, sections 5.1 and 6; the reason follows

T = TypeVar("T")


class TlsFault(PeerFault):
    """The TLS handshake failed, or the peer's certificate does not hold."""


class TlsStream:
    """TLS on top of `inner`, which nobody else may use any more."""

    def __init__(
        self,
        inner: Stream,
        wrap: Callable[[ssl.MemoryBIO, ssl.MemoryBIO], ssl.SSLObject],
        unread: bytes = b"",
    ) -> None:
        self._inner = inner
        self._in = ssl.MemoryBIO()
        self._in.write(unread)
        self._out = ssl.MemoryBIO()
        self._tls = wrap(self._in, self._out)
        self.end_point: bytes | None = None

    @property
    def parameters(self) -> str:
        """The version and the cipher suite, after the handshake: RFC 8314, section 4."""
        cipher = self._tls.cipher()
        return f"{self._tls.version()} {cipher[0] if cipher else None}"

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

    def peer_certificate(self) -> bytes:
        """Return what the server showed us, in DER."""
        return self._tls.getpeercert(binary_form=True) or b""

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


async def secure_as_server(stream: Stream, certificates: Certificates) -> TlsStream:
    """Return the stream with TLS on it; raises TlsFault, and PeerFault where it breaks."""
    hello, unread = await _receive_hello(stream)
    chosen = Alert.DECODE_ERROR if isinstance(hello, Unreadable) else certificates.choose(hello)
    if isinstance(chosen, Alert):
        await stream.write(FATAL_ALERT + chosen.to_bytes())
        raise TlsFault("The TLS handshake failed: {why}.", why=chosen.name)
    secured = TlsStream(stream, partial(chosen.context.wrap_bio, server_side=True), unread)
    await secured.handshake()
    secured.end_point = chosen.end_point
    return secured


async def _receive_hello(stream: Stream) -> tuple[ClientHello | Unreadable, bytes]:
    """Return what the client asks for, with all the octets that came; they are bounded."""
    reader, octets = HelloReader(), bytearray()
    hello = None
    while hello is None:
        came = await stream.read()
        if not came:
            raise TlsFault("The TLS handshake failed: {why}.", why="UNEXPECTED_EOF")
        octets += came
        hello = reader.feed(came)
    return hello, bytes(octets)


async def secure_as_client(stream: Stream, context: ssl.SSLContext, host: str) -> TlsStream:
    """Return the stream with TLS on it, its peer verified as `host`; raises TlsFault."""
    secured = TlsStream(stream, partial(context.wrap_bio, server_hostname=host))
    await secured.handshake()
    secured.end_point = end_point(secured.peer_certificate())
    return secured
