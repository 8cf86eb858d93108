"""What can go wrong with an IMAP server; known without the library that speaks to it."""

from pillarbox.base.errors import PeerFault


class ImapNoFault(PeerFault):
    """The server said NO or BAD; `text` is what else it said, and may repeat what it was sent."""

    def __init__(self, text: str) -> None:
        super().__init__("The server refused.")
        self.text = text


class ImapBrokenFault(PeerFault):
    """The connection is gone, or the server said BYE."""


class ImapGarbledFault(PeerFault):
    """What the server says is no IMAP, or more than anybody asked for."""
