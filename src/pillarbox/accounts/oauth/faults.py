"""What can go wrong with an authorization server. No fault has anything of a token in it."""

from pillarbox.base.errors import OperatorFault, PeerFault


class RefusedFault(PeerFault):
    """The authorization server said no, and will say so again; `error` is its code."""

    retry = False

    def __init__(self, host: str, error: str) -> None:
        super().__init__("{host} refuses: {error}.", host=host, error=error)
        self.error = error


class PendingFault(PeerFault):
    """RFC 8628, section 3.5: nobody has decided yet; `slower` where we ask too often."""

    def __init__(self, *, slower: bool) -> None:
        super().__init__("Nobody has decided yet.")
        self.slower = slower


class UnusableFault(PeerFault):
    """The authorization server cannot answer now, or what it answers is of no use."""


class NotAuthorisedFault(OperatorFault):
    """There is no token that may be used: somebody must authorise, anew where it had been done."""


class TokensUnavailableFault(PeerFault):
    """The tokens cannot be renewed now; later they may be."""
