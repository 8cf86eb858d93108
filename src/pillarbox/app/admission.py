"""Joins the accounts room to those who ask it whether somebody may come in, or gets mail here."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.digests import Digests
from pillarbox.accounts.entry import Entered, Entry
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.scram import Scram
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.accounts.tokens.tokens import Tokens
from pillarbox.accounts.visitor import Refused
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, Identity, SignIn
from pillarbox.base.secret import Secret
from pillarbox.delivery.effects import Refusal
from pillarbox.sasl.exchange import DigestProof, ScramAccount, ScramHash
from pillarbox.server.admission import Admitted, Denied
from pillarbox.store.quota import Quotas


@dataclass(frozen=True, slots=True)
class Admission:
    """Everything that proves who somebody is, as the server room asks for it.

    Each call may raise StoreFault, and OperatorFault where the administrator must mend something.
    Each is blocking; passwords and tokens are slow besides.
    """

    passwords: Passwords
    digests: Digests
    scram: Scram
    entry: Entry
    tokens: Tokens | None = None  # None: no token is taken
    throttle: Throttle | None = None  # None: whoever guesses may guess on

    def try_password(self, name: str, password: Secret) -> Identity | None:
        """Return whose password it is, None where it is nobody's."""
        return self.passwords.try_password(name, password)

    def recall(self, name: str, password: Secret) -> Identity | Literal[False] | None:
        """Return whose password it is where that can be told at once; None says nothing.

        False: it was compared with one that was right a moment ago, and is not that.
        """
        return self.passwords.recall(name, password)

    def try_digest(self, name: str, proof: DigestProof) -> Identity | None:
        """Return whose secret a proof was made with, None where it is nobody's."""
        return self.digests.try_digest(name, proof)

    def find_scram(self, name: str, hash_: ScramHash) -> ScramAccount:
        """Return what a proof for a name is checked against; every name has something."""
        return self.scram.find(name, hash_)

    def try_token(self, name: str | None, token: Secret) -> Identity | None:
        """Return whose token it is, None where it is nobody's or no token is taken."""
        return None if self.tokens is None else self.tokens.try_token(name, token)

    def delay(self, name: str, sign_in: SignIn) -> float | None:
        """Return how many seconds to wait before an attempt is tried; None: not to try it."""
        return self.throttle.delay(name, sign_in) if self.throttle else 0.0

    def refused(self, name: str, sign_in: SignIn) -> None:
        """Note that what was tried was not accepted."""
        if self.throttle:
            self.throttle.refused(name, sign_in)
        self.entry.refused(name, sign_in)

    def give_back(self, sign_in: SignIn) -> None:
        """Let what was let through count no more: it was right, or was not tried after all."""
        if self.throttle:
            self.throttle.give_back(sign_in)

    def enter(self, name: str, identity: Identity, sign_in: SignIn) -> Admitted | Denied:
        """Note a login that is about to be answered +OK, or say why it may not be."""
        # Account and device may not be what they were when the proof was begun.
        match self.entry.enter(identity, sign_in):
            case Entered(login_delay_seconds, unnoted):
                self._let_in(name, sign_in)
                return Admitted(login_delay_seconds, unnoted)
            case Refused.LOGIN_DELAY:
                return Denied.LOGIN_DELAY
            case _:
                return Denied.NOT_ACCEPTED

    def _let_in(self, name: str, sign_in: SignIn) -> None:
        if self.throttle:
            with suppress(StoreFault):  # they are in, and known the next time
                self.throttle.let_in(name, sign_in)


class Recipients:
    """Accounts, as the delivery room asks for them."""

    def __init__(self, accounts: Accounts, quotas: Quotas) -> None:
        self._accounts = accounts
        self._quotas = quotas

    def resolve(self, recipient: str) -> AccountId | Refusal:
        """Return whose mail this is; a disabled account's goes on arriving."""
        account = self._accounts.resolve(recipient)
        if account is None:
            return Refusal.UNKNOWN
        return Refusal.FULL if self._quotas.use(account.id).is_full else account.id
