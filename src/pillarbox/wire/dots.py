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

    After `is_finished` the octets behind the end are in `rest`; nothing more may be fed.
    """

    def __init__(self) -> None:
        # The message starts at the start of a line: a CRLF that is not its own stands before it.
        self._held = b"\r\n"
        self._borrowed = 2
        self.is_finished = False
        self.rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return the octets of the message that `chunk` makes certain."""
        octets = self._held + chunk
        end = octets.find(END)
        if end >= 0:
            self.is_finished = True
            self._held = b""
            self.rest = octets[end + len(END) :]
            return self._unstuffed(octets[: end + 2])
        held = next(count for count in (4, 3, 2, 1, 0) if octets.endswith(END[:count]))
        self._held = octets[len(octets) - held :]
        return self._unstuffed(octets[: len(octets) - held])

    def _unstuffed(self, octets: bytes) -> bytes:
        if not octets:
            return b""
        borrowed, self._borrowed = self._borrowed, 0
        return octets.replace(b"\r\n.", b"\r\n")[borrowed:]
