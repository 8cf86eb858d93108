"""What an OAuth 2 client sends and reads, by oauthlib (ADR 0019). Pure: values in, values out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from oauthlib.common import add_params_to_qs
from oauthlib.oauth2 import DeviceClient, OAuth2Error, WebApplicationClient
from oauthlib.oauth2.rfc6749.parameters import (
    parse_authorization_code_response,
    parse_token_response,
    prepare_grant_uri,
)

from pillarbox.accounts.oauth.faults import PendingFault, RefusedFault, UnusableFault
from pillarbox.accounts.oauth.grant import Client, Grant
from pillarbox.base.secret import Secret
from pillarbox.net.post_form import WebAnswer, host_of
from pillarbox.sasl.bearer import is_token

OK = 200
CLIENT_ERRORS = range(400, 500)  # RFC 9110, section 15.5
TOO_MANY = 429  # RFC 6585, section 4
POLL_SECONDS = 5  # RFC 8628, section 3.2: where the server says nothing
PENDING = {"authorization_pending": False, "slow_down": True}  # RFC 8628, section 3.5
# RFC 6749, section 4.1.2.1. What else an error can say will not be otherwise later.
TEMPORARY = frozenset({"temporarily_unavailable", "server_error"})
ANSWERED = ("access_token", "token_type", "refresh_token", "expires_in")
LONGEST_SECONDS = 10 * 366 * 86_400  # beyond any use, and within every clock
ERROR = re.compile("[a-z][a-z0-9_]{1,39}")  # of those that are registered; nothing can hide in it
USER_CODE = re.compile("[!-~]{1,64}")
HTTPS = "https://"  # oauthlib asks for it where only our own machine hears


@dataclass(frozen=True, slots=True)
class Device:
    """What a server says to the start of a device's authorization: RFC 8628, section 3.2."""

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_seconds: int
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way through the browser: RFC 8252, with PKCE (RFC 7636)."""

    redirect_uri: str
    state: Secret
    verifier: Secret
    more: Mapping[str, str] = field(default_factory=dict)  # what a provider wants besides


def new_verifier() -> Secret:
    """Return a new secret that holds for one attempt: RFC 7636, section 4.1."""
    return Secret(WebApplicationClient("").create_code_verifier(128).encode("ascii"))


def device_form(client: Client) -> Secret:
    """Return what starts the authorization of a device: RFC 8628, section 3.1."""
    fields = {"client_id": client.client_id, "scope": client.scope, **_secret(client)}
    return _form(add_params_to_qs("", list(fields.items())))


def poll_form(client: Client, device: Device) -> Secret:
    """Return what asks whether somebody has decided: RFC 8628, section 3.4."""
    return _form(
        DeviceClient(client.client_id).prepare_request_body(
            _plain(device.device_code), include_client_id=True, **_secret(client)
        )
    )


def authorization_url(client: Client, attempt: Attempt) -> str:
    """Return where a browser must go; raises UnusableFault where the client has no such place."""
    verifier = _plain(attempt.verifier)
    challenge = WebApplicationClient("").create_code_challenge(verifier, "S256")
    endpoint = client.authorization_endpoint or ""
    scheme, separator, rest = endpoint.partition("://")
    if not separator:
        raise UnusableFault("There is no authorization endpoint.")
    url: str = prepare_grant_uri(
        HTTPS + rest,
        client.client_id,
        "code",
        redirect_uri=attempt.redirect_uri,
        scope=client.scope,
        state=_plain(attempt.state),
        code_challenge=challenge,
        code_challenge_method="S256",
        **attempt.more,
    )
    return scheme + "://" + url.removeprefix(HTTPS)


def read_redirect(client: Client, attempt: Attempt, target: Secret) -> Secret:
    """Return the code that a browser brought: RFC 6749, section 4.1.2.

    Raises RefusedFault, and UnusableFault where it is not of this attempt.
    """
    host = host_of(client.authorization_endpoint or "")
    try:
        said = parse_authorization_code_response(
            HTTPS + "127.0.0.1" + _plain(target), _plain(attempt.state)
        )
    except OAuth2Error as error:
        if error.error in {"mismatching_state", "missing_code"}:
            raise UnusableFault("What the browser brought is not of this attempt.") from None
        raise RefusedFault(host, _harmless(error.error)) from None
    return Secret(str(said["code"]).encode("utf-8"))


def code_form(client: Client, attempt: Attempt, code: Secret) -> Secret:
    """Return what turns a code into tokens: RFC 6749, section 4.1.3; RFC 7636, section 4.5."""
    return _form(
        WebApplicationClient(client.client_id).prepare_request_body(
            code=_plain(code),
            redirect_uri=attempt.redirect_uri,
            include_client_id=True,
            code_verifier=_plain(attempt.verifier),
            **_secret(client),
        )
    )


def refresh_form(client: Client, refresh_token: Secret) -> Secret:
    """Return what asks for new tokens: RFC 6749, section 6. The scope stays what it was."""
    return _form(
        WebApplicationClient(client.client_id).prepare_refresh_body(
            refresh_token=_plain(refresh_token), client_id=client.client_id, **_secret(client)
        )
    )


def read_device(client: Client, answer: WebAnswer) -> Device:
    """Return what a server says to `device_form`; raises RefusedFault, UnusableFault."""
    host = host_of(client.device_endpoint or "")
    said = _accepted(host, answer)
    # Microsoft and Google once said verification_url.
    place = said.get("verification_uri") or said.get("verification_url")
    code, user_code = _octets(said.get("device_code")), said.get("user_code")
    if not (code and _is_shown(user_code) and _is_shown_url(place)):
        raise UnusableFault("What {host} answers is of no use.", host=host)
    complete = said.get("verification_uri_complete")
    return Device(
        code,
        str(user_code),
        str(place),
        str(complete) if _is_shown_url(complete) else None,
        _seconds(said.get("expires_in")) or 600,
        _seconds(said.get("interval")) or POLL_SECONDS,
    )


def read_tokens(client: Client, answer: WebAnswer, now: float, before: Secret | None) -> Grant:
    """Return what a token endpoint grants: RFC 6749, section 5.

    `before` is the refresh token that goes on where no new one comes. Raises PendingFault,
    RefusedFault, UnusableFault.
    """
    host = host_of(client.token_endpoint)
    said = _accepted(host, answer)
    try:
        # No scope is compared: servers name them otherwise, and the remote decides anyhow.
        seconds = _seconds(said.get("expires_in"))
        answered = {name: said.get(name) for name in ANSWERED} | {"expires_in": seconds}
        tokens = parse_token_response(json.dumps(answered))
    except (OAuth2Error, ValueError):
        raise UnusableFault("What {host} answers is of no use.", host=host) from None
    access = _octets(tokens.get("access_token"))
    if access is None or not is_token(access.reveal()):
        raise UnusableFault("What {host} answers is of no use.", host=host)
    return Grant(
        client,
        access,
        None if seconds is None else int(now) + seconds,
        _octets(tokens.get("refresh_token")) or before,
    )


def _accepted(host: str, answer: WebAnswer) -> dict[str, object]:
    """Return the JSON object of an answer that is no error: RFC 6749, section 5.2."""
    try:
        said = json.loads(answer.octets)
    except (ValueError, RecursionError):
        said = None
    raw = said.get("error") if isinstance(said, dict) else None
    error = _harmless(raw) if raw else None
    if error in PENDING:
        raise PendingFault(slower=PENDING[error])
    is_ours = answer.status in CLIENT_ERRORS and answer.status != TOO_MANY
    # Some servers say 200 with an error in it.
    if error and error not in TEMPORARY and (is_ours or answer.status == OK):
        raise RefusedFault(host, error)
    if error or answer.status != OK or not isinstance(said, dict):
        raise UnusableFault("{host} answers HTTP status {status}.", host=host, status=answer.status)
    return said


def _harmless(error: object) -> str:
    """Return an error's code where it is one; a server may echo anything."""
    return error if isinstance(error, str) and ERROR.fullmatch(error) else "unknown_error"


def _is_shown(text: object) -> bool:
    return isinstance(text, str) and USER_CODE.fullmatch(text) is not None


def _is_shown_url(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"https?://[!-~]{1,2000}", text) is not None


def _seconds(value: object) -> int | None:
    try:
        seconds = int(float(str(value)))
    except (ValueError, OverflowError):  # JSON has 1e999, and it is infinite
        return None
    return min(seconds, LONGEST_SECONDS) if seconds > 0 else None


def _octets(value: object) -> Secret | None:
    """Return a text that can be sent; JSON may hold halves of characters."""
    try:
        return Secret(value.encode("utf-8")) if isinstance(value, str) and value else None
    except UnicodeEncodeError:
        return None


def _secret(client: Client) -> dict[str, str]:
    # RFC 6749, section 2.3.1: in the form, where the providers' own pages have it.
    return {} if client.client_secret is None else {"client_secret": _plain(client.client_secret)}


def _plain(secret: Secret) -> str:
    return secret.reveal().decode("utf-8")


def _form(text: str) -> Secret:
    return Secret(text.encode("ascii"))
