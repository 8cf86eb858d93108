"""What the settings say that is in no way meant: refused, before somebody relies on it."""

from collections.abc import Callable
from pathlib import Path

from pillarbox.app.settings import Configuration
from pillarbox.base.errors import OperatorFault
from pillarbox.base.words import N_
from pillarbox.net.listener import split_address
from pillarbox.net.loopback import is_loopback
from pillarbox.net.post_form import is_safe_url
from pillarbox.server.trusted import trust


def _is_on_loopback(address: str) -> bool:
    return not address.startswith("unix:") and is_loopback(split_address(address)[0])


# The first that is so is told.
CONTRADICTIONS: list[tuple[str, Callable[[Configuration], bool]]] = [
    (
        # In the file's grammar already: refused, not ignored.
        N_("{path}: workers is not built yet."),
        lambda config: config.workers > 1,
    ),
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
    (
        N_("{path}: alerts.command must begin with the whole path of a program."),
        lambda config: bool(config.alerts.command) and not config.alerts.command[0].startswith("/"),
    ),
]


def refuse_contradictions(config: Configuration, path: Path) -> None:
    """Raise OperatorFault, which names the file, where the settings contradict each other."""
    for template, is_so in CONTRADICTIONS:
        if is_so(config):
            raise OperatorFault(template, path=path)
    try:
        trust(config.proxy.trusted)
    except ValueError as error:
        raise OperatorFault("{path}: proxy.trusted: {why}.", path=path, why=error) from error
