"""The configuration: TOML into frozen values. The only place that reads it."""

import tomllib
from collections.abc import Callable
from ipaddress import ip_address
from typing import Annotated

import msgspec

from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault
from pillarbox.base.words import N_
from pillarbox.net.listener import split_address
from pillarbox.net.post_form import is_safe_url
from pillarbox.server.site import Utf8Headers
from pillarbox.server.trusted import trust

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

    @property
    def historical(self) -> tuple[str, ...]:
        """Where passwords and mail pass in the clear, since the protocols know nothing else."""
        return self.pop2 + self.pop1


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
    require_tls: bool = False
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
    domain: str = ""

    @property
    def is_on(self) -> bool:
        """Whether somebody can be asked whose a token is."""
        return bool(self.introspection_url or self.jwks_file)


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
}


def _is_on_loopback(address: str) -> bool:
    if address.startswith("unix:"):
        return False
    host, _ = split_address(address)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


# What is in no way meant is refused, before somebody relies on it.
CONTRADICTIONS: list[tuple[str, Callable[[Configuration], bool]]] = [
    (
        N_("{path}: auth.require_tls excludes auth.allow_plaintext_auth_without_tls."),
        lambda config: config.auth.require_tls and config.auth.allow_plaintext_auth_without_tls,
    ),
    (
        N_("{path}: set oauth.introspection_url or oauth.jwks_file, not both: one has to decide."),
        lambda config: bool(config.oauth.introspection_url and config.oauth.jwks_file),
    ),
    (
        N_(
            "{path}: oauth.introspection_url must be https, or http on loopback, without a name or"
            " a password in it: it is told secrets."
        ),
        lambda config: bool(
            config.oauth.introspection_url and not is_safe_url(config.oauth.introspection_url)
        ),
    ),
    (
        N_(
            "{path}: oauth.introspection_url needs oauth.client_id and oauth.client_secret_file"
            " (RFC 7662, section 2.1)."
        ),
        lambda config: bool(
            config.oauth.introspection_url
            and not (config.oauth.client_id and config.oauth.client_secret_file)
        ),
    ),
    (
        N_(
            "{path}: oauth.jwks_file needs oauth.issuer and oauth.audience: the same keys sign"
            " tokens that are not for us."
        ),
        lambda config: bool(
            config.oauth.jwks_file and not (config.oauth.issuer and config.oauth.audience)
        ),
    ),
    (
        N_("{path}: listen.pop3s_proxied is of no use while proxy.trusted is empty."),
        lambda config: bool(config.listen.pop3s_proxied) and not config.proxy.trusted,
    ),
    (
        N_(
            "{path}: listen.pop2 and listen.pop1 may name addresses on loopback only, or"
            " localhost: all that passes there can be read by anyone on the way."
        ),
        lambda config: not all(map(_is_on_loopback, config.listen.historical)),
    ),
    (
        N_(
            "{path}: listen.pop2 and listen.pop1 need auth.allow_plaintext_auth_without_tls = true:"
            " neither protocol knows TLS."
        ),
        lambda config: (
            bool(config.listen.historical) and not config.auth.allow_plaintext_auth_without_tls
        ),
    ),
    (
        N_("{path}: oauth.account_claim must name what in a token names the account."),
        lambda config: not config.oauth.account_claim,
    ),
]


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
    for template, is_so in CONTRADICTIONS:
        if is_so(config):
            raise OperatorFault(template, path=path)
    try:
        trust(config.proxy.trusted)
    except ValueError as error:
        raise OperatorFault("{path}: proxy.trusted: {why}.", path=path, why=error) from error
    return config
