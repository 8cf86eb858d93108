"""Where the mail is, as a provider's name or a mail address says it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from pillarbox.accounts.providers import PROVIDERS, Login, Provider
from pillarbox.accounts.remote_settings import Protocol, RemoteSettings
from pillarbox.app import discovery
from pillarbox.app.place import Address, Place, read_address
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId
from pillarbox.cli.words import _, printable, said

NOBODY = RemoteSettings(AccountId(0), "", 0, "")  # what stands where nothing is said


@dataclass(frozen=True, slots=True)
class Asked:
    """What `add` is told of where the mail is, beside the settings."""

    provider: str | None
    address: str | None
    protocol: Protocol | None
    has_server: bool
    is_agreed: bool  # --yes
    is_stdin_taken: bool  # by the password


def settings_of(asked: Asked) -> RemoteSettings:
    """Return the settings to begin with; raises OperatorFault, click.Abort."""
    address = None if asked.address is None else read_address(asked.address)
    if asked.provider is not None:
        return _of_provider(PROVIDERS[asked.provider], asked, address)
    if asked.has_server or address is None:
        return replace(NOBODY, user="" if address is None else address.text)
    return _of_place(_agreed(address, asked), address)


def _of_provider(provider: Provider, asked: Asked, address: Address | None) -> RemoteSettings:
    if asked.protocol not in {None, provider.protocol} and not asked.has_server:
        raise OperatorFault(
            "{provider} is known with {protocol} alone. Say --server for another.",
            provider=asked.provider,
            protocol=provider.protocol,
        )
    if provider.note is not None:
        click.echo(_(provider.note), err=True)
    return replace(
        NOBODY,
        host=_host(provider, asked, address),
        port=provider.port,
        user=_user(provider, address),
        protocol=provider.protocol,
        mechanism=provider.mechanism,
    )


def _host(provider: Provider, asked: Asked, address: Address | None) -> str:
    if "{domain}" in provider.host and address is None and not asked.has_server:
        raise OperatorFault(
            "The server of {provider} is named after the domain: say --address.",
            provider=asked.provider,
        )
    return provider.host.format(domain="" if address is None else address.domain)


def _user(provider: Provider, address: Address | None) -> str:
    if address is None or provider.login is Login.OTHER:
        return ""
    return address.text if provider.login is Login.ADDRESS else address.local_part


def _of_place(place: Place, address: Address) -> RemoteSettings:
    return replace(
        NOBODY,
        host=place.host,
        port=place.port,
        user=place.user or address.text,  # RFC 6186, section 4: the whole address first
        protocol=place.protocol,
        tls=place.tls,
    )


def _agreed(address: Address, asked: Asked) -> Place:
    """Return what the operator agrees to: RFC 6186, section 6. Nothing secret has gone out."""
    place = _best(address, asked.protocol)
    click.echo(
        _("{source} says: {host}, port {port}, {protocol}, TLS {tls}.").format(
            source=printable(place.source),
            host=place.host,
            port=place.port,
            protocol=place.protocol,
            tls=place.tls,
        ),
        err=True,
    )
    is_outside = not address.has_host(place.host)
    if is_outside:
        text = _("This is outside {domain}: make sure that your provider has named it.")
        click.echo(text.format(domain=address.domain), err=True)
    if asked.is_agreed and is_outside and not place.is_proven:
        raise OperatorFault(
            "--yes is not enough for a host that only DNS names, which can be forged: say --server"
            " {host}:{port}.",
            host=place.host,
            port=place.port,
        )
    if asked.is_agreed:
        return place
    if asked.is_stdin_taken:
        raise OperatorFault("Say --yes to agree: stdin has the password.")
    click.confirm(_("Use it?"), abort=True, err=True)
    return place


def _best(address: Address, protocol: Protocol | None) -> Place:
    found = discovery.find_places(address, discovery.finder_of_this_machine())
    wanted: Sequence[Place] = [
        place for place in found.places if protocol in {None, place.protocol}
    ]
    if wanted:
        return wanted[0]
    for fault in found.faults:
        click.echo(said(fault), err=True)
    raise OperatorFault(
        "{domain} does not say where its mail is. Say --server or --provider.",
        domain=address.domain,
    )
