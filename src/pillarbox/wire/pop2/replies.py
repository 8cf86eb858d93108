"""Replies as octets: RFC 937, "Replies". Nothing that a client sent ever comes back to it."""


def greeting(hostname: str) -> bytes:
    """Return the first line of a session."""
    return _line(f"+ POP2 {hostname} Pillarbox ready.")


def ok(text: str) -> bytes:
    """Return the success response."""
    return _line(f"+ {text}")


def error(text: str) -> bytes:
    """Return the failure response, which the end of the connection follows."""
    return _line(f"- {text}")


def count(messages: int) -> bytes:
    """Return the count response."""
    return _line(f"#{messages} messages")


def length(octets: int) -> bytes:
    """Return the length response; of no octets is what does not exist."""
    return _line(f"={octets} characters" if octets else "=0 no such message")


def _line(text: str) -> bytes:
    return text.encode("ascii") + b"\r\n"
