"""Replies as octets, and the form of the mail data: RFC 918.

A mailbox goes out whole, as so many characters. How messages are told apart in it RFC 918 leaves to
the mailbox's own format; ours is that of MMDF, which a mail reader of its day could take apart: a
line of four SOH stands before each message and behind it, and nothing in a message is changed.
"""

DELIMITER = b"\x01\x01\x01\x01\r\n"

GREETING = b"+OK Pillarbox POP1 ready.\r\n"
OK = b"+OK\r\n"


def err(text: str) -> bytes:
    """Return a negative reply."""
    return f"-ERR {text}\r\n".encode("ascii")


def characters(octets: int) -> bytes:
    """Return how many characters the mail data has."""
    return f"#{octets}\r\n".encode("ascii")
