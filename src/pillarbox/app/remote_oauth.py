"""Authorising a remote: what is asked of whom, and where what is granted is kept. Blocking."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from time import sleep

from pillarbox.accounts.oauth.flows import (
    Network,
    by_browser,
    by_device,
    new_attempt,
    new_state,
)
from pillarbox.accounts.oauth.grant import Client, Grant, read_grant, write_grant
from pillarbox.accounts.oauth.messages import Device
from pillarbox.accounts.oauth.providers import Provider, provider_of, providers
from pillarbox.accounts.remote_settings import RemoteSettings, SecretKind
from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.net.redirect import ADDRESS, Redirect
from pillarbox.sasl.facts import TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody says of the authorization server; None: what is known already."""

    provider: str | None = None
    tenant: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    scope: str | None = None
    mechanism: str | None = None
    authorization_endpoint: str | None = None
    device_endpoint: str | None = None
    token_endpoint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """How the browser comes back; `text` is what it shows then."""

    text: str
    port: int = 0  # 0: any that is free
    host: str | None = None  # None: what the provider has registered


@dataclass(frozen=True, slots=True)
class Authoriser:
    """Authorises one remote; `wait` is what lets time pass."""

    system: System
    remote: Remote
    wanted: Wanted
    wait: Callable[[float], None] = sleep

    def client(self) -> Client:
        """Return who we are there; raises OperatorFault where something is not said."""
        before, provider = self._before(), self._provider()
        client_id = self.wanted.client_id or (before.client_id if before else None)
        if client_id is None:
            raise OperatorFault(
                "Say --client-id: the application that is registered with the authorization server."
            )
        if before is not None and not self._is_new():
            return self._changed(replace(before, client_id=client_id))
        if provider is not None:
            return self._changed(self._of_provider(provider, client_id))
        wanted = self.wanted
        if not (wanted.token_endpoint and wanted.scope):
            raise OperatorFault("Say --provider, or --token-endpoint and --scope.")
        if not (wanted.device_endpoint or wanted.authorization_endpoint):
            raise OperatorFault("Say --device-endpoint or --authorization-endpoint too.")
        return self._changed(Client(client_id, wanted.token_endpoint, wanted.scope, TOKENS[0]))

    def by_device(self, show: Callable[[Device], None]) -> Remote:
        """Have a code typed elsewhere, and keep what is granted; raises as `flows.by_device`."""
        return self._keep(by_device(self.client(), self._network(), show))

    def by_browser(self, browser: Browser, show: Callable[[str], None]) -> Remote:
        """Wait for a browser, and keep what is granted; raises as `flows.by_browser`."""
        client, provider = self.client(), self._provider()
        host = browser.host or (provider.redirect_host if provider else ADDRESS)
        more = dict(provider.more) if provider else {}
        with ExitStack() as stack:
            state = new_state()
            page = stack.enter_context(Redirect(browser.text, state, browser.port))
            attempt = new_attempt(f"http://{host}:{page.port}/", state, more)
            grant = by_browser(client, self._network(), attempt, page, show)
        return self._keep(grant)

    def _keep(self, grant: Grant) -> Remote:
        """Seal what is granted; whoever renews an older grant meanwhile comes before or after.

        Raises ChangedFault where the remote is another by now: it would be let in elsewhere.
        """

        def alter(settings: RemoteSettings) -> RemoteSettings:
            return replace(settings, secret_kind=SecretKind.OAUTH, mechanism=grant.client.mechanism)

        with self.system.turns(self.remote):
            self.system.remotes.password(self.remote)
            return self.system.remotes.edit(self.remote.name, alter, write_grant(grant))

    def _network(self) -> Network:
        return Network(self.system.clock, self.wait)

    def _before(self) -> Client | None:
        if self.remote.settings.secret_kind is not SecretKind.OAUTH:
            return None
        grant = read_grant(self.system.remotes.password(self.remote))
        return grant.client if grant else None

    def _is_new(self) -> bool:
        """Say whether another authorization server is meant than before."""
        return bool(self.wanted.provider or self.wanted.tenant or self.wanted.token_endpoint)

    def _provider(self) -> Provider | None:
        if self.wanted.token_endpoint:
            return None
        name = self.wanted.provider or provider_of(self.remote.settings.host)
        return providers()[name] if name else None

    def _of_provider(self, provider: Provider, client_id: str) -> Client:
        tenant = self.wanted.tenant or provider.tenant
        if self.wanted.tenant and not provider.tenant:
            raise OperatorFault("This provider has no tenants.")
        return Client(
            client_id,
            _filled(provider.token_endpoint, tenant),
            provider.scope(self.remote.settings.protocol),
            provider.mechanism,
            _filled(provider.authorization_endpoint, tenant),
            provider.device_endpoint and _filled(provider.device_endpoint, tenant),
        )

    def _changed(self, client: Client) -> Client:
        wanted, mechanism = self.wanted, self.remote.settings.mechanism
        asked = wanted.mechanism or (mechanism if mechanism in TOKENS else None)
        return replace(
            client,
            client_secret=wanted.client_secret or client.client_secret,
            scope=wanted.scope or client.scope,
            mechanism=asked or client.mechanism,
            authorization_endpoint=wanted.authorization_endpoint or client.authorization_endpoint,
            device_endpoint=wanted.device_endpoint or client.device_endpoint,
        )


def _filled(endpoint: str, tenant: str | None) -> str:
    # A name of DNS or a GUID: nothing in it can lead elsewhere.
    if tenant is not None and not tenant.replace("-", "").replace(".", "").isalnum():
        raise OperatorFault("{tenant!r} is no tenant.", tenant=tenant)
    return endpoint.replace("{tenant}", tenant or "")
