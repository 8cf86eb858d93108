"""The grants of remotes: sealed, renewed, and ended. Blocking.

A refresh token may be good once (RFC 6749, section 10.4): whoever renews has the `turn` of the
remote meanwhile, and seals the new token before anybody else reads the old one. That it can be
sealed is tried before the old one is spent. Between the server's answer and the commit the new
token is in memory alone: whoever is killed there has to ask with the old one again, and where the
server takes that no more, somebody must authorise anew.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import TYPE_CHECKING

from pillarbox.accounts.oauth.faults import (
    NotAuthorisedFault,
    PendingFault,
    RefusedFault,
    TokensUnavailableFault,
    UnusableFault,
)
from pillarbox.accounts.oauth.grant import Grant, read_grant, refused, write_grant
from pillarbox.accounts.remote_settings import SecretKind
from pillarbox.accounts.remotes import Remote, Remotes
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Rows
from pillarbox.journal.alerts import AlertKind, raise_alert
from pillarbox.journal.audit import append
from pillarbox.net.post_form import NoAnswerFault, host_of, is_safe_url, post_body

if TYPE_CHECKING:
    from pillarbox.accounts.oauth.flows import Post

Turn = Callable[[Remote], AbstractContextManager[object]]


class Grants:
    """The grants of one database. `turn` lets one caller at a time into a remote's grant."""

    def __init__(
        self, remotes: Remotes, clock: Clock, turn: Turn, post: "Post" = post_body
    ) -> None:
        self._remotes = remotes
        self._clock = clock
        self._turn = turn
        self._post = post

    def token(self, remote: Remote) -> Secret:
        """Return a token that is good now, renewed where it had to be.

        Raises NotAuthorisedFault where somebody must authorise first, TokensUnavailableFault where
        it cannot be renewed now, StoreFault.
        """
        grant = self._usable(self._sealed(remote), remote)
        if grant.is_fresh(self._clock.now()):
            return grant.access_token
        return self._renewed(remote, grant.access_token)

    def token_after(self, remote: Remote, token: Secret) -> Secret | None:
        """Return another token than one that the remote refused, None where there can be none.

        Raises as `token`.
        """
        if self._usable(self._sealed(remote), remote).refresh_token is None:
            return None
        return self._renewed(remote, token)

    def must_be_authorised(self, remote: Remote) -> bool:
        """Say whether somebody must authorise first; raises OperatorFault and StoreFault."""
        if remote.settings.secret_kind is not SecretKind.OAUTH:
            return False
        grant = read_grant(self._sealed(remote))
        return grant is None or grant.refused is not None

    def _renewed(self, remote: Remote, old: Secret) -> Secret:
        with self._turn(remote):
            # Somebody may have been faster while we waited for our turn.
            sealed = self._sealed(remote)
            grant = self._usable(sealed, remote)
            if grant.access_token != old and grant.is_fresh(self._clock.now()):
                return grant.access_token
            return self._renew(remote, sealed, grant).access_token

    def _renew(self, remote: Remote, sealed: Secret, grant: Grant) -> Grant:
        self._remotes.keep_secret(remote, sealed, instead_of=sealed)
        try:
            renewed = self._ask(grant)
        except RefusedFault as fault:
            self._end(remote, sealed, grant, fault.error)
            raise _ended(remote, fault.error) from None
        except (NoAnswerFault, PendingFault, UnusableFault) as fault:
            raise TokensUnavailableFault(
                "The token of {name!r} cannot be renewed now: {why}", name=remote.name, why=fault
            ) from None
        self._remotes.keep_secret(remote, write_grant(renewed), instead_of=sealed)
        return renewed

    def _ask(self, grant: Grant) -> Grant:
        client, before = grant.client, grant.refresh_token
        if before is None:
            raise RefusedFault(host_of(client.token_endpoint), "no_refresh_token")
        if not is_safe_url(client.token_endpoint):
            raise OperatorFault("{url!r} is no https address.", url=client.token_endpoint)
        messages = import_module("pillarbox.accounts.oauth.messages")  # with its library
        answer = self._post(client.token_endpoint, messages.refresh_form(client, before))
        renewed: Grant = messages.read_tokens(client, answer, self._clock.now(), before)
        return renewed

    def _sealed(self, remote: Remote) -> Secret:
        return self._remotes.password(remote)

    def _usable(self, sealed: Secret, remote: Remote) -> Grant:
        grant = read_grant(sealed)
        if grant is None:
            raise NotAuthorisedFault(
                'Nobody has authorised the remote {name!r} yet: "pillarbox remote authorize'
                ' {name}".',
                name=remote.name,
            )
        if grant.refused is not None:
            raise _ended(remote, grant.refused)
        return grant

    def _end(self, remote: Remote, sealed: Secret, grant: Grant, error: str) -> None:
        """Note that it has ended, and have somebody told, in one transaction."""
        account, now = remote.settings.account, int(self._clock.now())

        def tell(rows: Rows) -> None:
            name = remote.name
            append(rows, now, "remote.authorisation-ended", account, remote=name, why=error)
            raise_alert(rows, now, AlertKind.AUTHORISATION_ENDED, account, remote=name, why=error)

        ended = write_grant(refused(grant, error))
        self._remotes.keep_secret(remote, ended, tell, instead_of=sealed)


def _ended(remote: Remote, error: str) -> NotAuthorisedFault:
    return NotAuthorisedFault(
        "The authorisation of the remote {name!r} has ended ({error}): "
        '"pillarbox remote authorize {name}" gives a new one.',
        name=remote.name,
        error=error,
    )
