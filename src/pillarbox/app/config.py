"""The configuration: TOML into frozen values. The only place that reads it."""

import tomllib
from collections.abc import Callable
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


class Proxy(_Table, frozen=True):
    """Who may say in a PROXY header where a connection comes from."""

    trusted: tuple[str, ...] = ()


class Tls(_Table, frozen=True):
    """The server's certificate and key, relative to the home."""

    certificate: str = "tls/server.pem"
    key: str = "tls/server.key"


class Auth(_Table, frozen=True):
    """How clients may prove who they are."""

    allow_plaintext_auth_without_tls: bool = False


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
    limits: Limits = Limits()
    policy: Policy = Policy()


# What is in the file's grammar but not built yet is refused, not ignored.
NOT_YET: dict[str, Callable[[Configuration], bool]] = {
    "workers": lambda config: config.workers > 1,
    "listen.pop3s_proxied": lambda config: bool(config.listen.pop3s_proxied),
    "proxy.trusted": lambda config: bool(config.proxy.trusted),
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
