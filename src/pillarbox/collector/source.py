"""A remote as collecting needs to know it."""

from dataclasses import dataclass, field
from pathlib import Path

from pillarbox.accounts.remotes import LeavePolicy, Protocol, Remote
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.base.secret import Secret
from pillarbox.client.server import TIMEOUT_SECONDS, Server, Tls


@dataclass(frozen=True, slots=True)
class Source:
    """Where mail comes from, whose it becomes, and what happens to it there.

    `folders` are IMAP's. `deadline_seconds` bounds the whole session, None for as long as it takes.
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
    )
