"""Replies as octets. Texts are fixed: nothing that a sender said ever comes back to it.

Enhanced status codes: RFC 2034 and RFC 3463; not in the greeting, the reply to LHLO and 3xx.
"""

from pillarbox.wire.lmtp.events import Fault

REPLY_OCTETS = 512  # RFC 5321, section 4.5.3.1.5, CRLF included

OK = b"250 2.0.0 Done.\r\n"
SENDER = b"250 2.1.0 Sender accepted.\r\n"
RECIPIENT = b"250 2.1.5 Recipient accepted.\r\n"
UNKNOWN_RECIPIENT = b"550 5.1.1 No such recipient here.\r\n"
# RFC 3463, section 3.3, X.2.1: transient where it may end. An account that is disabled can be
# enabled again, and what bounced by then is lost; it is the sender's queue that gives up in time.
DISABLED_RECIPIENT = b"450 4.2.1 The maildrop takes no mail now.\r\n"
# RFC 3463, section 3.3, X.2.2: at RCPT where it is full already, after DATA for each one by itself.
MAILDROP_FULL = b"452 4.2.2 The maildrop is full now.\r\n"
NEVER_FITS = b"552 5.2.2 The message is more than the maildrop may hold.\r\n"
TOO_MANY_RECIPIENTS = b"452 4.5.3 Too many recipients.\r\n"  # RFC 5321, section 4.5.3.1.10
NOT_VERIFIED = b"252 2.5.0 Not verified; send the message and see.\r\n"  # section 3.5.3
SEND_MESSAGE = b"354 Send the message; end it with <CRLF>.<CRLF>\r\n"
DELIVERED = b"250 2.0.0 Delivered.\r\n"
TOO_BIG = b"552 5.3.4 The message is too big.\r\n"
BARE_LINE_END = b"521 5.5.2 A bare CR or LF is refused.\r\n"  # RFC 7504: 521 closes
NOT_STORED = b"451 4.3.0 Cannot store it now.\r\n"
NO_SPACE = b"452 4.3.1 No space to store it now.\r\n"
GOODBYE = b"221 2.0.0 Goodbye.\r\n"
IDLE = b"421 4.4.2 Idle for too long.\r\n"
SHUTTING_DOWN = b"421 4.3.2 Shutting down.\r\n"
TOO_MANY_CONNECTIONS = b"421 4.3.2 Too many connections.\r\n"

FAULTS = {
    Fault.TOO_LONG: b"500 5.5.2 Line too long.\r\n",
    Fault.UNKNOWN: b"500 5.5.1 Unknown command.\r\n",
    Fault.NOT_OFFERED: b"502 5.5.1 Not offered here.\r\n",
    Fault.NOT_LMTP: b"500 5.5.1 This is LMTP; say LHLO.\r\n",
    Fault.WRONG_STATE: b"503 5.5.1 Not in this state.\r\n",
    Fault.ARGUMENTS: b"501 5.5.4 Bad arguments.\r\n",
    Fault.SENDER: b"501 5.1.7 Bad sender address.\r\n",
    Fault.RECIPIENT: b"501 5.1.3 Bad recipient address.\r\n",
    Fault.NOT_ASCII: b"553 5.6.7 Addresses are ASCII here.\r\n",  # RFC 6531, section 3.5
    Fault.PARAMETERS: b"555 5.5.4 Unknown parameter.\r\n",
    Fault.TOO_BIG: TOO_BIG,
    Fault.BARE_LINE_END: BARE_LINE_END,
}


def greeting(hostname: str) -> bytes:
    """Return the first line of a session."""
    return f"220 {hostname} LMTP Pillarbox ready.\r\n".encode("ascii")


def hello(hostname: str, message_octets: int) -> bytes:
    """Return what LHLO is answered with: RFC 2033, section 5 and RFC 1870, section 4."""
    return (
        f"250-{hostname}\r\n"
        "250-PIPELINING\r\n"
        "250-ENHANCEDSTATUSCODES\r\n"
        "250-8BITMIME\r\n"
        f"250 SIZE {message_octets}\r\n"
    ).encode("ascii")
