"""Cuts a PROXY header from the front of a stream, in either version, in bounded memory."""

from pillarbox.wire.lines import CRLF
from pillarbox.wire.proxy import v1, v2
from pillarbox.wire.proxy.header import Header, Malformed


class HeaderReader:
    """Takes octets in any chunks until it knows; it holds the longest header and the last chunk.

    Behind the header, `rest` has what the last chunk brought beyond it. Nothing may be fed then.
    """

    def __init__(self) -> None:
        self._octets = bytearray()
        self.rest = b""

    def feed(self, octets: bytes) -> Header | Malformed | None:
        """Return the header, None where more octets are needed."""
        self._octets += octets
        for signature, read in ((v1.SIGNATURE, self._read_v1), (v2.SIGNATURE, self._read_v2)):
            if self._octets.startswith(signature):
                return read()
            if signature.startswith(self._octets):
                return None
        return Malformed()

    def _read_v1(self) -> Header | Malformed | None:
        end = self._octets.find(CRLF, 0, v1.LINE_OCTETS)
        if end < 0:
            return Malformed() if len(self._octets) >= v1.LINE_OCTETS else None
        return v1.read_line(self._take(end + len(CRLF))[:end])

    def _read_v2(self) -> Header | Malformed | None:
        if len(self._octets) < v2.FIXED_OCTETS:
            return None
        rest = v2.rest_octets(bytes(self._octets[: v2.FIXED_OCTETS]))
        if isinstance(rest, Malformed):
            return rest
        if len(self._octets) < v2.FIXED_OCTETS + rest:
            return None
        return v2.read_header(self._take(v2.FIXED_OCTETS + rest))

    def _take(self, count: int) -> bytes:
        taken, self.rest = bytes(self._octets[:count]), bytes(self._octets[count:])
        self._octets.clear()
        return taken
