"""Byte-stuffing of multi-line replies: RFC 1939, section 3. Only CRLF makes a line here."""

END = b"\r\n.\r\n"


class DotStuffer:
    """Turn a message that comes in chunks into the lines of a multi-line reply."""

    def __init__(self) -> None:
        self._tail = b"\r\n"  # the message starts at the start of a line

    def feed(self, chunk: bytes) -> bytes:
        """Return the chunk with a dot before each line that starts with one."""
        if not chunk:
            return b""
        # A CRLF may have come with the last chunk, or half of it.
        window = self._tail + chunk
        stuffed = window.replace(b"\r\n.", b"\r\n..")
        octets = stuffed[len(self._tail) :]
        self._tail = window[-2:]
        return octets

    def finish(self) -> bytes:
        """Return the end of the reply, with the CRLF that the last line may lack."""
        return b".\r\n" if self._tail == b"\r\n" else END


class DotReader:
    """Turn the lines of a multi-line reply, or of DATA, back into the message.

    RFC 1939, section 3 and RFC 5321, section 4.5.2 take the first dot off every line that has more.
    With `keeps_lone_dots` one without a second dot behind it stays: a peer that stuffs never sends
    that, and from one that forgets to, it is the message's own.

    After `is_finished` the octets behind the end are in `rest`, and start at `position` of the last
    chunk; nothing more may be fed.
    """

    def __init__(self, *, keeps_lone_dots: bool = False) -> None:
        self._stuffed, self._plain = (
            (b"\r\n..", b"\r\n.") if keeps_lone_dots else (b"\r\n.", b"\r\n")
        )
        # The message starts at the start of a line: a CRLF that is not its own stands before it.
        self._held = b"\r\n"
        self._borrowed = 2
        self._last = b""
        self.is_finished = False
        self.position = 0

    @property
    def rest(self) -> bytes:
        """The octets behind the end."""
        return self._last[self.position :] if self.is_finished else b""

    def feed(self, chunk: bytes, start: int = 0) -> bytes:
        """Return the octets of the message that `chunk`, from `start` on, makes certain."""
        if not self._held and not _has_dot_line(chunk, start):
            # Most of most messages: neither an end nor anything to undo.
            return self._without_held(chunk[start:] if start else chunk)
        end = self._end(chunk, start)
        if end >= 0:
            self.is_finished = True
            self._last, self.position = chunk, end
            octets = self._joined(chunk, start, end)
            return self._unstuffed(octets[:-3])
        return self._unstuffed(self._without_held(self._joined(chunk, start, len(chunk))))

    def _without_held(self, octets: bytes) -> bytes:
        """Hold what the end may begin with, and return the rest."""
        held = next(count for count in (4, 3, 2, 1, 0) if octets.endswith(END[:count]))
        self._held = octets[len(octets) - held :]
        return octets[: len(octets) - held] if held else octets

    def _end(self, chunk: bytes, start: int) -> int:
        """Return where the octets behind the end start, below 0 where there is no end."""
        seam = (self._held + chunk[start : start + 4]).find(END)
        if seam >= 0:
            return start + seam + len(END) - len(self._held)
        end = chunk.find(END, start)
        return end if end < 0 else end + len(END)

    def _joined(self, chunk: bytes, start: int, end: int) -> bytes:
        # Each copy of what is large shows in the time that a collection takes.
        octets = chunk[start:end] if start or end < len(chunk) else chunk
        return self._held + octets if self._held else octets

    def _unstuffed(self, octets: bytes) -> bytes:
        if not octets:
            return b""
        borrowed, self._borrowed = self._borrowed, 0
        return octets.replace(self._stuffed, self._plain)[borrowed:]


def _has_dot_line(chunk: bytes, start: int) -> bool:
    """Return whether a line behind the first starts with a dot."""
    # One octet is found much faster than three, and much of mail has no dot.
    return chunk.find(b".", start) >= 0 and chunk.find(b"\r\n.", start) >= 0
