"""Who wants to watch; called on the event loop, so it must not wait."""

from typing import Protocol

from pillarbox.archive.keep import Filed


class Progress(Protocol):
    """What a session tells while it runs."""

    def planned(self, messages: int, octets: int) -> None:
        """So much is to be fetched; the octets are the server's word."""
        ...

    def received(self, octets: int) -> None:
        """So many more octets of messages have come in."""
        ...

    def kept(self, filed: Filed) -> None:
        """One more message is durable, with its ledger row."""
        ...


class Silent:
    """Nobody watches."""

    def planned(self, messages: int, octets: int) -> None:
        """Say nothing."""

    def received(self, octets: int) -> None:
        """Say nothing."""

    def kept(self, filed: Filed) -> None:
        """Say nothing."""
