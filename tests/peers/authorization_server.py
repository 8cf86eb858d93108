"""An authorization server on loopback, by authlib: codes, devices, refresh with rotation.

Whoever comes with a browser is mrose, and agrees. RFC 6749, 7636, 7662, 8628.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from authlib.common.security import generate_token
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import (
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    DeviceCredentialDict,
)

CLIENT_ID = "pillarbox-test"
SCOPE = "mail offline_access"
USER = "mrose"


class Client(ClientMixin):
    """The one application that is registered; public, unless it has a secret."""

    def __init__(self, secret: str | None = None) -> None:
        self.secret = secret

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return "http://127.0.0.1/"

    def get_allowed_scope(self, scope: Any) -> str:
        return scope or SCOPE

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        # RFC 8252, section 7.3: any port.
        return urlsplit(redirect_uri).hostname in {"127.0.0.1", "localhost"}

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == ("none" if self.secret is None else "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return True


@dataclass
class Code:
    """A code that came through the browser."""

    redirect_uri: str
    scope: str
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Issued:
    """Tokens that were given."""

    access_token: str
    refresh_token: str | None
    scope: str
    expires_at: float
    is_revoked: bool = False  # the access token
    is_used: bool = False  # the refresh token

    def get_scope(self) -> str:
        return self.scope

    def check_client(self, client: object) -> bool:
        return True


@dataclass
class State:
    """What the server knows, and how it is to behave."""

    client: Client = field(default_factory=Client)
    expires_in: int = 3_600
    is_failing: bool = False
    is_slow_down: bool = False
    decided: dict[str, bool] = field(default_factory=dict)  # by user code
    codes: dict[str, Code] = field(default_factory=dict)
    devices: dict[str, DeviceCredentialDict] = field(default_factory=dict)
    issued: list[Issued] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # path, form or query
    url: str = ""

    def revoke(self) -> None:
        """Take everything back, as its user can."""
        for each in self.issued:
            each.is_revoked = each.is_used = True

    def revoke_access(self) -> None:
        """Take the access tokens back before their time."""
        for each in self.issued:
            each.is_revoked = True

    def active(self, token: str) -> bool:
        return any(
            each.access_token == token and not each.is_revoked and each.expires_at > time.time()
            for each in self.issued
        )

    @property
    def grants(self) -> list[str]:
        """What was asked of the token endpoint, in order."""
        return [form["grant_type"] for path, form in self.asked if path == "/token"]


class Request(OAuth2Request):
    """A request as authlib wants it."""

    def __init__(self, method: str, uri: str, values: dict[str, str]) -> None:
        super().__init__(method, uri)
        self.payload = BasicOAuth2Payload(values)
        self._values = values

    @property
    def form(self) -> dict[str, str]:
        return self._values

    @property
    def args(self) -> Any:
        return self._values


class Server(AuthorizationServer):
    """authlib's server on our state."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda **_: generate_token(900),  # as long as Microsoft's
                lambda **_: generate_token(60),
                lambda *_: state.expires_in,
            ),
        )
        for grant in (CodeGrant, Refresh):
            grant.TOKEN_ENDPOINT_AUTH_METHODS = ["none", "client_secret_post"]
        self.register_grant(CodeGrant, [CodeChallenge(required=True)])
        self.register_grant(Refresh)
        self.register_grant(DeviceGrant)
        endpoint: Any = DeviceEndpoint
        self.register_endpoint(endpoint)

    def query_client(self, client_id: str) -> Any:
        return self.state.client if client_id == CLIENT_ID else None

    def save_token(self, token: Mapping[str, Any], request: object) -> None:
        expires_at = time.time() + token["expires_in"]
        self.state.issued.append(
            Issued(token["access_token"], token.get("refresh_token"), SCOPE, expires_at)
        )

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        return

    def handle_response(self, status: int, body: object, headers: Any) -> Any:
        text = json.dumps(body) if isinstance(body, dict) else str(body)
        return status, text.encode(), headers


class CodeGrant(AuthorizationCodeGrant):
    server: Server

    def save_authorization_code(self, code: str, request: Any) -> None:
        said = request.payload.data
        self.server.state.codes[code] = Code(
            said["redirect_uri"],
            said.get("scope", SCOPE),
            said.get("code_challenge"),
            said.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, client: object) -> Code | None:
        return self.server.state.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        codes = self.server.state.codes
        for code in [code for code, kept in codes.items() if kept is authorization_code]:
            del codes[code]

    def authenticate_user(self, authorization_code: object) -> str:
        return USER


class Refresh(RefreshTokenGrant):
    server: Server
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Any:
        found = [
            each
            for each in self.server.state.issued
            if each.refresh_token == refresh_token and not each.is_used
        ]
        return found[0] if found else None

    def authenticate_user(self, refresh_token: object) -> str:
        return USER

    def revoke_old_credential(self, refresh_token: Any) -> None:
        refresh_token.is_used = True


class DeviceGrant(DeviceCodeGrant):
    server: Server

    def query_device_credential(self, device_code: str) -> DeviceCredentialDict | None:
        return self.server.state.devices.get(device_code)

    def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
        decided = self.server.state.decided.get(user_code)
        return None if decided is None else (USER, decided)

    def should_slow_down(self, credential: object) -> bool:
        return self.server.state.is_slow_down


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    server: Server
    INTERVAL = 1

    def get_verification_uri(self) -> str:
        return f"{self.server.state.url}/activate"

    def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
        expires_at = time.time() + data["expires_in"]
        self.server.state.devices[data["device_code"]] = DeviceCredentialDict(
            client_id=client_id, scope=scope, expires_at=expires_at, user_code=data["user_code"]
        )


def answer(server: Any, method: str, path: str, values: dict[str, str]) -> Any:
    """Answer one request: status, octets and headers."""
    state = server.state
    state.asked.append((path, values))
    if state.is_failing:
        return 503, b"busy", []
    request = Request(method, state.url + path, values)
    match path:
        case "/device":
            return server.create_endpoint_response("device_authorization", request)
        case "/token":
            return server.create_token_response(request)
        case "/authorize":
            return authorized(server, request)
        case "/introspect":
            active = state.active(values["token"])
            claims = {"active": active, "email": f"{USER}@example.org", "scope": SCOPE}
            return 200, json.dumps(claims).encode(), []
        case _:
            return 404, b"", []


def authorized(server: Any, request: Request) -> Any:
    """Agree, as a person would in the browser."""
    try:
        grant = server.get_consent_grant(request, USER)
    except OAuth2Error as error:
        return server.handle_error_response(request, error)
    return server.create_authorization_response(request, USER, grant)


@contextmanager
def authorizing(**behaviour: Any) -> Iterator[State]:
    """Serve on a free port of loopback."""
    state = State(**behaviour)
    server = Server(state)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.say("GET", dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.say("POST", dict(parse_qsl(body.decode())))

        def say(self, method: str, values: dict[str, str]) -> None:
            status, body, headers = answer(server, method, urlsplit(self.path).path, values)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
