"""Bearer tokens: tried, and joined to the account that they name. RFC 6750, RFC 7628.

Blocking, and safe in threads; the pool that bounds it belongs to the caller.
"""

from typing import Protocol

from pillarbox.accounts.accounts import Account, Accounts, State
from pillarbox.accounts.tokens.claims import Claims, Expected, are_for_us, is_issued_after
from pillarbox.base.clock import Clock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.bearer import is_token

TOKEN_OCTETS = 8_192  # more than the tokens of large providers have; bounds what is verified


class CannotAskFault(StoreFault):
    """Whoever knows about tokens does not answer now: nobody's token is wrong for that."""

    retry = True


class TokenValidator(Protocol):
    """Knows whether a token is what it seems, and what it says."""

    def claims(self, token: Secret) -> Claims | None:
        """Return what a token says, None of one that is forged or taken back.

        Takes octets of the grammar of tokens alone. Raises CannotAskFault.
        """
        ...


class Judged:
    """A validator whose tokens are for us, and hold now."""

    def __init__(self, validator: TokenValidator, expected: Expected, clock: Clock) -> None:
        self._validator = validator
        self._expected = expected
        self._clock = clock

    def claims(self, token: Secret) -> Claims | None:
        """Return what a token says that holds here and now; raises CannotAskFault."""
        claims = self._validator.claims(token)
        if claims is None or not are_for_us(claims, self._expected, self._clock.now()):
            return None
        return claims


class Tokens:
    """The tokens of one authorization server, which name accounts in the claim `account_claim`.

    A local part alone names an account in one `domain` only, in none where that is empty: the
    server may know people of any other, who are called the same.
    """

    def __init__(
        self, accounts: Accounts, validator: TokenValidator, account_claim: str, domain: str = ""
    ) -> None:
        self._accounts = accounts
        self._validator = validator
        self._account_claim = account_claim
        self._domain = domain.lower()

    def try_token(self, name: str | None, token: Secret) -> Identity | None:
        """Return whose token it is, None where it is nobody's who may log in.

        A name, where the client gives one, must be of the same account. Raises CannotAskFault
        where the token cannot be judged now, and StoreFault; no fault has the token in it.
        """
        octets = token.reveal()
        if len(octets) > TOKEN_OCTETS or not is_token(octets):
            return None
        # Before the name is looked at: an unknown one is to cost what a known one costs.
        claims = self._validator.claims(token)
        account = self._account(claims) if claims is not None else None
        if claims is None or account is None or account.state is not State.ENABLED:
            return None
        since = self._accounts.tokens_since(account.id)
        is_young = since is None or is_issued_after(claims, since)
        return Identity(account.id) if is_young and self._is_name_of(account, name) else None

    def _account(self, claims: Claims) -> Account | None:
        value = claims.get(self._account_claim)
        # OpenID Connect Core, section 5.1: unverified is what anybody can say of himself.
        is_verified = claims.get(f"{self._account_claim}_verified", True) is True
        return self._find(value) if is_verified and isinstance(value, str) else None

    def _is_name_of(self, account: Account, name: str | None) -> bool:
        if name is None:
            return True
        named = self._find(name)
        return named is not None and named.id == account.id

    def _find(self, name: str) -> Account | None:
        """Return the account of that whole name, else of the local part in our domain."""
        local, at, domain = name.partition("@")
        # ASCII: lower() turns the Kelvin sign into a k.
        is_ours = bool(at and self._domain) and domain.isascii() and domain.lower() == self._domain
        return self._accounts.find(name) or (self._accounts.find(local) if is_ours else None)
