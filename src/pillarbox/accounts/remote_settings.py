"""What the operator says of a remote: where it is, how it is entered, what becomes of its mail."""

from dataclasses import dataclass
from enum import StrEnum

from pillarbox.base.names import AccountId
from pillarbox.journal.audit import Fact

USUAL_PORTS = frozenset({110, 995, 143, 993})


class Tls(StrEnum):
    """How the connection is secured. Whether `NONE` may be is asked before it comes here."""

    IMPLICIT = "implicit"
    STLS = "stls"
    NONE = "none"


class Protocol(StrEnum):
    """What the remote speaks."""

    POP3 = "pop3"
    IMAP = "imap"


class Role(StrEnum):
    """Whether this machine may remove mail there: of several that collect from it, one should."""

    MASTER = "master"
    READER = "reader"


class SecretKind(StrEnum):
    """What the sealed secret is."""

    SEALED = "sealed"  # the password itself
    COMMAND = "command"  # a command line that prints the password
    KEYRING = "keyring"  # the service's name in the keyring of the operating system
    OAUTH = "oauth"  # tokens, and what renews them


@dataclass(frozen=True, slots=True)
class LeavePolicy:
    """Until when mail is left on the server: all that are set must hold. None set: for ever."""

    delete_after_days: int | None = None  # 0: as soon as it is safe
    keep_newest: int | None = None  # so many are left, whatever else holds
    when_archived: bool = False  # once what is kept was read back and compared
    after_backups: int | None = None  # once so many verified backups have it

    @property
    def is_for_ever(self) -> bool:
        """Whether nothing is ever removed."""
        return self == LeavePolicy()


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often it is collected from, one of both at most; neither: as the site says."""

    interval_seconds: int | None = None
    cron: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """What the operator says of a remote; None leaves the choice to the collector."""

    account: AccountId
    host: str
    port: int
    user: str
    tls: Tls = Tls.IMPLICIT
    ca_file: str | None = None
    timeout_seconds: int | None = None  # one wait
    deadline_seconds: int | None = None  # a whole session
    mechanism: str | None = None  # None takes the strongest that both sides have
    protocol: Protocol = Protocol.POP3
    folders: tuple[str, ...] = ()  # IMAP: which; none: INBOX
    role: Role = Role.MASTER
    secret_kind: SecretKind = SecretKind.SEALED
    into_maildrop: bool = False  # collected mail is served over POP3 too
    leave: LeavePolicy = LeavePolicy()
    schedule: Schedule = Schedule()


def may_be_another_maildrop(before: RemoteSettings, after: RemoteSettings) -> bool:
    """Return whether unique-ids may mean other messages than before."""
    is_other_port = before.port != after.port and not {before.port, after.port} <= USUAL_PORTS
    is_other_host = before.host.lower() != after.host.lower()
    return is_other_host or is_other_port or before.user != after.user


def facts_of(settings: RemoteSettings) -> dict[str, Fact]:
    """Return the settings by name, for the audit and for programs; the secret is none of them."""
    leave, schedule = settings.leave, settings.schedule
    # RFC 3986, section 3.2.2.
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "server": f"{host}:{settings.port}",
        "user": settings.user,
        "tls": settings.tls,
        "ca_file": settings.ca_file,
        "mechanism": settings.mechanism,
        "timeout_seconds": settings.timeout_seconds,
        "deadline_seconds": settings.deadline_seconds,
        "protocol": settings.protocol,
        "folders": " ".join(settings.folders) or None,
        "role": settings.role,
        "secret_kind": settings.secret_kind,
        "into_maildrop": settings.into_maildrop,
        "delete_after_days": leave.delete_after_days,
        "keep_newest": leave.keep_newest,
        "delete_when_archived": leave.when_archived,
        "delete_after_backups": leave.after_backups,
        "interval_seconds": schedule.interval_seconds,
        "cron": schedule.cron,
    }


def added_facts(settings: RemoteSettings) -> dict[str, Fact]:
    """Return where and who, and what is not as it is for every remote that nobody has edited."""
    plain = facts_of(RemoteSettings(settings.account, "", 0, ""))
    facts = facts_of(settings)
    return {name: fact for name, fact in facts.items() if name == "tls" or fact != plain[name]}


def changed_facts(before: RemoteSettings, after: RemoteSettings) -> dict[str, Fact]:
    """Return each fact that is another now; one that was taken back is empty."""
    old, new = facts_of(before), facts_of(after)
    return {name: "" if fact is None else fact for name, fact in new.items() if fact != old[name]}
