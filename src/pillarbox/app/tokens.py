"""Makes what tries the tokens of those who log in with one."""

from importlib import import_module

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.tokens.claims import Expected
from pillarbox.accounts.tokens.introspection import Introspection, read_client_secret
from pillarbox.accounts.tokens.tokens import Judged, Tokens, TokenValidator
from pillarbox.app.home import Home
from pillarbox.app.settings import OAuth
from pillarbox.base.clock import Clock
from pillarbox.net.post_form import FormServer


def build_tokens(home: Home, accounts: Accounts, clock: Clock, oauth: OAuth) -> Tokens | None:
    """Return what tries tokens, None where none are taken; raises OperatorFault."""
    if not oauth.is_on:
        return None
    # Nobody can take a signature back: without an end the token would be good for ever.
    expected = Expected(oauth.issuer, oauth.audience, must_end=bool(oauth.jwks_file))
    validator = Judged(_token_validator(home, oauth), expected, clock)
    return Tokens(accounts, validator, oauth.account_claim, oauth.domain)


def _token_validator(home: Home, oauth: OAuth) -> TokenValidator:
    if oauth.jwks_file:
        signed = import_module("pillarbox.accounts.tokens.signed")  # with its library
        validator: TokenValidator = signed.SignedTokens(
            signed.KeySetFile(home.below(oauth.jwks_file))
        )
        return validator
    secret = read_client_secret(home.below(oauth.client_secret_file))
    return Introspection(FormServer(oauth.introspection_url, oauth.client_id, secret))
