"""A remote as collecting needs to know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pillarbox.accounts.remote_settings import LeavePolicy, Protocol, Role
from pillarbox.accounts.remotes import Remote
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.base.secret import Secret
from pillarbox.client.server import TIMEOUT_SECONDS, Server, Tls
from pillarbox.collector.limits import Counts, Limits
from pillarbox.collector.plan import Terms
from pillarbox.collector.rules import Rules


@dataclass(frozen=True, slots=True)
class Source:
    """Where mail comes from, whose it becomes, and what happens to it there.

    `folders` are IMAP's. `deadline_seconds` bounds the whole session, None for as long as it takes.
    `accounts` are those that rules may name. `day` is what was fetched earlier today.
    """

    remote: RemoteId
    account: AccountId
    server: Server
    user: str
    password: Secret
    policy: LeavePolicy = field(default_factory=LeavePolicy)
    deadline_seconds: float | None = None
    protocol: Protocol = Protocol.POP3
    folders: tuple[str, ...] = ()
    name: str = ""
    role: Role = Role.MASTER
    into_maildrop: bool = False
    rules: Rules = ()
    limits: Limits = field(default_factory=Limits)
    accounts: Mapping[str, AccountId] = field(default_factory=dict)
    day: Counts = field(default_factory=Counts)

    @property
    def terms(self) -> Terms:
        """What the plan is made by."""
        is_reader = self.role is Role.READER
        return Terms(self.name, self.policy, is_reader, self.rules, self.limits, self.day)


def source_of(remote: Remote, password: Secret, *, allow_password_without_tls: bool) -> Source:
    """Return a remote of the accounts room as collecting needs to know it."""
    settings = remote.settings
    return Source(
        remote.id,
        settings.account,
        Server(
            settings.host,
            settings.port,
            Tls(settings.tls.value),
            Path(settings.ca_file) if settings.ca_file else None,
            settings.timeout_seconds or TIMEOUT_SECONDS,
            allow_password_without_tls,
            settings.mechanism,
        ),
        settings.user,
        password,
        settings.leave,
        settings.deadline_seconds,
        settings.protocol,
        settings.folders,
        remote.name,
        settings.role,
        settings.into_maildrop,
    )
