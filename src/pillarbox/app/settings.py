"""What `pillarbox.toml` can say, as frozen values with their defaults."""

from typing import Annotated, Literal

import msgspec

from pillarbox.accounts.auth_cache import MOST_SECONDS
from pillarbox.accounts.name import NAME_OCTETS
from pillarbox.server.site import Utf8Headers

Days = Annotated[int, msgspec.Meta(ge=0, le=36_500)]  # a century: more is no date to reckon with
ReachDays = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=31_536_000)]  # a year
CacheSeconds = Annotated[int, msgspec.Meta(ge=0, le=MOST_SECONDS)]
# It stands in greetings and in certificates: a name in ASCII, or an address.
Hostname = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}\Z")]
GraceDays = Annotated[int, msgspec.Meta(ge=1, le=36_500)]  # an open session reads what was removed
Count = Annotated[int, msgspec.Meta(ge=0)]
Octets = Annotated[int, msgspec.Meta(ge=0, le=2**60)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Interval = Annotated[int, msgspec.Meta(ge=1, le=31_536_000)]
# One line that can be shown, and a word without spaces.
Title = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{1,64}\Z")]
Word = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x20\x7f,]{1,64}\Z")]
FieldName = Annotated[str, msgspec.Meta(pattern=r"^[!-9;-~]{1,76}\Z")]  # RFC 5322, section 2.2
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_OCTETS)]
RULES = 200  # each is asked about each message


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
    allow_unlimited_guesses: bool = False
    cache_seconds: CacheSeconds = 300


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

    retention_days: Days = 0
    login_delay_seconds: Seconds = 0
    session_days: Days = 90
    quota_octets: Octets = 0
    grace_days: GraceDays = 30
    quarantine_days: Days = 90
    mass_delete_messages: Count = 20
    reach_days: ReachDays = 30
    after_removal: Literal["keep", "archive", "delete"] = "delete"
    remove: Literal["when had", "at once"] = "when had"


class Alerts(_Table, frozen=True):
    """How somebody is told of what needs an eye; files are relative to the home."""

    command: tuple[str, ...] = ()
    mail: bool = False
    webhook_file: str = ""
    apprise_file: str = ""


class CollectRule(_Table, frozen=True):
    """What is done with messages of remotes that meet all conditions; left out: no condition."""

    name: Title
    action: Literal["fetch", "skip", "headers"] | None = None
    remote: Name | None = None
    header: dict[FieldName, Pattern | tuple[Pattern, ...]] = {}
    larger_than: Octets | None = None
    smaller_than: Octets | None = None
    older_than_days: Days | None = None
    tags: tuple[Word, ...] = ()
    set_aside: Word | None = None
    account: Name | None = None
    rest_after_days: Days | None = None


class CollectRemote(_Table, frozen=True):
    """What holds for one remote in the place of what holds for all."""

    name: Name
    octets_per_message: Octets | None = None
    messages_per_session: Count | None = None
    octets_per_session: Octets | None = None
    messages_per_day: Count | None = None
    octets_per_day: Octets | None = None


class Collect(_Table, frozen=True):
    """How mail is collected from other servers; a limit of 0 is none."""

    interval_seconds: Interval = 600
    sessions_per_server: Positive = 2
    octets_per_message: Octets = 0
    messages_per_session: Count = 0
    octets_per_session: Octets = 0
    messages_per_day: Count = 0
    octets_per_day: Octets = 0
    remote: tuple[CollectRemote, ...] = ()
    rule: Annotated[tuple[CollectRule, ...], msgspec.Meta(max_length=RULES)] = ()


class Configuration(_Table, frozen=True):
    """Everything that `pillarbox.toml` can say."""

    hostname: Hostname = "localhost"
    workers: Positive = 1
    listen: Listen = Listen()
    proxy: Proxy = Proxy()
    tls: Tls = Tls()
    auth: Auth = Auth()
    oauth: OAuth = OAuth()
    protocol: Protocol = Protocol()
    limits: Limits = Limits()
    policy: Policy = Policy()
    alerts: Alerts = Alerts()
    collect: Collect = Collect()
