"""How somebody lets us in: by a code typed elsewhere, or by the browser of this machine.

RFC 8628 and RFC 8252. Blocking: a person takes minutes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pillarbox.accounts.oauth.faults import (
    NotAuthorisedFault,
    PendingFault,
    RefusedFault,
    UnusableFault,
)
from pillarbox.accounts.oauth.grant import Client, Grant
from pillarbox.accounts.oauth.messages import (
    Attempt,
    Device,
    authorization_url,
    code_form,
    device_form,
    new_verifier,
    poll_form,
    read_device,
    read_redirect,
    read_tokens,
)
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.net.post_form import NoAnswerFault, WebAnswer, host_of, is_safe_url, post_body

SLOWER_SECONDS = 5  # RFC 8628, section 3.5: added at each slow_down
BROWSER_SECONDS = 600  # RFC 6749, section 4.1.2: a code holds for ten minutes at most

Post = Callable[[str, Secret], WebAnswer]


class Page(Protocol):
    """Where the browser comes back to."""

    def take(self, seconds: float) -> Secret:
        """Return what it came back with; raises PeerFault where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class Network:
    """How we ask, and how we wait."""

    clock: Clock
    wait: Callable[[float], None]
    post: Post = post_body


def by_device(client: Client, network: Network, show: Callable[[Device], None]) -> Grant:
    """Return what is granted to a device whose code somebody types elsewhere: RFC 8628.

    `show` is to tell somebody. Raises RefusedFault, UnusableFault, NoAnswerFault, and
    OperatorFault where an address is not safe or nobody decides in time.
    """
    endpoint = client.device_endpoint
    if endpoint is None:
        raise OperatorFault("This authorization server has no device codes: use the browser.")
    _require_safe(endpoint, client.token_endpoint)
    device = read_device(client, network.post(endpoint, device_form(client)))
    show(device)
    return _require_lasting(_polled(client, network, device), client)


def by_browser(
    client: Client, network: Network, attempt: Attempt, page: Page, show: Callable[[str], None]
) -> Grant:
    """Return what is granted through a browser that comes back to `page`: RFC 8252.

    Raises as `by_device`, and what `page` raises.
    """
    _require_safe(client.authorization_endpoint or "", client.token_endpoint)
    show(authorization_url(client, attempt))
    code = read_redirect(client, attempt, page.take(BROWSER_SECONDS))
    answer = network.post(client.token_endpoint, code_form(client, attempt, code))
    return _require_lasting(read_tokens(client, answer, network.clock.now(), None), client)


def new_state() -> Secret:
    """Return what the browser has to bring back: RFC 6749, section 10.12."""
    return new_verifier()


def new_attempt(redirect_uri: str, state: Secret, more: dict[str, str]) -> Attempt:
    """Return a new way through the browser."""
    return Attempt(redirect_uri, state, new_verifier(), more)


def _polled(client: Client, network: Network, device: Device) -> Grant:
    interval = device.interval_seconds
    end = network.clock.now() + device.expires_seconds
    while network.clock.now() < end:
        network.wait(interval)
        try:
            answer = network.post(client.token_endpoint, poll_form(client, device))
            return read_tokens(client, answer, network.clock.now(), None)
        except PendingFault as fault:
            interval += SLOWER_SECONDS if fault.slower else 0
        except (NoAnswerFault, UnusableFault):
            # RFC 8628, section 3.5: a server that cannot answer is asked less and less often.
            interval *= 2
    raise RefusedFault(host_of(client.token_endpoint), "expired_token")


def _require_lasting(grant: Grant, client: Client) -> Grant:
    """Raise where there is nothing that renews the token: it would be for an hour."""
    if grant.refresh_token is None and grant.expires_at is not None:
        raise NotAuthorisedFault(
            "The authorization server gives no refresh token for the scope {scope!r}: ask for"
            " offline access.",
            scope=client.scope,
        )
    return grant


def _require_safe(*urls: str) -> None:
    for url in urls:
        if not is_safe_url(url):
            raise OperatorFault("{url!r} is no https address.", url=url)
