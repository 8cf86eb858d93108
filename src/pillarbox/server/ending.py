"""Whether a session is to end: who is in it may not be in any more. Pure."""

from pillarbox.base.names import Ended, Identity


class Ending:
    """What one session has heard of those that are to end.

    A proof is made against what was so at its beginning; whatever ends sessions after that ends
    this one too, also where it was heard before it was known whose session this is.
    """

    def __init__(self) -> None:
        self.has_come = False
        self._mark = 0
        self._identity: Identity | None = None
        self._heard: list[Ended] = []  # as many as come before login; that has a deadline

    def proof_begins(self, mark: int) -> None:
        """Note that what is up to `mark` is older than the proof that begins now."""
        self._mark = mark
        self._identity = None
        self._heard = [ended for ended in self._heard if ended.number > mark]

    def proved(self, identity: Identity) -> None:
        """Note whose session it is, before the account is asked whether they may come in."""
        self._identity = identity
        for ended in self._heard:
            self.hear(ended)

    def hear(self, ended: Ended) -> None:
        """Take what is to end."""
        if self._identity is None:
            self._heard.append(ended)
        elif ended.number > self._mark and ended.concerns(self._identity):
            self.has_come = True
