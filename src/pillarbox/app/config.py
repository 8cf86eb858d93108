"""The configuration: TOML into frozen values. The only place that reads it."""

import tomllib
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import msgspec

from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault

NotNegative = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: an unknown key is a mistake that somebody wants to hear of."""


class Listen(_Table, frozen=True):
    """Addresses as "host:port" or "unix:path"; port 0 takes any."""

    pop3: tuple[str, ...] = ("127.0.0.1:1110",)
    pop3s: tuple[str, ...] = ("127.0.0.1:1995",)
    lmtp: tuple[str, ...] = ("127.0.0.1:1024",)
    pop3s_proxied: tuple[str, ...] = ()
    pop2: tuple[str, ...] = ()
    pop1: tuple[str, ...] = ()


class Proxy(_Table, frozen=True):
    """Who may say in a PROXY header where a connection comes from."""

    trusted: tuple[str, ...] = ()


class Pair(_Table, frozen=True):
    """One more certificate and its key, relative to the home."""

    certificate: str
    key: str


class Tls(_Table, frozen=True):
    """The server's certificates and keys, relative to the home."""

    certificate: str = "tls/server.pem"
    key: str = "tls/server.key"
    more: tuple[Pair, ...] = ()
    strict_sni: bool = False


class Auth(_Table, frozen=True):
    """How clients may prove who they are."""

    allow_plaintext_auth_without_tls: bool = False
    apop: bool = False
    cram_md5: bool = False
    scram_sha_1_for_main_passwords: bool = False


class OAuth(_Table, frozen=True):
    """Whose tokens are taken; by introspection (RFC 7662), or by keys that lie in a file."""

    introspection_url: str = ""
    client_id: str = ""
    client_secret_file: str = ""
    jwks_file: str = ""
    issuer: str = ""
    audience: str = ""
    account_claim: str = "email"


class Utf8Headers(StrEnum):
    """What a client that has not said UTF8 gets of a message whose header is UTF-8: RFC 6856."""

    SURROGATE = "surrogate"
    AS_THEY_ARE = "as they are"
    REFUSE = "refuse"


class Protocol(_Table, frozen=True):
    """What is said in which way."""

    last: bool = False
    utf8_headers: Utf8Headers = Utf8Headers.SURROGATE


class Limits(_Table, frozen=True):
    """The most connections at a time."""

    connections: Positive = 10_000
    per_source: Positive = 50
    per_source_unauthenticated: Positive = 50


class Policy(_Table, frozen=True):
    """Site-wide rules."""

    retention_days: NotNegative = 0
    login_delay_seconds: NotNegative = 0


class Configuration(_Table, frozen=True):
    """Everything that `pillarbox.toml` can say."""

    hostname: str = "localhost"
    workers: Positive = 1
    listen: Listen = Listen()
    proxy: Proxy = Proxy()
    tls: Tls = Tls()
    auth: Auth = Auth()
    oauth: OAuth = OAuth()
    protocol: Protocol = Protocol()
    limits: Limits = Limits()
    policy: Policy = Policy()


# What is in the file's grammar but not built yet is refused, not ignored.
NOT_YET: dict[str, Callable[[Configuration], bool]] = {
    "workers": lambda config: config.workers > 1,
    "listen.pop3s_proxied": lambda config: bool(config.listen.pop3s_proxied),
    "proxy.trusted": lambda config: bool(config.proxy.trusted),
    "listen.pop2": lambda config: bool(config.listen.pop2),
    "listen.pop1": lambda config: bool(config.listen.pop1),
    "tls.more": lambda config: bool(config.tls.more),
    "tls.strict_sni": lambda config: config.tls.strict_sni,
    "auth.apop": lambda config: config.auth.apop,
    "auth.cram_md5": lambda config: config.auth.cram_md5,
    "auth.scram_sha_1_for_main_passwords": lambda config: (
        config.auth.scram_sha_1_for_main_passwords
    ),
    "oauth.introspection_url": lambda config: bool(config.oauth.introspection_url),
    "oauth.jwks_file": lambda config: bool(config.oauth.jwks_file),
    "protocol.last": lambda config: config.protocol.last,
    "protocol.utf8_headers": lambda config: (
        config.protocol.utf8_headers is not Utf8Headers.SURROGATE
    ),
    "policy.retention_days": lambda config: config.policy.retention_days > 0,
    "policy.login_delay_seconds": lambda config: config.policy.login_delay_seconds > 0,
}


def load(home: Home) -> Configuration:
    """Return the home's configuration; raises OperatorFault with what is wrong and where."""
    path = home.configuration
    try:
        values = tomllib.loads(path.read_text("utf-8"))
        config = msgspec.convert(values, Configuration)
    except FileNotFoundError:
        raise OperatorFault(
            'There is no {path}. Run "pillarbox init", or name another home with --home.',
            path=path,
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise OperatorFault("{path}: {why}.", path=path, why=error) from error
    for key, is_set in NOT_YET.items():
        if is_set(config):
            raise OperatorFault("{path}: {key} is not built yet.", path=path, key=key)
    return config
