"""What is known of authorization servers: `providers.json`, each with where that is written."""

from collections.abc import Mapping, Sequence
from importlib import resources

import msgspec

from pillarbox.accounts.providers import PROVIDERS
from pillarbox.accounts.remote_settings import Protocol


class Provider(msgspec.Struct, frozen=True):
    """One provider; `{tenant}` in an endpoint is whose directory is asked."""

    hosts: Sequence[str]  # of its mail servers
    authorization_endpoint: str
    device_endpoint: str | None
    token_endpoint: str
    pop3_scope: str
    imap_scope: str
    more: Mapping[str, str]  # what it wants in the browser's address, without which no refresh
    mechanism: str
    redirect_host: str  # what its people are told to register: RFC 8252, section 8.3
    tenant: str | None
    sources: Sequence[str]
    note: str

    def scope(self, protocol: Protocol) -> str:
        """Return what is asked for."""
        return self.imap_scope if protocol is Protocol.IMAP else self.pop3_scope


def providers() -> Mapping[str, Provider]:
    """Return every provider, by its name and by those that `remote add` has for its mail."""
    octets = resources.files(__package__).joinpath("providers.json").read_bytes()
    found = msgspec.json.decode(octets, type=dict[str, Provider])
    hosts = {host: known for known in found.values() for host in known.hosts}
    return found | {name: hosts[its.host] for name, its in PROVIDERS.items() if its.host in hosts}


def provider_of(host: str) -> str | None:
    """Return whose mail server a host is, None where it is nobody's that we know."""
    wanted = host.lower().rstrip(".")
    return next((name for name, known in providers().items() if wanted in known.hosts), None)
