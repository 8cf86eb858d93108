"""A password in the keyring of the operating system, by keyring, which is an extra: ADR 0020."""

import importlib

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret


def password_from_keyring(service: Secret, user: str) -> Secret:
    """Return what the keyring has for a service and a user; raises OperatorFault."""
    try:
        keyring = importlib.import_module("keyring")
    except ModuleNotFoundError:
        raise OperatorFault(
            'A password in the keyring needs keyring, which is not installed: "pip install'
            ' pillarbox[keyring]".'
        ) from None
    name = service.reveal().decode("utf-8")
    try:
        found = keyring.get_password(name, user)
    except keyring.errors.KeyringError as error:
        raise OperatorFault("The keyring cannot be read: {why}.", why=error) from None
    if not found:
        raise OperatorFault(
            "The keyring has no password of {user} under {service!r}.", user=user, service=name
        )
    return Secret(str(found).encode("utf-8"))
